"""Features of a candidate that come from what it holds: how it is written, its sizes, its names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import prod

from shapeflow.notes.finding.candidate import BATCHES, Candidate, are_widths
from shapeflow.notes.finding.cues import ARGUMENT, COORDINATES, SENTENCE, TYPES, is_axis

_CAPITAL = re.compile(r"n?[A-ZΑ-Ω][A-Za-z]?\d?(?:_\w{1,7}|_)?")
_PLACE = re.compile(
    r"[xyzwhc]*(?:xy|wh)[xyzwhc]*|[tlbr]{4}|[xyzXYZ](?:_?(?:\d|min|max|center|c)|_(?!dim|size|len|channels)\w+)?|c_?[xyz]|\w+_[xy]"
)
_CALL = re.compile(r"(?<!\w)(?![\w.]*\.size\(|len|prod|sum|int|ceil|floor|min|max)[A-Za-z]\w*\(")
_BOLD = re.compile(r"\\(?:mathbf|boldsymbol|bm|vec)\b")
_INDEXED = re.compile(r"([A-Za-z])_\{?([ijknt])\}?")
_RANGE = re.compile(r"(?:\b(?:in|ranges?|between|from|interval)|∈|区间|范围|範囲|범위)[\W_]*$")
_ELEMENT = re.compile(r"(?:∈|\\in)\s*[`$({]*$")
_REPEATED = re.compile(r"[A-Z][a-z]{3,}|[BLG]N|MLP|FFN")
_ARGUMENTS = frozenset(
    """k s p op stride strides padding dilation kernel_size num_workers shuffle lr dropout bias max min
    bidirectional batch_first n_layers epochs seed""".split()  # noqa: SIM905 - shorter
)
"""Names of settings of layers, and of loaders, that no axis has."""
_MATRIX = re.compile(r"[A-Z](?:_\{?\w{1,2}\}?)?")
_VALUE = re.compile(r"(?<![\w.])(\d[\d,]*)\s*(?:=|\()\s*$")
_VALUE_AFTER = re.compile(r"\s*=\s*(\d[\d,]*)(?![\w.×])")
_WIDTHS = re.compile(r"(?<![\w.×*)\],])(\w+)\s*(?:→|->)\s*$")
_WIDTH = re.compile(r"(?:^|_)(?:dim|model|channels?|features?|width|hidden|ch)(?:_|$)")
_RANK = re.compile(r"[一二三四五六两]\s?[维維次][元]?")
"""How many axes, or dims, something has: ``三维``."""
FEW = 4
"""Up to so many times a width is projected at once."""
MANY = 100
"""Nothing is repeated so often."""
_WITHIN = re.compile(r"(?:∈|∉|\\(?:not)?in)\s*$")
_COLOURS = ({"R", "G", "B"}, {"H", "S", "V"}, {"Y", "U", "V"})
_ALONE_AN_AXIS = frozenset("bgltBGKLQTVR")
"""Letters of bounds, colours and attention that name an axis where they stand alone."""
_AXES_TOO = frozenset(["b", "t", "l", "u", "k", "q", "v"])
"""Letters of bounds, queries and keys that also name axes, beside a batch."""


def features(candidate: Candidate) -> Iterator[str]:
    """Yield the names of the features that hold."""
    yield from _of_form(candidate)
    yield from _of_ranges(candidate)
    if candidate.sizes:
        yield from _of_sizes(candidate.sizes)
    if candidate.numeric and candidate.rank > 1 and not candidate.named:
        yield from _of_numbers(candidate.sizes)
    if candidate.symbols:
        yield from _of_symbols(candidate)
        yield from _of_names(candidate)
    else:
        yield "only sizes"


def _are_elements(written: Sequence[str]) -> bool:
    """Return whether the parts of a tuple are vectors, or numbers with one index, not sizes."""
    if len(written) < 2:
        return False
    indexed = [_INDEXED.fullmatch(word.strip("\\, ")) for word in written]
    same = all(indexed) and len({one[2] for one in indexed if one}) == 1
    return all(_BOLD.match(word.strip()) for word in written) or (
        same and not any(one and is_axis(one[1]) for one in indexed)
    )


def _of_form(candidate: Candidate) -> Iterator[str]:
    literal = candidate.literal
    if literal.form == "real":
        yield "above ℝ"
    elif literal.form == "axes":
        yield "axes of einops or jaxtyping"
    elif literal.form == "bare":
        yield "bare in math" if candidate.frame.region == "math" else "bare"
        if literal.separator == " " and candidate.rank == 2:
            yield "two bare letters"
    elif literal.separator == "*":
        yield "product with *" if candidate.numeric else "product of names"
    elif literal.form == "bracket" and literal.separator == " ":
        yield "blanks in brackets"
    elif literal.form == "bracket" and sum("×" in word for word in candidate.written) > 1:
        yield "list of layers"
    elif literal.form == "bracket" and _are_elements(candidate.written):
        yield "elements"
    if candidate.named:
        # "(`heads=8`, `depth=6`)" are settings: each is code of its own.
        alone = "`" in candidate.text[literal.start : literal.end]
        yield (
            "settings"
            if alone or _are_settings(candidate)
            else "numbered"
            if "..." in candidate.dims
            else "names = sizes"
        )
    elif any(dim.name in _ARGUMENTS for dim in literal.dims):
        yield "settings"
    if literal.form == "bracket" and candidate.rank == 2 and _are_merged(candidate):
        yield "merged axes"
    if literal.form == "times" and _is_product(candidate):
        yield "product of something else"
    rank = candidate.rank
    yield "rank above 5" if rank > 5 else "rank 4 or 5" if rank > 3 else f"rank {rank}"


def _are_merged(candidate: Candidate) -> bool:
    """Return whether two axes become one right behind: ``(H, s) -> H*s``."""
    axes = r"\s*[*·×]\s*".join(map(re.escape, candidate.written))
    return re.match(rf"[\s`]*(?:→|->)[\s`]*{axes}(?!\w|\s*[*·×,])", candidate.after) is not None


def _are_settings(candidate: Candidate) -> bool:
    """Return whether names are those of settings, or one size is made of two others: ``768 = 12 × 64``."""
    names = [dim.name for dim in candidate.literal.dims]
    sizes = [size for size in candidate.sizes if size > 1]
    made = len(sizes) == 3 and sizes[0] == sizes[1] * sizes[2]
    return not _ARGUMENTS.isdisjoint(names) or "num_layers" in names[1:] or made


def _is_product(candidate: Candidate) -> bool:
    """Return whether two parts are matrices, repeats of a layer, or what a number before them is made of."""
    first, *rest = candidate.written
    if candidate.rank == 2 and _REPEATED.fullmatch(first) and rest[0].isdecimal() and int(rest[0]) < MANY:
        return first.lower() not in BATCHES
    if candidate.symbols and all(_MATRIX.fullmatch(word) for word in candidate.written):
        return any("W_" in word for word in candidate.written)
    if candidate.rank == 2 and (widths := _WIDTHS.search(candidate.before)):
        # "d_model → head_dim × groups", "64 → 3 × 64": a number of channels.
        named = len(candidate.symbols) == 2 and _WIDTH.search(widths[1]) is not None
        if named or (widths[1].isdecimal() and candidate.numeric and candidate.sizes[0] <= FEW):
            return True
    value = _VALUE.search(candidate.before) or _VALUE_AFTER.match(candidate.after)
    whole = int(value[1].replace(",", "")) if value else 0
    return bool(whole) and candidate.numeric and prod(candidate.sizes) == whole


def _of_ranges(candidate: Candidate) -> Iterator[str]:
    """Yield whether it is a slice or an interval."""
    written = candidate.written
    if any(word == ":" or (":" in word and word.strip(":").isdecimal()) for word in written):
        yield "slice"
    if len(written) == 2 and written[0] in {"-1", "0", "1"} - {written[1]} and _is_end(written[1], candidate):
        yield "interval"
    if len(written) == 2 == len(candidate.symbols) and len({*candidate.names}) == 1 and "+" in written[1]:
        yield "interval" if written[0] != written[1] else "arithmetic"
    numbers = len(written) == 2 == len(candidate.sizes) and candidate.sizes[0] < candidate.sizes[1]
    if numbers and _WITHIN.search(candidate.before):
        yield "element of an interval"
    counted = (
        candidate.dims[0] == "0" or candidate.dims[:2] == ["1", "..."] or candidate.dims[:2] == ["1", "2"]
    )
    ends = len(written) == 2 and written[0] in ("-1", "0", "1")
    if (ends or counted) and _ELEMENT.search(candidate.before[-12:]):
        yield "element of an interval"
    if "..." in candidate.dims[1:] and (candidate.numeric_but_rest or counted):
        yield "numbered"
    if len(candidate.sizes) + len(candidate.symbols) < candidate.rank:
        yield "wildcard"


def _is_end(word: str, candidate: Candidate) -> bool:
    """Return whether a dim ends an interval: a round number, or anything behind ``in`` or ``range``."""
    return word in ("1", "10", "100", "255") or bool(_RANGE.search(candidate.before[-16:]))


def _of_sizes(sizes: list[int]) -> Iterator[str]:
    """Yield what its sizes say, be there names or not."""
    if 0 in sizes:
        yield "a zero"
    if 1 in sizes and len(sizes) > 2:
        yield "an axis of size 1"
    if max(sizes) >= 16:
        yield "large size"


def _of_numbers(sizes: list[int]) -> Iterator[str]:
    """Yield what speaks for other lists of numbers than shapes."""
    rank = len(sizes)
    if rank > 5:
        yield "many sizes"
    if max(sizes) < 8:
        yield "only small sizes" if rank < 4 else "many small sizes"
    if len(set(sizes)) == 1:
        yield "all equal"
    if sorted(sizes) in (list(range(rank)), list(range(1, rank + 1))) and rank > 2:
        yield "permutation"
    if rank > 3 and sizes == list(range(sizes[0], sizes[0] + rank)):
        yield "permutation"
    steps = {b - a for a, b in pairwise(sizes)}
    doubled = all(b == 2 * a for a, b in pairwise(sizes))
    if rank > 2 and steps != {0} and (doubled or (len(steps) == 1 and min(steps) > 0)):
        yield "progression"
    if are_widths(sizes):
        yield "widths of levels"
    if all(1950 <= size <= 2050 for size in sizes):
        yield "years"


def _of_symbols(candidate: Candidate) -> Iterator[str]:
    symbols, sizes = candidate.symbols, candidate.sizes
    if sizes:
        yield "sizes and names"
    if any(re.search(r"[*/+()-]", dim) for dim in symbols):
        yield "arithmetic"
    if (
        candidate.rank == 2
        and re.fullmatch(r"(?:19[5-9]|20[0-5])\d", candidate.dims[1])
        and _title(symbols[0])
    ):
        yield "years"
    if any(name.lower() in TYPES or _RANK.fullmatch(name) for name in symbols):
        yield "types"
    if _are_numbered(candidate):
        yield "numbered"
    told = len(symbols) > 1 and not sizes and all(map(_is_told, symbols))
    if told or any(SENTENCE.fullmatch(word.strip()) for word in candidate.written):
        yield "a sentence"
    if any(map(ARGUMENT.search, candidate.names)):
        yield "arguments"
    if any(_CALL.search(word) for word in candidate.written):
        yield "a call inside"
    if candidate.extents:
        yield "height and width"


def _are_numbered(candidate: Candidate) -> bool:
    """Return whether names are those of several things of one kind: ``(x1, x2, x3)``, ``(h_0, c_0)``."""
    symbols, sizes, literal = candidate.symbols, candidate.sizes, candidate.literal
    letters = "".join(symbols).lower()
    first = letters in ("ab", "abc") and literal.opener == "("
    if (len(symbols) > 3 or first) and letters in "abcdefghijklmnopqrstuvwxyz":
        return True
    if sizes:
        return False
    rest, digits = "..." in candidate.dims, all(map(_has_digit, symbols))
    listed = rest or (literal.form == "bracket" and digits)
    stems = len({re.split(r"[_\d]", name)[0] for name in symbols})
    several = len(symbols) > (1 if listed else 2) and literal.form not in ("times", "real")
    if several and (stems == 1 or (rest and digits)):
        return True
    lettered = [re.fullmatch(r"([^\W\d]{3,})_?([AB12])", name) for name in symbols]
    if len(symbols) == 2 and all(lettered) and len({match and match[1] for match in lettered}) == 1:
        return True
    # Letters with one index are things, not axes.
    indexed = [re.fullmatch(r"[a-z]_(\w)", name) for name in symbols]
    return len(symbols) > 1 and all(indexed) and len({match and match[1] for match in indexed}) == 1


def _is_told(name: str) -> bool:
    """Return whether a word of a script without capitals names no axis, or says how many axes there are."""
    return not name.isascii() and (not is_axis(name) or _RANK.fullmatch(name) is not None)


def _title(name: str) -> bool:
    """Return whether a name is one of a person or a journal, behind which a year stands."""
    return re.match(r"[A-Z][a-z]{2}", name) is not None


def _has_digit(name: str) -> bool:
    return re.search(r"\d$", name) is not None


def _of_names(candidate: Candidate) -> Iterator[str]:
    names = candidate.names
    if candidate.literal.form != "real" and _coordinates(names, len(candidate.sizes)):
        yield "coordinates"
    if all(_CAPITAL.fullmatch(name) for name in names):
        yield "capitals"
    elif all(name.isascii() and len(name) <= 2 for name in names):
        known = candidate.literal.form != "bare" or 3 * sum(map(is_axis, names)) > 2 * len(names)
        yield "small letters" if known else "other words"
    elif 2 * sum(map(is_axis, names)) > len(names):
        yield "names of axes"
    elif candidate.rank > 2 and candidate.dims[0] in BATCHES and all(len(name) < 8 for name in names):
        yield "batch first"
    else:
        yield "other words"
        if candidate.rank == 1:
            yield "a remark"


def _coordinates(names: list[str], sizes: int) -> bool:
    """Return whether names are those of coordinates, bounds, angles, colours, or queries, keys and values."""
    held = set(names)
    if sizes and len(names) > 1 and names[0] in BATCHES:
        return False
    if held in _COLOURS or sum(bool(_PLACE.fullmatch(name)) for name in names) > 1:
        return True
    if len(held) == 1 and (len(names) > 1 or held <= _ALONE_AN_AXIS):
        return False
    return held <= COORDINATES and sizes < 2 and not ({"b"} < held <= _AXES_TOO)
