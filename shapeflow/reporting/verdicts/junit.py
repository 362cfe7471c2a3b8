"""The result of a check as JUnit XML, which CI systems show: a test case for each claim."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from shapeflow.walkthrough.verdict import CheckResult, Verdict

_ILLEGAL = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold, not even escaped."""


def render(result: CheckResult, *, allow_undecided: bool = False) -> str:
    """Return the result as one XML document."""
    document = result.document
    failures = result.failures(allow_undecided=allow_undecided)
    errors = sum(1 for verdict in failures if verdict.status == "invalid")
    numbers = {
        "tests": str(len(result.verdicts)),
        "failures": str(len(failures) - errors),
        "errors": str(errors),
        "skipped": str(len(result.skipped)),
    }
    suites = Element("testsuites", numbers)
    name = _legal(document.title or document.path)
    suite = SubElement(suites, "testsuite", {"name": name, **numbers, "file": _legal(document.path)})
    failing = set(map(id, failures))
    for verdict in result.verdicts:
        _add_case(suite, verdict, _legal(document.sections[verdict.claim.section].id), id(verdict) in failing)
    indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(suites, encoding="unicode")


def _add_case(suite: Element, verdict: Verdict, section: str, fails: bool) -> None:
    """Add the test case of one claim."""
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
        error = verdict.message
        kind = "error" if verdict.status == "invalid" else "failure"
        body = SubElement(case, kind, {"type": error.code, "message": _legal(error.what)})
        body.text = _legal(verdict.render())


def _legal(text: str) -> str:
    """Return text with a sign in place of what XML cannot hold."""
    return _ILLEGAL.sub("\ufffd", text)
