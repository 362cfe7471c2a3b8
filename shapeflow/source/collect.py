"""Which files of a model's source there are, and what is asked for of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shapeflow.common.source_files import find_sources, search_folders, source_text
from shapeflow.common.text import listing, nearest
from shapeflow.errors import InputError
from shapeflow.model.trace import Trace
from shapeflow.source.events import Event, Events, events_of
from shapeflow.source.lines import SourceFile
from shapeflow.source.places_now import lines_of_run, places_now
from shapeflow.source.results import TextOf, annotated, bare

FOLDERS_ABOVE = 4
"""In so many folders, that of a trace and those above it, its files are looked for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is shown of a model's source."""

    files: tuple[str, ...]
    calls: frozenset[int] | None = None
    """The calls whose code is shown; None: of all that ran."""


def wanted(trace: Trace, asked: str | None) -> Wanted:
    """Return which files are meant by the end of a file's name, or by a selector of calls.

    Raises:
        InputError: no file of the trace has such a name, or several have, or nothing that is named runs.
        SelectorError: it is a selector, and nothing fits it.
    """
    files = list(dict.fromkeys(source.file for source in trace.sources))
    if asked is None:
        return Wanted(tuple(files))
    if asked.endswith(".py"):
        ending = asked.replace("\\", "/").removeprefix("./")
        fit = [file for file in files if file == ending or file.endswith(f"/{ending}")]
        if not fit and Path(asked).is_absolute():
            fit = [file for file in files if ending.endswith(f"/{file}")]
        if len(fit) == 1:
            return Wanted(tuple(fit))
        raise _no_file(asked, fit, files)
    calls = frozenset(match.call.id for match in trace.select(asked) if match.call is not None)
    if not calls:
        raise InputError(
            "nothing-to-show",
            f"'{asked}' names nothing that runs in a call",
            where="argument FILE|PATH",
            hint="shapeflow source TRACE",
        )
    events = events_of(trace)
    used = [file for file in events if _of_calls(events[file], calls)]
    return Wanted(tuple(used), calls)


def source_files(
    trace: Trace,
    want: Wanted,
    folders: Iterable[str] | None = None,
    *,
    beside: Path | None = None,
    text_of: TextOf = str,
) -> list[SourceFile]:
    """Return files with what their lines made.

    Args:
        trace: the run.
        want: which files, and whose lines.
        folders: where files are looked for; None: where Python imports from, and the working folder.
        beside: the folder of the trace, which they may be in or below, or in one above.
        text_of: how a tensor is written.
    """
    events: Events = events_of(trace)
    searched = _folders(trace, folders, beside)
    found = []
    for name in want.files:
        happened = events.get(name, {})
        if want.calls is not None:
            happened = _of_calls(happened, want.calls)
        here = _here(trace, name, searched)
        if here is None:
            found.append(bare(trace, name, lines_of_run(trace, name), happened, text_of))
        else:
            now = {here.places[number]: events for number, events in happened.items()}
            found.append(annotated(trace, name, here.text, now, text_of))
    return found


def own_file(
    trace: Trace, name: str, folders: Iterable[str] | None = None, *, beside: Path | None = None
) -> Path:
    """Return where a file of a trace is, if it may be written: it belongs to no installed package.

    Raises:
        InputError: it is not there, or not one of the user's own.
    """
    searched = _folders(trace, folders, beside)
    here = _here(trace, name, searched)
    path = here.path if here else next(find_sources(name, searched), None)
    if path is None:
        raise InputError("unknown-source", f"'{name}' is not here", where="argument FILE")
    installed = next((part for part in path.parts if part in ("site-packages", "dist-packages")), "")
    if installed or path.is_relative_to(Path(os.__file__).resolve().parent):
        raise InputError(
            "not-writable",
            f"'{name}' belongs to an installed package, and comments go into files of your own",
            where=str(path),
            hint="-o source.html shows it with its shapes",
        )
    return path


def _folders(trace: Trace, folders: Iterable[str] | None, beside: Path | None) -> list[Path]:
    """Return where files are looked for: beside the file that was run, here, where Python imports from.

    A trace may have been brought to another folder with its project: its own folder and those above count.
    """
    place = trace.run.target.rpartition(":")[0]
    below = Path(place).parent if place.endswith(".py") else None
    roots = [Path()] if folders is None else []
    if beside is not None:
        own = beside.absolute()
        roots += [own, *own.parents][:FOLDERS_ABOVE]
    nearest_first = [below] if below is not None else []
    for root in roots:
        nearest_first += [root] if below is None else [root, root / below]
    return list(dict.fromkeys([*nearest_first, *search_folders(folders)]))


@dataclass(frozen=True, slots=True)
class _Here:
    """A file that has the code of the run."""

    path: Path
    text: str
    places: Mapping[int, int]
    """Line in the run -> line now."""


def _here(trace: Trace, name: str, folders: Sequence[Path]) -> _Here | None:
    """Return the nearest file with the code of the run; None if it is not there or has changed since."""
    known = lines_of_run(trace, name)
    made = {source.line for source in trace.sources if source.file == name}
    for path in dict.fromkeys(find_sources(name, folders)):
        text = source_text(path)
        places = None if text is None else places_now(known, text)
        if text is not None and places is not None and made.issubset(places):
            return _Here(path, text, places)
    return None


def _of_calls(happened: Mapping[int, Sequence[Event]], calls: frozenset[int]) -> dict[int, list[Event]]:
    """Return what happened in the code of some calls."""
    kept = {
        number: [event for event in events if event.execution in calls] for number, events in happened.items()
    }
    return {number: events for number, events in kept.items() if events}


def _no_file(asked: str, fit: Sequence[str], files: Sequence[str]) -> InputError:
    if fit:
        return InputError(
            "unknown-source",
            f"several files of this trace are called '{asked}'",
            where="argument FILE",
            found=listing(fit),
            hint=fit[0],
        )
    close = nearest(asked, files, 1) or [file for file in files if Path(file).name == Path(asked).name][:1]
    return InputError(
        "unknown-source",
        f"no line of '{asked}' made a tensor in this run",
        where="argument FILE",
        found=f"the trace names lines of {listing(files)}" if files else "the trace names no source lines",
        hint=close[0] if close else "",
    )
