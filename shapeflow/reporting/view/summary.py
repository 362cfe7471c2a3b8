"""The first screen: one sentence with counts, the run's facts, what was not observed, the picture."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shapeflow.common.places import display_target
from shapeflow.common.units import format_bytes, format_count
from shapeflow.model.records import Run
from shapeflow.model.trace import Trace
from shapeflow.reporting.run_facts import (
    asked_text,
    gradients_text,
    has_given_inputs,
    inputs_text,
    made_text,
    training_text,
)
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.count_model import Count
from shapeflow.reporting.view.link_model import LinkView
from shapeflow.reporting.view.model import Fact
from shapeflow.reporting.view.numbers_model import NumbersView
from shapeflow.reporting.view.pictures_model import PictureView

if TYPE_CHECKING:
    from shapeflow.walkthrough.verdict import CheckResult

TOLD = ("input", "call", "train", "backward", "backward_from", "made")
"""What is told in sentences of its own."""
LONGEST_FACT = 300
KINDS = {b"\xff\xd8\xff": "jpeg", b"\x89PNG": "png"}
LONGEST_SENTENCE = 320
SENTENCE_END = re.compile(r"[.!?][\"”’)]?(?=\s|$)|[。！？][”’）]?")
ABBREVIATION = re.compile(r"(?:^|\W)(?:e\.g|i\.e|cf|vs|etc|Fig|[A-Z])$")
"""What a full stop may stand behind without an end of the sentence."""
FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)
NO_PROSE = re.compile(r"[#|>$<]|[-*+] |\d+[.)] |!\[|={3}|-{3}|`{3}|~{3}")
"""What a paragraph begins with that is a heading, table, list, code or formula."""
BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


def lead_of(trace: Trace, result: CheckResult | None, words: Translator) -> str:
    """Return what the headline counts, as the beginning of its sentence."""
    if result is None:
        return words("lead-alone")
    if len(result.traces) > 1:
        return words("lead-checked-runs", n=len(result.traces))
    return words("lead-checked" if trace.run.complete else "lead-checked-ended")


def sentence_of(result: CheckResult | None) -> str:
    """Return the first sentence of a document's prose, in Markdown."""
    for section in result.document.sections if result else ():
        for block in section.blocks:
            for paragraph in re.split(r"\n\s*\n", FENCE.sub("", block.text).strip()):
                text = " ".join(paragraph.split())
                if text and not NO_PROSE.match(text):
                    return _shortened(_first_sentence(text))
    return ""


def _first_sentence(text: str) -> str:
    """Return what ends with the first full stop that is neither in code nor behind an abbreviation."""
    for end in SENTENCE_END.finditer(text):
        before = text[: end.start()]
        if before.count("`") % 2 == 0 and not ABBREVIATION.search(before):
            return text[: end.end()]
    return text


def _shortened(text: str) -> str:
    """Return a text of one line cut between words; code that would be left open is left out."""
    if len(text) <= LONGEST_SENTENCE:
        return text
    cut = text[:LONGEST_SENTENCE].rpartition(" ")[0] or text[:LONGEST_SENTENCE]
    return f"{cut.rpartition('`')[0] if cut.count('`') % 2 else cut} …"


def headline_of(
    trace: Trace,
    result: CheckResult | None,
    numbers: NumbersView,
    uncovered: Sequence[LinkView],
    words: Translator,
) -> list[Count]:
    """Return what is counted, known mistakes of another text last; what is 0 leads nowhere."""
    parts = []
    if not trace.run.complete:
        parts.append(Count(words("run-failed"), "failure", "bad"))
    if result is None:
        parts += [
            Count(words("n-calls", n=len(trace.calls)), "explorer", "plain"),
            Count(words("n-ops", n=len(trace.ops)), "explorer", "plain"),
        ]
    else:
        parts += _verdict_counts(result, words)
    if numbers.unused:
        parts.append(Count(words("n-unused", n=len(numbers.unused)), "unused", "plain"))
    if uncovered:
        parts.append(Count(words("n-uncovered", n=len(uncovered)), "uncovered", "plain"))
    return parts


def _verdict_counts(result: CheckResult, words: Translator) -> list[Count]:
    """Return how many claims hold, differ and are open, and how many known mistakes are refuted."""
    plain = [verdict for verdict in result.verdicts if not verdict.claim.said]
    held = sum(1 for verdict in plain if verdict.passed and not verdict.skipped)
    parts = [Count(words("n-claims-hold", n=held, all=len(plain)), "good" if held else "", "good")]
    doubts = ("undecided", "not observed")
    differ = sum(1 for verdict in result.failed if verdict.status not in doubts)
    parts.append(
        Count(words("n-differ", n=differ), "bad", "bad")
        if differ
        else Count(words("none-differ"), "", "plain")
    )
    for key, status in (("n-undecided", "undecided"), ("n-unobserved", "not observed")):
        number = sum(1 for verdict in result.failed if verdict.status == status)
        if number:
            parts.append(Count(words(key, n=number), "doubt", "doubt"))
    elsewhere = sum(1 for verdict in result.skipped if verdict.code == "run-missing")
    for key, number in (("n-needs-real", len(result.skipped) - elsewhere), ("n-needs-run", elsewhere)):
        if number:
            parts.append(Count(words(key, n=number), "idle", "plain"))
    refuted = sum(1 for verdict in result.verdicts if verdict.claim.said and verdict.passed)
    if refuted:
        parts.append(Count(words("n-said", n=refuted), "corrections", "plain"))
    return parts


def facts_of(trace: Trace, result: CheckResult | None, numbers: NumbersView, words: Translator) -> list[Fact]:
    """Return what was run, on what, with what."""
    run = trace.run
    root = trace.module_by_path.get("")
    target = display_target(run.target)
    model = f"{target} · {root.class_name}" if root and root.class_name != target else target
    recorded = (("n-calls", trace.calls), ("n-ops", trace.ops), ("n-values", trace.values))
    facts = [
        Fact(words("model"), f"{model} ({run.adapter})"),
        Fact(words("weights"), f"{format_count(numbers.parameters)} · {format_count(numbers.flops)} FLOPs"),
        Fact(words("device"), f"{run.device} · {words('shapes-only')}" if run.shapes_only else run.device),
        Fact(words("recorded"), " · ".join(words(key, n=len(items)) for key, items in recorded)),
    ]
    given = [
        f"{_named(name, words)}{words('colon')}{_plain(value, words)}"
        for name, value in run.told_inputs.items()
        if name not in TOLD and value not in (None, "", [], ()) and (name != "seed" or _is_random(run))
    ]
    if has_given_inputs(trace):
        given[:0] = filter(None, [inputs_text(trace, words)])
    if given:
        facts.append(Fact(words("inputs"), " · ".join(given)))
    for key, text in (("inputs-made", made_text(trace, words)), ("run-of", asked_text(trace, words))):
        if text:
            facts.append(Fact(words(key), text))
    facts.append(Fact(words("mode"), training_text(trace, words)))
    if numbers.peak_bytes:
        peak = f"{format_bytes(numbers.peak_bytes)} · {gradients_text(trace, words)}"
        facts.append(Fact(words("peak-memory"), peak))
    if run.versions:
        facts.append(Fact(words("versions"), " · ".join(f"{name} {v}" for name, v in run.versions.items())))
    if run.seconds:
        spent = (
            f"{words.find(f'seconds-{name}') or name} {words('n-seconds', n=f'{float(s):.1f}')}"
            for name, s in run.seconds.items()
        )
        facts.append(Fact(words("seconds"), " · ".join(spent)))
    return facts


def _is_random(run: Run) -> bool:
    """Return whether random numbers may have mattered: weights without a checkpoint in a real run."""
    return not run.shapes_only and not run.inputs.get("checkpoint")


def _named(name: str, words: Translator) -> str:
    """Return the word for something that was given; what we have no word for keeps its name."""
    return words.find(f"given-{name}") or name


def _plain(value: Any, words: Translator) -> str:
    if _pair(value):
        text = f"{value[0]} × {value[1]}"
    elif isinstance(value, Mapping):
        text = words("comma-list").join(
            f"{_named(name, words)} {_plain(item, words)}" for name, item in value.items()
        )
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        text = words("semicolon").join(_plain(item, words) for item in value)
    else:
        text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= LONGEST_FACT else f"{text[: LONGEST_FACT - 1]}…"


def unobserved_of(trace: Trace, words: Translator) -> list[str]:
    """Return what this run cannot tell, a sentence each."""
    sentences = [] if trace.run.complete else [words("incomplete")]
    if trace.run.shapes_only:
        sentences.append(words("no-values"))
    sentences += map(words.sentence, trace.run.notes)
    called = {call.path for call in trace.calls}
    silent = sum(1 for module in trace.modules if module.path not in called)
    if silent:
        sentences.append(words("n-silent", n=silent, all=len(trace.modules)))
    escaped = len({escape.value for escape in trace.escapes})
    if escaped:
        sentences.append(words("n-escapes", n=escaped))
    unknown = sum(1 for value in trace.values if value.origin == "unknown")
    if unknown:
        sentences.append(words("n-unknown", n=unknown))
    return [*sentences, words("one-run")]


def picture_of(trace: Trace) -> PictureView | None:
    """Return the input image with what was asked of it."""
    inputs = trace.run.inputs
    data = _picture(inputs.get("thumbnail"))
    if not data:
        return None
    images = inputs.get("images")
    first = images[0] if isinstance(images, list | tuple) and images else {}
    size = first.get("size") if isinstance(first, Mapping) else None
    width, height = (int(size[0]), int(size[1])) if size and _pair(size) else (0, 0)
    return PictureView(
        data=data,
        width=width,
        height=height,
        prompt=str(inputs.get("prompt") or ""),
        boxes=tuple(_boxes(inputs)),
        masks=_picture(inputs.get("masks")),
    )


def _pair(thing: Any) -> bool:
    return (
        isinstance(thing, list | tuple)
        and len(thing) == 2
        and all(isinstance(n, int | float) and math.isfinite(n) for n in thing)
    )


def _picture(text: Any) -> str:
    """Return a data link for a small JPEG or PNG in base64; anything else is not a picture."""
    if not isinstance(text, str) or not BASE64.fullmatch(text):
        return ""
    try:
        head = base64.b64decode(text[:16])
    except (binascii.Error, ValueError):
        return ""
    kind = next((kind for magic, kind in KINDS.items() if head.startswith(magic)), "")
    return f"data:image/{kind};base64,{text}" if kind else ""


def _boxes(inputs: Mapping[str, Any]) -> list[tuple[float, float, float, float, bool]]:
    """Return boxes given as centre, width and height from 0 to 1, as left, top, width and height."""
    boxes = []
    given = inputs.get("boxes")
    for box in given if isinstance(given, list | tuple) else ():
        if isinstance(box, Mapping):
            numbers = [box.get(name) for name in ("cx", "cy", "width", "height")]
            if all(isinstance(number, int | float) and math.isfinite(number) for number in numbers):
                x, y, width, height = (float(number) for number in numbers if number is not None)
                boxes.append((x - width / 2, y - height / 2, width, height, bool(box.get("positive", True))))
    return boxes
