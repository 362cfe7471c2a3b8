"""A configuration with the defaults of its class, and what has to be chosen where those make no model.

Some classes leave fields empty that their models cannot do without, and of some the defaults do not fit
together. What is chosen then stands in the notes of the trace.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from itertools import groupby
from typing import Any

from shapeflow.adapters.inputs.fields import field
from shapeflow.adapters.libraries.transformers_sizes import SHORT, SIZES

FILLED: Mapping[str, Any] = {
    "vocab_size": 1000,
    "num_experts_per_tok": 2,
    "prediction_length": 24,
    "context_length": 24,
    "image_token_index": 5,
    "image_token_id": 5,
    "video_token_index": 6,
}
"""What is used where a configuration class leaves something empty that its model cannot do without."""
WIDTHS = {
    "vision_config": (("out_hidden_size", "out_hidden_size"), ("hidden_size", "embed_dim")),
    "audio_config": (("output_dim", "output_dim"),),
}
"""Part -> the field that says how wide what it makes is, and the field that such a part has."""
MANY = 8
"""Entries up to which a table is written out in a note."""


def defaults(config: type[Any]) -> tuple[Any, list[str]]:
    """Return a configuration with the defaults of its class, and notes on what had to be chosen."""
    whose = config.__name__
    own = SIZES.get(whose, {})
    try:
        plain = config()
    except Exception:
        if not own:
            raise
        # It looks at its parts when it is built, so that these have to fit before.
        made = config(**_nested(own))
        notes = [
            f"The defaults of {whose} do not make a model: shapeflow chose {name} = {_told(value)}."
            for name, value in own.items()
        ]
    else:  # built anew, since other fields may follow from those that are chosen
        outer = {name: value for name, value in own.items() if "." not in name}
        made = config(**outer) if outer else plain
        notes = [
            note for name, value in outer.items() for note in _note(whose, name, field(plain, name), value)
        ]
    for path, part in [("", made), *_parts(made)]:
        for name, value in SIZES.get(type(part).__name__, {}).items():
            notes += _chosen(part, name, value, whose, path)
        notes += _same_width(part, whose, path)
    return made, [*notes, *_filled(made, whose)]


def shortened(config: Any) -> list[str]:
    """Let a run of a model whose shapes depend on values be short, and return notes on it.

    What stops such a run early, or leaves little to look at, are weights that were trained.
    """
    whose, notes = type(config).__name__, []
    for path, value in SHORT.get(whose, {}).items():
        *outer, last = path.split(".")
        part = reduce(getattr, outer, config)
        before = getattr(part, last)
        setattr(part, last, value)
        notes.append(
            f"With random weights this run would be long: {path} of {whose} is {before:,} by itself, and "
            f"shapeflow chose {value:,}."
        )
    return [*notes, "With --checkpoint these are as the model has them."] if notes else []


def _nested(sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``{"a": {"b": 1}}`` for ``{"a.b": 1}``."""
    found: dict[str, Any] = {}
    for path, value in sizes.items():
        *outer, name = path.split(".")
        inner = found
        for part in outer:
            inner = inner.setdefault(part, {})
        inner[name] = value
    return found


def _chosen(part: Any, name: str, value: Any, whose: str, path: str) -> list[str]:
    """Set a field of a configuration or of one inside it, and return the note on it, if it was another."""
    *outer, last = name.split(".")
    for inner in outer:
        part = getattr(part, inner)
    before = field(part, last)
    if before == value:
        return []
    if isinstance(part, dict):
        part[last] = value
    else:
        setattr(part, last, value)
    return _note(whose, path + name, before, value)


def _note(whose: str, name: str, before: Any, value: Any) -> list[str]:
    """Return the note on a field that is chosen: it was empty, or at odds with others."""
    if before is None or before in ([], (), {}):
        return [f"The defaults of {whose} leave {name} empty: shapeflow chose {_told(value)}."]
    return [
        f"The defaults of {whose} do not fit together: {name} is {_told(before)} there, "
        f"and shapeflow chose {_told(value)}."
    ]


def _told(value: Any) -> str:
    if isinstance(value, list | tuple):
        runs = [(item, len(list(same))) for item, same in groupby(value)]
        return ", ".join(f"{count} x {item}" if count > 1 else str(item) for item, count in runs)
    if isinstance(value, dict) and len(value) > MANY:
        return f"a table of {len(value):,} entries"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _filled(made: Any, whose: str) -> list[str]:
    """Fill in what no model can do without, and return notes on it."""
    notes = []
    heads = {"num_key_value_heads": field(made, "num_attention_heads")}
    for name, value in {**FILLED, **{key: count for key, count in heads.items() if count}}.items():
        if vars(made).get(name, value) is None:
            setattr(made, name, value)
            notes.append(f"The defaults of {whose} leave {name} empty: shapeflow chose {value:,}.")
    if notes and field(made, "vocab_size") == FILLED["vocab_size"]:
        for name in ("pad_token_id", "mask_token_id"):  # as its tokenizer would say, like the number of words
            if vars(made).get(name, 0) is None:
                setattr(made, name, ("pad_token_id", "mask_token_id").index(name) + 1)
    return notes


def _parts(config: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each configuration inside another, after the path to its fields, with a point at its end."""
    for name, part in list(vars(config).items()):
        if hasattr(part, "model_type"):
            yield f"{path}{name}.", part
            yield from _parts(part, f"{path}{name}.")


def _same_width(made: Any, whose: str, path: str) -> list[str]:
    """Let what pictures and sounds become be as wide as a word, where a field says how wide; return notes."""
    width = field(field(made, "text_config"), "hidden_size")
    notes = []
    for part, names in WIDTHS.items():
        inner = field(made, part)
        name = next((name for name, beside in names if field(inner, beside) is not None), None)
        before = field(inner, name) if name else None
        if name and isinstance(before, int) and isinstance(width, int) and before != width:
            setattr(inner, name, width)
            notes += _note(whose, f"{path}{part}.{name}", before, width)
    return notes
