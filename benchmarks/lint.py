"""Measure ``shapeflow lint``: planted bugs that it names, and what it says of sound public models.

``python -m benchmarks.lint`` prints both; ``--write`` puts them into docs/lint.md.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.document import replace_part, table, versions
from benchmarks.forked import ChildError, call_each
from benchmarks.models import zoo
from benchmarks.planted.public import PUBLIC, nothing
from benchmarks.planted.sequences import Detector, Gpt
from benchmarks.planted.sequences import Sequence as Recurrent
from benchmarks.planted.vision import Cnn, UNet, VisionTransformer
from shapeflow.adapters.base import Prepared
from shapeflow.lint.check import Result, lint
from shapeflow.recording import run, trace

SOUND = 60
"""Public models that are looked at, spread evenly over the zoo."""
SHOWN = ("torch", "torchvision", "timm", "transformers", "diffusers", "open_clip_torch")


@dataclass(frozen=True, slots=True)
class Planted:
    """A bug in one of our own small models."""

    model: Callable[..., nn.Module]
    bug: str
    rule: str
    """The rule that should name it."""
    place: str
    """How the selector of the place begins."""
    at: int | None = None


PLANTED = (
    Planted(VisionTransformer, "heads by view", "mixed-axes", "blocks.0.attn"),
    Planted(VisionTransformer, "heads joined by view", "mixed-axes", "blocks.0.attn"),
    Planted(VisionTransformer, "softmax over batch", "over-batch", "blocks.0.attn"),
    Planted(VisionTransformer, "no residual", "odd-block", "blocks.2", at=2),
    Planted(VisionTransformer, "no residual", "odd-block", "blocks.4", at=4),
    Planted(VisionTransformer, "norm forgotten", "never-used", "blocks.0.norm2"),
    Planted(VisionTransformer, "norm thrown away", "never-read", "blocks.0.norm2"),
    Planted(VisionTransformer, "token kept as axis", "left-over-axis", "./getitem"),
    Planted(VisionTransformer, "classes over batch", "over-batch", "./softmax"),
    Planted(UNet, "half for nothing", "casts", "./half"),
    Planted(UNet, "skip not joined", "never-read", "skip"),
    Planted(UNet, "dropout always", "train-mode", "./dropout"),
    Planted(UNet, "gate unused", "never-used", "gate"),
    Planted(UNet, "masks over batch", "over-batch", "./softmax"),
    Planted(Cnn, "channels by view", "mixed-axes", "./view"),
    Planted(Cnn, "channels after flatten", "mixed-axes", "./reshape"),
    Planted(Cnn, "one stage without relu", "odd-block", "stages.2"),
    Planted(Cnn, "norm in training", "train-mode", "norm"),
    Planted(Cnn, "squeeze all", "batch-lost", "./squeeze"),
    Planted(Cnn, "pairs of weights", "broadcast", "./mul"),
    Planted(Cnn, "softmax twice", "twice", "./log_softmax"),
    Planted(Gpt, "key from query", "never-used", "blocks.0.key"),
    Planted(Gpt, "attention dropout", "train-mode", "blocks.0"),
    Planted(Gpt, "cast in attention", "casts", "blocks.0"),
    Planted(Gpt, "activation forgotten", "never-read", "blocks.0/gelu"),
    Planted(Gpt, "places forgotten", "never-used", "places"),
    Planted(Gpt, "blocks not chained", "never-read", "blocks.0"),
    Planted(Detector, "attention over batch", "over-batch", "encoder"),
    Planted(Detector, "map flattened by view", "mixed-axes", "./reshape"),
    Planted(Detector, "loss of pairs", "broadcast", "./mse_loss"),
    Planted(Detector, "norm thrown away", "never-read", "norm"),
    Planted(Recurrent, "time is batch", "over-batch", "lstm"),
    Planted(Recurrent, "mask forgotten", "never-read", "./masked_fill"),
    Planted(Recurrent, "weights over batch", "over-batch", "./softmax"),
    Planted(Recurrent, "sum kept", "left-over-axis", "./sum"),
    Planted(Recurrent, "centred by coincidence", "coincidence", "./sub"),
)


def inputs_of(model: Callable[..., nn.Module], bug: str = "") -> tuple[Tensor, ...]:
    """Return what one of our own models is called with."""
    if model is Cnn:
        return (torch.rand(2, 32, 32, 3),)
    if model is Gpt:
        return (torch.randint(0, 90, (2, 12)),)
    if model is Detector:
        return torch.rand(2, 3, 32, 32), torch.rand(2)
    if model is Recurrent:
        batch = 16 if bug == "centred by coincidence" else 2
        return torch.rand(batch, 9, 6), torch.zeros(batch, 9, dtype=torch.bool)
    return (torch.rand(2, 3, 32, 32),)


def look(model: nn.Module, *args: Any, **kwargs: Any) -> Result:
    """Return what lint says of a shapes-only run of a model in evaluation mode."""
    with torch.no_grad():
        return lint(trace(model, *args, device="meta", **kwargs))


def named(result: Result, rule: str, place: str) -> bool:
    """Return whether a rule points at a place."""
    return any(
        finding.rule == rule and any(found.startswith(place) for found in finding.places)
        for finding in result.findings
    )


def planted_rows() -> Iterator[tuple[str, str, str, bool, int]]:
    """Yield model, bug, rule, whether the rule names it, and how many other findings there are."""
    for one in PLANTED:
        options = {} if one.at is None else {"at": one.at}
        result = look(one.model(one.bug, **options).eval(), *inputs_of(one.model, one.bug))
        found = named(result, one.rule, one.place)
        bug = one.bug if one.at is None else f"{one.bug}, block {one.at}"
        yield one.model.__name__, bug, one.rule, found, len(result.findings) - found
    for name, (build, change, rule, place) in PUBLIC.items():
        model, args, kwargs = build(change)
        result = look(model, *args, **kwargs)
        found = named(result, rule, place)
        yield *name.split(": ", 1), rule, found, len(result.findings) - found


def own_sound() -> Iterator[tuple[str, Result]]:
    """Yield what lint says of the same models without a bug."""
    for model in dict.fromkeys(one.model for one in PLANTED):
        yield model.__name__, look(model().eval(), *inputs_of(model))
    for build in dict.fromkeys(build for build, *_ in PUBLIC.values()):
        model, args, kwargs = build(nothing)
        yield type(model).__name__, look(model, *args, **kwargs)


def _sound(number: int) -> list[tuple[str, str]]:
    """Return rule and text of what lint says of a model of the zoo."""
    entry = _entries()[number]

    def prepare() -> Prepared:
        model, inputs = entry.build()
        return Prepared(model.eval(), partial(model, **inputs), {}, {})

    torch.manual_seed(0)
    with torch.no_grad():
        recorded = run(prepare, device="meta", adapter="factory", target=entry.name)
    if recorded.run.failure is not None:
        raise RuntimeError(recorded.run.failure.first_line)
    return [(finding.rule, finding.what) for finding in lint(recorded).findings]


def _entries() -> list[Any]:
    return [entry for entry in zoo() if not entry.kind.startswith("module") and not entry.limit]


def sound_rows(count: int) -> Iterator[tuple[str, list[tuple[str, str]] | ChildError]]:
    """Yield public models, spread over the zoo, with what lint says of each."""
    entries = _entries()
    chosen = [len(entries) * place // count for place in range(count)]
    for number, result in call_each(_sound, chosen):
        yield f"{entries[number].package}/{entries[number].name}", result


def report(count: int) -> str:
    """Return both tables as Markdown."""
    rows = list(planted_rows())
    kinds = {rule for _, _, rule, _, _ in rows}
    hit = sum(found for *_, found, _ in rows)
    own = [finding for _, result in own_sound() for finding in result.findings]
    lines = [
        f"{hit} of {len(rows)} planted bugs of {len(kinds)} kinds are named; the models without a bug: "
        f"{len(own)} findings.",
        "",
        table(("model", "bug", "rule", "named", "more findings"), [_texts(row) for row in rows]),
        "",
    ]
    said: list[tuple[str, list[tuple[str, str]]]] = []
    failed = []
    for name, result in sound_rows(count):
        if isinstance(result, ChildError):
            failed.append(f"{name} ({str(result).splitlines()[-1]})")
        else:
            said.append((name, result))
    total = sum(len(result) for _, result in said)
    most = max((len(result) for _, result in said), default=0)
    lines += [
        f"{len(said)} sound public models: {total} findings, {total / max(len(said), 1):.2f} a model, "
        f"at most {most}. {versions(*SHOWN)}.",
        "",
        table(("model", "rule", "finding"), [(name, *one) for name, result in said for one in result]),
    ]
    if failed:
        lines += ["", f"No run: {', '.join(failed)}."]
    return "\n".join(lines)


def _texts(row: Sequence[object]) -> tuple[object, ...]:
    return tuple(
        {True: "yes", False: "no"}.get(cell, cell) if isinstance(cell, bool) else cell for cell in row
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=SOUND, metavar="N", help="sound public models")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/lint.md")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    text = report(args.models)
    print(replace_part("lint.md", "lint", text) if args.write else text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
