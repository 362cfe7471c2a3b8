"""The result of checks as JUnit XML, which CI systems show: a test case for each claim."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from shapeflow.errors import ShapeflowError
from shapeflow.walkthrough.verdict import CheckResult, Verdict

NUMBERS = ("tests", "failures", "errors", "skipped")
_ILLEGAL = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold, not even escaped."""


def render(
    *results: CheckResult, allow_undecided: bool = False, errors: Mapping[str, ShapeflowError] | None = None
) -> str:
    """Return the results as one XML document, with a suite for each document; its causes are its output."""
    suites = Element("testsuites")
    total: Counter[str] = Counter()
    for path, error in (errors or {}).items():
        total.update(_add_error(suites, path, error))
    for result in results:
        total.update(_add_suite(suites, result, allow_undecided))
    suites.attrib.update({name: str(total[name]) for name in NUMBERS})
    indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(suites, encoding="unicode")


def _add_suite(suites: Element, result: CheckResult, allow_undecided: bool) -> dict[str, int]:
    """Add the suite of one document; returns its numbers."""
    document = result.document
    failures = result.failures(allow_undecided=allow_undecided)
    errors = sum(1 for verdict in failures if verdict.status == "invalid")
    counts = (len(result.verdicts), len(failures) - errors, errors, len(result.skipped))
    numbers = dict(zip(NUMBERS, counts, strict=True))
    shown = {name: str(number) for name, number in numbers.items()}
    name = _legal(document.title or document.path)
    suite = SubElement(suites, "testsuite", {"name": name, **shown, "file": _legal(document.path)})
    failing = set(map(id, failures))
    for verdict in result.verdicts:
        section = _legal(document.sections[verdict.claim.section].id)
        _add_case(suite, result, verdict, section, id(verdict) in failing)
    if result.causes:
        texts = [f"{cause.render()}\n\n{result.more_text(cause)}".rstrip() for cause in result.causes]
        SubElement(suite, "system-out").text = _legal("\n\n".join(texts))
    return numbers


def _add_error(suites: Element, path: str, error: ShapeflowError) -> dict[str, int]:
    """Add a suite with one test case for a document that could not be judged at all; returns its numbers."""
    numbers = {**dict.fromkeys(NUMBERS, 0), "tests": 1, "errors": 1}
    shown = {name: str(number) for name, number in numbers.items()}
    suite = SubElement(suites, "testsuite", {"name": _legal(path), **shown, "file": _legal(path)})
    case = SubElement(
        suite, "testcase", {"classname": _legal(path), "name": "the document", "file": _legal(path)}
    )
    body = SubElement(case, "error", {"type": error.code, "message": _legal(error.what)})
    body.text = _legal(error.render())
    return numbers


def _add_case(suite: Element, result: CheckResult, verdict: Verdict, section: str, fails: bool) -> None:
    """Add the test case of one claim; that of a cause's first claim tells the cause, the others name it."""
    span = verdict.claim.span
    case = SubElement(
        suite,
        "testcase",
        {
            "classname": f"{_legal(span.path)}.{section}",
            "name": _legal(f"line {span.line}: {verdict.claim.text}"),
            "file": _legal(span.path),
            "line": str(span.line),
        },
    )
    if verdict.skipped:
        SubElement(case, "skipped", {"message": _legal(verdict.what)})
    elif fails:
        error, cause = verdict.message, result.cause_of.get(verdict.claim.id)
        kind = "error" if verdict.status == "invalid" else "failure"
        what, told = error.what, verdict.render()
        if cause is not None:
            what = f"{what} (because {cause.what})"
            is_first = cause.first == verdict.claim.id
            told = f"{cause.render()}\n\n{told}" if is_first else f"cause: {cause.what}\n\n{told}"
        body = SubElement(case, kind, {"type": error.code, "message": _legal(what)})
        body.text = _legal(told)


def _legal(text: str) -> str:
    """Return text with a sign in place of what XML cannot hold."""
    return _ILLEGAL.sub("\ufffd", text)
