"""Features of a candidate that come from the words around it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapeflow.notes.finding.candidate import BATCHES, Candidate
from shapeflow.notes.finding.cues import (
    CONFIG_NAME,
    CONFIGS,
    COSTS,
    DEFAULT,
    IDS,
    INPUTS,
    KERNELS,
    MATRICES,
    OUTPUTS,
    PICTURES,
    REFERENCES,
    SHAPES,
    SIZE,
    TENSORS,
    WIDTHS_OF_LAYERS,
)

_LAST_WORDS = re.compile(r"[.;,。)(]|\s(?!of\b|is\b|are\b|=|:)(?=\S+\s*\S*$)")
_KERNEL_TAIL = re.compile(r"(?:[\s`(\[:=*$]|\bsizes?\b|\bof\b|\bis\b|大小|尺寸|[为是は의])+$")
_IN_CODE = re.compile(r"`[^`]*`(?=[^`]*\w)")
"""A name of code with words behind it: it says nothing of the list behind these."""
LARGEST_KERNEL = 64
LARGEST_REFERENCE, FEWEST_IDS = 200, 100
_CHECKS = re.compile(rf"\b(?:test|check|assert|verify)_\w+|{WIDTHS_OF_LAYERS}\b")
"""Functions, and settings, that are called after shapes."""
_AREA = re.compile(
    r"(?:^|\W)(?:(?:input|image|img|crop|picture|target|grid|output) ?sizes?|resolution)\W*(?:\w{2,3}\W*)?$"
)
_NUMBERS = re.compile(
    r"(?i)(?:list|tuple|sequence|iterable)\b.*\b(?:int|integer|float|bool)\b"
    r"|\b(?:int|integer|float)\b.*\b(?:tuple|sequence|list)\b|^tuple$"
)
_TENSOR_TYPE = re.compile(r"(?i)tensor|array|dict|size\b|shape")
_SENTENCE_END = re.compile(r"[.;。](?:\s|$)|[;。]")
_SIGNS = " `:=*([{$\"'"
_UNIT = re.compile(r"(?:mm|cm|m|km|inch(?:es)?|ft|px|pt|dpi|k?Hz|fps|k?g|ml|ms|%|€)(?![\w-])")
_AFTER_SIGNS = re.compile(r"^[\s`*$\"')\]}]*(?:の|의|的)?[\s`]*")
_ROW = re.compile(
    r"(?:(?:[(\[][^()\[\]]{1,60}[)\]]|\$[^$]{1,60}\$|\d+[x×]\d+)[`*\s]*[,;/]?[`*\s]*(?:\w{1,4}[`*\s]*)??)+$"
)
"""Lists behind each other, with no more than a comma or a short word such as "and" between."""
_WEIGHTS = re.compile(r"(?i)\bweights?\b|\bparam(?:eter)?s?\b(?! count)|权重|重み")
_TENSOR_BEHIND = re.compile(r"[`*$\s]*(?:tensors?\b|张量|張量|テンソル|텐서)")
_ENDING = re.compile(r"\s*(?:of|is|are|was)?|[^\W\dA-Za-z]{1,3}")


def features(candidate: Candidate) -> Iterator[str]:
    """Yield the names of the features that hold."""
    yield from _for_shapes(candidate)
    yield from _for_operations(candidate)
    yield from _for_settings(candidate)
    if candidate.literal.form == "times" and _is_cost(candidate):
        yield "bytes" if _has_bytes(candidate) else "cost"


def _for_shapes(candidate: Candidate) -> Iterator[str]:
    frame, before = candidate.frame, _CHECKS.sub(" ", candidate.before)
    near = before[-28:].rstrip(_SIGNS + ",")
    small = candidate.literal.form == "times" and candidate.numeric and max(candidate.sizes) < 16
    vague = candidate.extents or small or _is_area(candidate)
    if _names_shape(before) or _names_shape(_ROW.sub("", before[-160:])):
        yield "shape word directly before"
    elif SHAPES.search(re.split(r"[.;,。)]", SIZE.sub("", near) if vague else near)[-1]):
        yield "shape word before"
    elif _begins_with_shape(candidate.after):
        yield (
            "tensor word directly behind"
            if _TENSOR_BEHIND.match(candidate.after)
            else "shape word directly behind"
        )
    elif candidate.rank == 2 and MATRICES.match(_AFTER_SIGNS.sub("", candidate.after, 1)[:12]):
        yield "matrix word directly behind"
    else:
        around = f"{before[-120:]}\n{candidate.after[:12]}"
        if SHAPES.search(SIZE.sub("", around) if candidate.extents else around):
            yield "shape word in line"
        if candidate.numeric and candidate.literal.form == "bracket" and (ends := _tensors_before(before)):
            yield "tensor named directly before" if ends[-1] else "tensor named before"
    if SHAPES.search(SIZE.sub("", f"{frame.column} {frame.row}")):
        yield "shape word in header"
    elif frame.lead and SHAPES.search(frame.lead[-1]):
        yield "shape word leads"
    if INPUTS.search(before[-40:]) or OUTPUTS.search(before[-40:]):
        yield "input or output word"


def _names_shape(before: str) -> bool:
    """Return whether the words before a list end with one for a shape; a short ending may follow it."""
    words = _LAST_WORDS.split(before[-28:].rstrip(_SIGNS + ","))[-1]
    if SIZE.search(words):
        return False
    ends = [m.end() for m in SHAPES.finditer(words)]
    return bool(ends) and _ENDING.fullmatch(words[max(ends) :]) is not None


def _tensors_before(before: str) -> list[bool]:
    """Return for each tensor that the sentence before a list names whether the list follows directly."""
    words = _SENTENCE_END.split(before[-40:])[-1].rstrip(_SIGNS)
    return [match.end() == len(words) for match in TENSORS.finditer(words)]


def _is_area(candidate: Candidate) -> bool:
    """Return whether two numbers are the size of an input or picture: "input size is (800, 1333)"."""
    return candidate.numeric and candidate.rank == 2 and _AREA.search(candidate.before[-24:]) is not None


def _begins_with_shape(words: str) -> bool:
    """Return whether words begin with one for a shape: "(1,) shape", "の形状", but not "(h, w) form"."""
    said = SHAPES.match(_AFTER_SIGNS.sub("", words, 1)[:12])
    return said is not None and not SIZE.match(said[0]) and not said[0].lower().startswith("form")


def _for_operations(candidate: Candidate) -> Iterator[str]:
    """Yield whether words say that it is a kernel, a window or the size of a picture."""
    if candidate.rank > 3:
        return
    before = candidate.before
    following = candidate.after[:18].lstrip(" )]`*_")
    word = re.match(r"[\s\w×-]{0,14}", following)
    if KERNELS.search(_KERNEL_TAIL.sub("", before[-30:])[-9:]) or (word and KERNELS.search(word[0])):
        yield "kernel word beside" if _like_kernel(candidate) else "kernel word beside a large list"
    flat = candidate.rank == 2 and candidate.literal.form != "bracket"
    if candidate.numeric and _UNIT.match(following):
        yield "unit behind"
    elif _is_area(candidate) or (flat and any(map(PICTURES.search, (before[-18:], following)))):
        yield "picture word beside"


def _like_kernel(candidate: Candidate) -> bool:
    """Return whether a list can be the size of a kernel or window: small or equal sizes, and no batch."""
    if candidate.symbols:
        return candidate.dims[0] not in BATCHES
    sizes = [size for size in candidate.sizes if size > 1]
    return max(sizes, default=0) <= LARGEST_KERNEL or (len(sizes) > 1 and len(set(sizes)) == 1)


def _for_settings(candidate: Candidate) -> Iterator[str]:
    """Yield whether words say that numbers are those of a setting."""
    before, assigned = candidate.before, candidate.frame.assigned
    if DEFAULT.search(before[-24:]):
        yield "default"
    if candidate.frame.declared and _are_numbers(candidate.frame.declared):
        yield "numbers are declared"
    if not candidate.numeric:
        return
    cues = [CONFIGS]
    cues += [REFERENCES] if max(candidate.sizes) < LARGEST_REFERENCE else []
    cues += [IDS] if candidate.rank != 2 or candidate.sizes[0] >= FEWEST_IDS else []
    near = _IN_CODE.sub("", before[-48:])[-14:]
    if any(cue.search(near) for cue in cues):
        words = before[-30:].rstrip(" `:=*(")
        ends = [cue for cue in cues if any(m.end() == len(words) for m in cue.finditer(words))]
        direct = IDS in ends or (ends and not _up_and_down(candidate.sizes))
        yield "configuration word directly before" if direct else "configuration word before"
    row = candidate.frame.row.strip("` ")
    if row.isidentifier() and CONFIG_NAME.search(row) and not SHAPES.search(candidate.frame.column):
        yield from ("configuration word directly before", "a setting")
    if assigned and CONFIG_NAME.search(assigned) and not SHAPES.search(before[-40:]):
        yield "a setting"


def _are_numbers(declared: str) -> bool:
    """Return whether a parameter is declared to be several numbers, as a size or a setting is."""
    return bool(_NUMBERS.search(declared)) and _TENSOR_TYPE.search(declared) is None


def _up_and_down(sizes: list[int]) -> bool:
    """Return whether sizes rise and fall, as those of settings hardly do, which go by levels."""
    ordered = sorted(sizes)
    return len(sizes) > 2 and max(sizes) >= LARGEST_KERNEL and sizes not in (ordered, ordered[::-1])


def _has_bytes(candidate: Candidate) -> bool:
    return any("byte" in dim or "elem" in dim for dim in candidate.dims)


def _is_cost(candidate: Candidate) -> bool:
    """Return whether a product counts operations, parameters or bytes."""
    if _has_bytes(candidate):
        return True
    # What is said to have weights is no count of them, but "768 × 768 weights" is one.
    before = _WEIGHTS.sub("", _SENTENCE_END.split(candidate.before[-160:])[-1])
    after = _SENTENCE_END.split(candidate.after[:80])[0]
    return any(map(COSTS.search, (before, after, candidate.frame.column)))
