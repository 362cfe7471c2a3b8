"""Whether all that a pattern names took part: a pattern means all of it.

``select`` gives what is there. Here is what a claim must know besides: the modules that a pattern names and
that never ran, the names that it lists and nothing has, calls and ports that some of its paths lack.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from shapeflow.errors import SelectorError
from shapeflow.model import not_found
from shapeflow.model.match import Match
from shapeflow.model.owned import Owned
from shapeflow.model.path_index import PathIndex, selector_of
from shapeflow.model.pattern import Segment, parse_path
from shapeflow.model.records import Call, Op, Records
from shapeflow.model.selector import Selector, fitting, parse, select

_CONTAINERS = tuple(
    f"torch.nn.modules.container.{name}"
    for name in ("ModuleList", "ModuleDict", "ParameterList", "ParameterDict")
)
"""Classes without a ``forward``, for traces of versions that did not note which modules have one."""


def left_out(trace: Records, text: str, found: Sequence[Match]) -> SelectorError | None:
    """Return the error for what a pattern names and ``select`` leaves out; None if it is all there.

    Args:
        trace: where to look.
        text: a selector that names something; one without a pattern leaves nothing out.
        found: what ``select`` gives for it.
    """
    selector = parse(text)
    path = selector.path
    if path is None or all(segment.literal is not None for segment in path):
        return None
    index = trace.cached(PathIndex)
    keys = index.find(path)
    wanted = text[slice(*selector.path_span)]
    if not keys:
        return _tensors_left_out(trace, path, wanted)
    unknown = list(_unknown_names(path, keys))
    if unknown:
        return _not_all_there(unknown, path, wanted, selector.path_span)
    if not (path[-1].deep and selector.target is not None):  # `**/softmax` is about ops, wherever they are
        idle = [key for key in keys if key not in index.calls and can_run(trace, key)]
        if idle:
            return not_found.not_all_called(idle, wanted, selector.path_span)
    return _too_few(index, keys, selector) or _without_port(trace, text, selector, found)


def _tensors_left_out(trace: Records, path: Sequence[Segment], wanted: str) -> SelectorError | None:
    """Return the error for what a pattern over parameters and buffers names and nothing has."""
    index, owned = trace.cached(PathIndex), trace.cached(Owned)
    found = owned.find(index, path)
    unknown = list(_unknown_names(path, list(found)))
    if not unknown and path[-1].literal is not None and not any(segment.deep for segment in path):
        name = path[-1].literal
        unknown = [key for key in owned.holders(index, path[:-1]) if name not in owned.by_module.get(key, {})]
        unknown = [f"{key}.{name}" if key else name for key in unknown]
    return not_found.not_all_there(unknown, wanted, (0, len(wanted))) if unknown else None


def unlisted(trace: Records, text: str) -> SelectorError | None:
    """Return the error for names that a pattern over modules lists and nothing has; None if all are there."""
    path = parse_path(text)
    unknown = list(_unknown_names(path, trace.cached(PathIndex).find(path)))
    return _not_all_there(unknown, path, text, (0, len(text))) if unknown else None


def _not_all_there(
    unknown: Sequence[str], path: Sequence[Segment], wanted: str, span: tuple[int, int]
) -> SelectorError:
    error = not_found.not_all_there(unknown, wanted, span)
    pattern = next(number for number, segment in enumerate(path) if segment.literal is None)
    error.missing = not_found.listed_paths(path[: pattern + 1], unknown)
    return error


def exists_elsewhere(trace: Records, text: str) -> bool:
    """Return whether what a selector names is somewhere in the run, though not in the place that it names.

    An op counts that ran anywhere; a port that another call of the same method or class has, or another op
    of the same name; and the items that a list or tuple there has not are no name but a number.
    """
    selector = parse(text)
    target, port = selector.target, selector.port
    if target is not None:
        owners: list[Call | Op] = [op for op in trace.ops if target.deep or target.accepts(op.target)]
    else:
        keys = set(trace.cached(PathIndex).find(selector.path or ()))
        kinds = {(call.class_name, call.method) for call in trace.calls if call.key in keys}
        owners = [call for call in trace.calls if (call.class_name, call.method) in kinds]
    is_item = re.fullmatch(r"(.+)\[\d{1,9}\]", port)
    names = [port, f"{is_item[1]}[0]"] if is_item else [port]
    return any(not port or any(True for name in names for _ in fitting(owner, name)) for owner in owners)


def each(trace: Records, text: str) -> list[str]:
    """Return a selector for each path that a pattern names, or the selector itself if it is no pattern."""
    selector = parse(text)
    if selector.source is not None:
        return _each_made(select(trace, text))
    if selector.path is None or all(segment.literal is not None for segment in selector.path):
        return [text]
    rest = text[selector.path_span[1] :]
    matches = select(trace, text)
    if matches[0].tensor is not None:
        return [match.path for match in matches]
    keys = dict.fromkeys(match.call.key for match in matches if match.call is not None)
    return [selector_of(key) + rest for key in keys]


def _each_made(matches: Sequence[Match]) -> list[str]:
    """Return a selector for each path of what a line made, with numbers where it made only some of them."""
    groups: dict[tuple[str, str], list[Match]] = {}
    for match in matches:
        port = f":{match.port.name}" if match.port else ""
        groups.setdefault((match.path, port), []).append(match)
    found: list[str] = []
    for (path, port), group in groups.items():
        whole = len(group) == group[0].siblings
        found += [path + port] if whole else [match.name for match in group]
    return found


def _unknown_names(path: Sequence[Segment], keys: Sequence[str]) -> Iterator[str]:
    """Yield what ``{a,b}`` and ``[0-5]`` list and no path that was found has in this place."""
    deep = [number for number, segment in enumerate(path) if segment.deep]
    for number, segment in enumerate(path):
        if not segment.listed or segment.fits is None:
            continue
        if not deep or number < deep[0]:
            place = number
        elif number > deep[-1]:
            place = number - len(path)
        else:
            continue  # between two `**` it may stand anywhere
        met: list[set[str]] = [set() for _ in segment.listed]
        for key in keys:
            found = segment.fits.fullmatch(key.split(".")[place])
            for names, name in zip(met, found.groups() if found else (), strict=False):
                names.add(name)
        for names, listed in zip(met, segment.listed, strict=True):
            yield from (name for name in listed if name not in names)


def can_run(trace: Records, key: str) -> bool:
    """Return whether a path is that of a module with a ``forward`` of its own."""
    module = trace.module_by_path.get(key)
    return module is not None and module.callable and module.class_path not in _CONTAINERS


def _too_few(index: PathIndex, keys: Sequence[str], selector: Selector) -> SelectorError | None:
    """Return the error for a path that has no call, or no op, of the number that is asked for."""
    for key in keys:
        calls, numbers = index.calls.get(key, []), selector.calls
        if calls and numbers is not None and not numbers.of(calls):
            return not_found.bad_index(selector_of(key), "was called", len(calls), numbers.span)
        wanted, numbers = selector.target, selector.ops
        for target, ops in index.ops.get(key, {}).items() if wanted and numbers else ():
            if wanted and numbers and wanted.accepts(target) and not numbers.of(ops):
                return not_found.bad_index(f"{selector_of(key)}/{target}", "ran", len(ops), numbers.span)
    return None


def _without_port(
    trace: Records, text: str, selector: Selector, found: Sequence[Match]
) -> SelectorError | None:
    """Return the error for a path none of whose calls, or ops, has the port."""
    if not selector.port:
        return None
    having = {match.path for match in found}
    owners = select(trace, text[: selector.port_span[0] - 1])
    lacking = [match for match in owners if match.path not in having]
    if not lacking:
        return None
    return not_found.unknown_port(
        min(lacking, key=lambda match: match.path), selector.port, selector.port_span
    )
