"""Errors for selectors that name nothing in a trace, with what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shapeflow.common.text import counted, listing, nearest
from shapeflow.errors import SelectorError
from shapeflow.model.match import Match
from shapeflow.model.owned import Owned
from shapeflow.model.path_index import OUTSIDE, ROOT, PathIndex, selector_of
from shapeflow.model.pattern import Segment, escape


def _written(segments: Sequence[Segment]) -> str:
    """Return segments as a selector writes them."""
    text = ".".join(segment.text for segment in segments)
    return f".{text}" if len(segments) == 1 and text.endswith("()") else text or "."


def unknown_path(
    index: PathIndex, segments: Sequence[Segment], span: tuple[int, int], what: str = "call"
) -> SelectorError:
    """Return the error for a path that no module has: the longest part that exists and what is below it."""
    known = len(segments)
    while not index.find(segments[:known]):
        known -= 1
    starts = index.find(segments[:known])
    below = {name: key for start in starts for name, key in index.children[start].items()}
    title = f"no {what} '{_written(segments)}' in this trace"
    if known == len(segments):  # a helper method where a module is asked for
        return SelectorError("unknown-path", title, columns=span, found="a helper method, no module")
    wrong = segments[known]
    place = "the model" if known == 0 else f"'{_written(segments[:known])}'"
    has = f"{place} has {listing(list(below), 4)}" if below else f"{place} has nothing below it"
    tail = "".join(f".{segment.text}" for segment in segments[known + 1 :])
    close = nearest(wrong.text, below)
    hint = selector_of(below[close[0]]) + tail if close and wrong.literal is not None else ""
    if wrong.text == "forward()" and len(starts) == 1:
        hint = selector_of(starts[0])  # a module's own call goes by the module's path alone
    elif not hint and all(segment.literal is not None for segment in segments):
        ending = "." + ".".join(str(segment.literal) for segment in segments)
        hint = next((selector_of(key) for key in index.children if key.endswith(ending)), "")
    error = SelectorError("unknown-path", title, columns=(wrong.start, span[1]), found=has, hint=hint)
    error.missing = listed_paths(segments[: known + 1])
    return error


def listed_paths(segments: Sequence[Segment], names: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the paths that literal steps and a last one, literal or a list, lead to; none if that is not so.

    Args:
        segments: the steps.
        names: only these of what the last step lists.
    """
    *before, last = segments
    if any(segment.literal is None for segment in before):
        return ()
    start = "".join(f"{segment.literal}." for segment in before)
    ends = [last.literal] if last.literal is not None else last.listed[0] if len(last.listed) == 1 else ()
    return tuple(f"{start}{end}" for end in ends if not names or end in names)


def unknown_tensor(
    index: PathIndex, owned: Owned, segments: Sequence[Segment], span: tuple[int, int]
) -> SelectorError:
    """Return the error for a path that neither a module nor a parameter or buffer has."""
    error = unknown_path(index, segments, span)
    *above, last = segments
    holders = owned.holders(index, above)
    if not holders or last.text.endswith("()"):
        return error
    literal = all(segment.literal is not None for segment in segments)
    if literal and not error.hint and any(owned.may_hold_more(index.modules[path]) for path in holders):
        if not above:  # more likely the name of a module
            found = f"{error.found}; which parameters and buffers it has is not in this trace"
            return SelectorError("unknown-path", error.what, columns=error.columns, found=found)
        return SelectorError(
            "not-in-trace",
            f"'{_written(segments)}' is no module, and this trace lists no parameters and buffers",
            columns=span,
            expected="a trace that lists them; this one has those that were read",
            hint="record again with 'shapeflow trace'",
        )
    names = list(dict.fromkeys(name for path in holders for name in owned.by_module.get(path, {})))
    close = nearest(last.text, names, 1)
    if not names:
        return error
    found = f"{error.found}; its own tensors are {listing(names, 4)}"
    place = selector_of(holders[0])
    hint = (
        (close[0] if place == "." else f"{place}.{close[0]}") if close and len(holders) == 1 else error.hint
    )
    return SelectorError("unknown-path", error.what, columns=error.columns, found=found, hint=hint)


def no_ports(name: str, end: int) -> SelectorError:
    """Return the error for a port, op or call of a parameter or buffer."""
    what = f"'{name}' is a parameter or buffer: it is one tensor, without calls and ports"
    return SelectorError("selector-syntax", what, columns=(len(name), end), hint=name)


def never_called(index: PathIndex, keys: Sequence[str], span: tuple[int, int]) -> SelectorError:
    """Return the error for modules that exist and did not run."""
    key = keys[0]
    name = "the model itself" if key == ROOT else f"'{selector_of(key)}'"
    others = f" and {counted(len(keys) - 1, 'other')}" if len(keys) > 1 else ""
    verb = "exist but were" if others else "exists but was"
    called = [below for below in _everything_below(index, key) if below in index.calls]
    helpers = [below for below in called if below.endswith("()") and below in index.children[key].values()]
    found = ""
    if helpers:
        found = f"its helpers were called: {listing([selector_of(helper) for helper in helpers])}"
    elif called:
        found = f"called below it: {listing([selector_of(below) for below in called])}"
    hint = selector_of((helpers or called)[0]) if helpers or called else ""
    error = SelectorError(
        "never-called", f"{name}{others} {verb} not called in this run", columns=span, found=found, hint=hint
    )
    error.missing = tuple(keys)
    return error


def not_all_called(keys: Sequence[str], wanted: str, span: tuple[int, int]) -> SelectorError:
    """Return the error for a pattern that names modules that did not run beside others that did."""
    names = [f"'{selector_of(key)}'" for key in keys]
    error = SelectorError(
        "not-all-called",
        f"'{wanted}' also names {listing(names)}, which did not run",
        columns=span,
        expected="calls of all that the pattern names",
        hint=f"a pattern without it, and: count calls {selector_of(keys[0])} = 0",
    )
    error.missing = tuple(keys)
    return error


def not_all_there(names: Sequence[str], wanted: str, span: tuple[int, int]) -> SelectorError:
    """Return the error for a list or range in a pattern that has names which nothing has."""
    what = f"nothing is called {listing([repr(name) for name in names])}, which '{wanted}' lists"
    return SelectorError("not-all-there", what, columns=span, expected="names and numbers that there are")


def _everything_below(index: PathIndex, key: str) -> Iterable[str]:
    for below in index.children[key].values():
        yield below
        yield from _everything_below(index, below)


def unknown_op(index: PathIndex, keys: Sequence[str], target: Segment) -> SelectorError:
    """Return the error for an op that ran in none of the calls."""
    ran = list(dict.fromkeys(name for key in keys for name in index.ops.get(key, {})))
    place = "outside all calls" if keys[0] == OUTSIDE else f"in '{selector_of(keys[0])}'"
    others = f" and {counted(len(keys) - 1, 'other')}" if len(keys) > 1 else ""
    elsewhere = [
        f"{selector_of(key)}/{escape(name)}"
        for key in (_everything_below(index, keys[0]) if keys[0] in index.children else ())
        for name in index.ops.get(key, {})
        if target.accepts(name)
    ]
    close = [f"{selector_of(keys[0])}/{escape(name)}" for name in nearest(target.text, ran)]
    return SelectorError(
        "unknown-op",
        f"no op '{target.text}' {place}{others}",
        columns=target.span,
        found=_ops_text(ran),
        because=f"below it: {listing(elsewhere)}" if elsewhere else "",
        hint=(elsewhere or close or [""])[0],
    )


def _ops_text(names: Sequence[str]) -> str:
    """Return which ops there are, in a sentence."""
    if not names:
        return "no op of its own ran here"
    told = listing([f"`{name}`" for name in names], 6)
    return f"the only op here is {told}" if len(names) == 1 else f"the ops here are {told}"


def bad_index(name: str, verb: str, count: int, span: tuple[int, int]) -> SelectorError:
    """Return the error for a number that no call or op has."""
    found = "@0" if count == 1 else f"@0 to @{count - 1}" if count else ""
    what = f"'{name}' {verb} {counted(count, 'time')} only" if count else f"'{name}' did not run there"
    return SelectorError("bad-index", what, columns=span, found=found, hint=f"{name}@-1" if count else "")


def _ports_text(names: Sequence[str], kind: str) -> str:
    """Return which ports there are, in a sentence; ``kind`` is their plural."""
    if not names:
        return f"it has no {kind}"
    if len(names) == 1:
        return f"its only {kind[:-1]} is {names[0]}"
    return f"its {kind} are {listing(names, 6)}"


def unknown_port(match: Match, wanted: str, span: tuple[int, int]) -> SelectorError:
    """Return the error for a port that no call or op has."""
    ports = match.owner.ports
    names = [port.name for port in ports]
    side = wanted[:2] if wanted[:2] in ("in", "ou") else ""
    same_side = [name for name in names if name.startswith(side)]
    close = nearest(wanted, [*names, *(port.alias for port in ports if port.alias)], 1)
    kind = {"in": "inputs", "ou": "outputs"}.get(side, "ports")
    return SelectorError(
        "unknown-port",
        f"'{match.path}' has no port '{wanted}'",
        columns=span,
        found=_ports_text(same_side, kind),
        hint=f"{match.path}:{close[0]}" if close else "",
    )
