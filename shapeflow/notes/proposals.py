"""Places that another program proposes for shapes whose place is open: it chooses, the trace judges."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import tempfile
import threading
from dataclasses import replace
from typing import Any

from shapeflow.errors import InputError
from shapeflow.model.trace import Trace
from shapeflow.notes.annotate import Annotation, batch_of
from shapeflow.notes.mention import Mention
from shapeflow.notes.verdicts.mark import Mark
from shapeflow.notes.verdicts.selected import selected_mark

SECONDS = 600
MOST_BYTES = 4_000_000
"""Of its answers."""
OPEN = ("cannot tell", "seen elsewhere", "not in this run")


def proposed(trace: Trace, annotation: Annotation, command: str) -> Annotation:
    """Return an annotation in which a program has chosen among the candidates of what was open.

    The program gets one JSON object a line on standard input: ``id``, ``line``, ``text``, ``sentence``,
    ``headings`` and ``candidates`` with ``selector`` and ``shape``. It answers one a line on standard output:
    ``{"id": 3, "choice": 0}``, or ``null`` as the choice where none is meant. What it does not answer stays
    open. Whether a shape fits its place is judged by the trace alone.

    Raises:
        InputError: the program cannot be run, fails, or answers something else.
    """
    words = _words(command)
    batch = batch_of(trace)
    waiting = {
        mark.mention.id: mark for mark in annotation.marks if mark.verdict in OPEN and _candidates(mark)
    }
    if not waiting:
        return annotation
    questions = "".join(json.dumps(_question(mark), ensure_ascii=False) + "\n" for mark in waiting.values())
    chosen = _answers(_run(words, command, questions), command)
    marks = []
    for mark in annotation.marks:
        candidates = _candidates(mark)
        choice = chosen.get(mark.mention.id) if mark.mention.id in waiting else None
        if choice is None or not 0 <= choice < len(candidates):
            marks.append(mark)
            continue
        frame = replace(mark.mention.frame, selector=candidates[choice][0])
        judged = selected_mark(trace, replace(mark.mention, frame=frame), batch) or mark
        evidence = (f"placed by '{command}'",)
        marks.append(replace(judged, mention=mark.mention, evidence=evidence, rivals=mark.rivals))
    return replace(annotation, marks=tuple(marks))


def _candidates(mark: Mark) -> list[tuple[str, str]]:
    own = [(mark.place, mark.found)] if mark.place else []
    return own + [(selector, shape) for selector, shape, _ in mark.rivals]


def _question(mark: Mark) -> dict[str, Any]:
    mention: Mention = mark.mention
    return {
        "id": mention.id,
        "line": mention.span.line,
        "text": mention.text,
        "sentence": mention.frame.line,
        "headings": list(mention.frame.headings),
        "candidates": [{"selector": selector, "shape": shape} for selector, shape in _candidates(mark)],
    }


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise _failed(command, str(error)) from None
    if not words or shutil.which(words[0]) is None:
        raise _failed(command, "there is no such program")
    return words


def _run(words: list[str], command: str, questions: str) -> str:
    """Return what a program prints that gets questions; it is ended if that takes too long or never stops."""
    printed = b""
    try:
        with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as said:
            asked.write(questions.encode())
            asked.seek(0)
            with subprocess.Popen(words, stdin=asked, stdout=subprocess.PIPE, stderr=said) as program:
                clock = threading.Timer(SECONDS, program.kill)
                clock.start()
                try:
                    assert program.stdout is not None
                    printed = program.stdout.read(MOST_BYTES + 1)
                finally:
                    clock.cancel()
                    if len(printed) > MOST_BYTES:
                        program.kill()
            said.seek(0)
            last = said.read()[-300:].decode(errors="replace").strip()
    except OSError as error:
        raise _failed(command, str(error)) from None
    if len(printed) > MOST_BYTES:
        raise _failed(command, f"it printed more than {MOST_BYTES:,} bytes")
    if program.returncode:
        raise _failed(command, f"it ended with {program.returncode}: {last}")
    return printed.decode(errors="replace")


def _answers(printed: str, command: str) -> dict[int, int | None]:
    found: dict[int, int | None] = {}
    for line in filter(str.strip, printed.splitlines()):
        try:
            answer = json.loads(line)
            number, choice = answer["id"], answer["choice"]
        except (ValueError, KeyError, TypeError):
            raise _failed(command, f"it answered {line[:100]!r}") from None
        if type(number) is not int or (choice is not None and type(choice) is not int):
            raise _failed(command, f"it answered {line[:100]!r}")
        found[number] = choice
    return found


def _failed(command: str, why: str) -> InputError:
    return InputError(
        "propose",
        f"'{command}' gave no proposals",
        where="option --propose",
        because=why,
        expected='a line {"id": 3, "choice": 0} for each question',
    )
