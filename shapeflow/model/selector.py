"""Selectors: text that names calls, ops or values of a trace. ``PATH[@K][:PORT]``, ``FILE:LINE``.

See docs/selectors.md.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from shapeflow.model import not_found
from shapeflow.model.containers import Ports
from shapeflow.model.match import Match, op_match
from shapeflow.model.owned import Owned, tensor_matches
from shapeflow.model.path_index import OUTSIDE, PathIndex, selector_of
from shapeflow.model.pattern import Segment, escape, hide_escaped, parse_path, parse_segment, syntax_error
from shapeflow.model.records import Call, Module, Op, Port, Records
from shapeflow.model.source_lines import SourcePlace, made_at, source_place

_NUMBERS = re.compile(r"(-?\d{1,9})(?:-(-?\d{1,9}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Numbers:
    """``@K`` or ``@A-B``, both ends included; negative ones count from the end."""

    first: int
    last: int
    span: tuple[int, int]

    def of(self, items: Sequence[int]) -> Sequence[int]:
        """Return the items meant; none if there are not so many."""
        first, last = (n + len(items) if n < 0 else n for n in (self.first, self.last))
        return items[first : last + 1] if 0 <= first <= last < len(items) else ()


@dataclass(frozen=True, slots=True)
class Selector:
    """A selector, read. Columns count from 0 in ``text``."""

    text: str
    path: tuple[Segment, ...] | None
    """Path of the module or helper method; None for ``/target``: ops outside all calls."""
    path_span: tuple[int, int]
    calls: Numbers | None = None
    """Which calls of each path; None: all."""
    target: Segment | None = None
    """What ops of these calls; None: the calls themselves."""
    ops: Numbers | None = None
    """Which of these ops; None: all."""
    port: str = ""
    """Which ports, with all that is nested below; empty: the call or op itself."""
    port_span: tuple[int, int] = (0, 0)
    source: SourcePlace | None = None
    """Lines of source instead of a path."""


@lru_cache(maxsize=4096)
def parse(text: str) -> Selector:
    """Read a selector.

    Raises:
        SelectorError: it cannot be read (``selector-syntax``); ``error.columns``: what is meant.
    """
    if not text.strip():
        raise syntax_error("the selector is empty", (0, 0), expected="PATH[@K][:PORT], or '.' for the model")
    place = source_place(text)
    if place is not None:
        path_span = (0, len(text) - len(place.port) - bool(place.port))
        return Selector(text, None, path_span, None, None, None, place.port, place.port_span, place)
    hidden = hide_escaped(text)
    head_end = hidden.find(":") if ":" in hidden else len(text)
    port = text[head_end + 1 :]
    if head_end < len(text) and not port.strip():
        what = "a port is missing behind ':'"
        raise syntax_error(
            what, (head_end, len(text)), expected="in, in.NAME, in[0], out, out.NAME or out[1]"
        )
    slash = hidden.find("/", 0, head_end)
    path_end, calls = _numbers(text, hidden, 0, head_end if slash < 0 else slash)
    target = ops = None
    if slash >= 0:
        target_end, ops = _numbers(text, hidden, slash + 1, head_end)
        if target_end == slash + 1:
            raise syntax_error("an op is missing behind '/'", (slash, slash + 1), expected="its name, or '*'")
        target = parse_segment(text[slash + 1 : target_end], slash + 1, dots=True)
    if path_end == 0 and (slash != 0 or calls):
        raise syntax_error("a path is missing here", (0, 1), expected="PATH[@K][:PORT]", hint=f".{text}")
    path = None if slash == 0 else parse_path(text[:path_end])
    return Selector(text, path, (0, path_end), calls, target, ops, port, (head_end + 1, len(text)))


def _numbers(text: str, hidden: str, start: int, end: int) -> tuple[int, Numbers | None]:
    """Return where ``NAME[@K]`` between two columns has its ``@``, or ends, and what K is."""
    at = hidden.find("@", start, end)
    if at < 0:
        return end, None
    numbers = _NUMBERS.fullmatch(text, at + 1, end)
    if numbers is None:
        raise syntax_error(
            f"'{text[at:end]}' is not the number of a call",
            (at, end),
            expected="@0, @-1 for the last, or @1-6",
        )
    first, last = int(numbers[1]), int(numbers[2] or numbers[1])
    if last < first and (first < 0) == (last < 0):
        raise syntax_error(f"'{text[at:end]}' runs backwards", (at, end), expected="the smaller number first")
    return at, Numbers(first, last, (at, end))


def select(trace: Records, selector: str | Selector) -> list[Match]:
    """Return what a selector names, in the order of the run; never empty.

    Where a path was called several times and only some calls have the port, the others are left out.

    Raises:
        SelectorError: it cannot be read (``selector-syntax``), or names nothing: ``unknown-path``,
            ``never-called``, ``unknown-port``, ``unknown-op``, ``bad-index``, ``not-in-trace``,
            ``unknown-file``, ``ambiguous-file``, ``unknown-line``.
            ``error.columns`` are the columns of what is meant.
    """
    if isinstance(selector, str):
        selector = parse(selector)
    if selector.source is not None:
        matches = matches_of(trace, made_at(trace, selector.source))
        return _ports(trace, matches, selector) if selector.port else matches
    index = trace.cached(PathIndex)
    about_ops = selector.target is not None
    keys = [OUTSIDE] if selector.path is None else index.find(selector.path, helpers=about_ops)
    if not keys:
        return _tensors(trace, selector, selector.path or ())
    called = [key for key in keys if key in index.calls or key == OUTSIDE]
    if not called:
        raise not_found.never_called(index, keys, selector.path_span)
    if selector.target is None:
        matches = [match for key in called for match in _calls(trace, index, key, selector.calls)]
    else:
        matches = _ops(trace, index, called, selector, selector.target)
    if not matches:
        raise _too_few(index, called, selector)
    matches.sort(key=lambda match: match.owner.id)
    return _ports(trace, matches, selector) if selector.port else matches


def _tensors(trace: Records, selector: Selector, path: tuple[Segment, ...]) -> list[Match]:
    """Return the parameters and buffers that a path names which no module has."""
    index, owned = trace.cached(PathIndex), trace.cached(Owned)
    found = owned.find(index, path)
    only_calls_have_it = bool(selector.port or selector.target or selector.calls)
    if not found and only_calls_have_it:
        raise not_found.unknown_path(index, path, selector.path_span)
    if not found:
        raise not_found.unknown_tensor(index, owned, path, selector.path_span)
    if only_calls_have_it:
        raise not_found.no_ports(selector.text[: selector.path_span[1]], len(selector.text))
    return tensor_matches(trace, found)


def _calls(trace: Records, index: PathIndex, key: str, numbers: Numbers | None) -> Iterable[Match]:
    ids = index.calls[key]
    meant = set(ids if numbers is None else numbers.of(ids))
    path = selector_of(key)
    return [
        Match(path, number, len(ids), trace.calls[call]) for number, call in enumerate(ids) if call in meant
    ]


def _ops(
    trace: Records, index: PathIndex, called: Sequence[str], selector: Selector, target: Segment
) -> list[Match]:
    matches: list[Match] = []
    known = False
    for key in called:
        for name, ids in index.ops_at(key, target).items():
            known = True
            groups: list[Sequence[int]] = [ids]
            if selector.calls is not None:
                meant_calls = selector.calls.of(index.calls[key])
                by_call: dict[int | None, list[int]] = {call: [] for call in meant_calls}
                for op in ids:
                    by_call.get(trace.ops[op].call, []).append(op)
                groups = list(by_call.values())
            numbers = selector.ops
            meant = {op for group in groups for op in (group if numbers is None else numbers.of(group))}
            path = f"{selector_of(key)}/{escape(name)}"
            matches += [
                op_match(trace, path, number, len(ids), trace.ops[op])
                for number, op in enumerate(ids)
                if op in meant
            ]
    if not known:
        raise not_found.unknown_op(index, called, target)
    return matches


def _too_few(index: PathIndex, called: Sequence[str], selector: Selector) -> Exception:
    """Return the error for a number that no call or op has."""
    key, calls, ops = called[0], selector.calls, selector.ops
    if calls is not None and not any(calls.of(index.calls[key]) for key in called):
        return not_found.bad_index(selector_of(key), "was called", len(index.calls[key]), calls.span)
    target = selector.target
    assert target is not None and ops is not None, "all calls and all ops are never too few"
    count = sum(len(ids) for name, ids in index.ops.get(key, {}).items() if target.accepts(name))
    return not_found.bad_index(f"{selector_of(key)}/{target.text}", "ran", count, ops.span)


def _ports(trace: Records, matches: Sequence[Match], selector: Selector) -> list[Match]:
    found = [
        match.at(port, trace.value_at(port))
        for match in matches
        for port in fitting(match.owner, selector.port)
    ]
    if not found:
        raise not_found.unknown_port(matches[0], selector.port, selector.port_span)
    return found


def fitting(owner: Call | Op, wanted: str) -> Iterator[Port]:
    """Yield the ports that are wanted; a large container is opened only if something in it may be."""
    for ports in (owner.inputs, owner.outputs):
        if not isinstance(ports, Ports):
            yield from (port for port in ports if port_fits(port, wanted))
            continue
        for port in ports.told:
            if port_fits(port, wanted):
                yield from ports.below(port)
            elif port.container is not None and wanted.startswith((port.name, port.alias or port.name)):
                yield from (inner for inner in ports.below(port) if port_fits(inner, wanted))


def matches_of(trace: Records, records: Iterable[Call | Op]) -> list[Match]:
    """Return calls and ops as the matches of the selectors that name exactly them."""
    index = trace.cached(PathIndex)
    found = []
    for record in records:
        if isinstance(record, Op):
            found += op_matches(trace, [record])
        else:
            alike = index.calls[record.key]
            number = bisect_left(alike, record.id)
            found.append(Match(selector_of(record.key), number, len(alike), record))
    return found


def op_matches(trace: Records, ops: Iterable[Op]) -> list[Match]:
    """Return ops as the matches of the selectors that name exactly them."""
    index = trace.cached(PathIndex)
    found = []
    for op in ops:
        key = OUTSIDE if op.call is None else trace.calls[op.call].key
        alike = index.ops[key][op.target]
        path = f"{selector_of(key)}/{escape(op.target)}"
        found.append(op_match(trace, path, bisect_left(alike, op.id), len(alike), op))
    return found


def port_fits(port: Port, wanted: str) -> bool:
    """Return whether a port is the wanted one or nested below it, by its name or its alias."""
    name, alias, length = port.name, port.alias, len(wanted)
    return (name.startswith(wanted) and (len(name) == length or name[length] in ".[")) or (
        alias.startswith(wanted) and (len(alias) == length or alias[length] in ".[")
    )


def modules(trace: Records, pattern: str) -> list[Module]:
    """Return the modules, called or not, whose path fits a pattern, in the order of the model; never empty.

    Raises:
        SelectorError: the pattern cannot be read (``selector-syntax``), or fits none (``unknown-path``).
    """
    index = trace.cached(PathIndex)
    segments = parse_path(pattern)
    span = (0, len(pattern))
    found = {key for key in index.find(segments) if key in index.modules}
    if not found:
        raise not_found.unknown_path(index, segments, span, what="module")
    return [module for module in trace.modules if module.path in found]
