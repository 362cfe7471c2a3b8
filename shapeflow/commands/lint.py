"""``shapeflow lint``: what runs in a model without an error and is probably wrong."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.commands.console import print_json
from shapeflow.commands.meant import load_trace
from shapeflow.common.collector import collection_paused
from shapeflow.common.control_characters import printed, visible_line
from shapeflow.common.printing import put
from shapeflow.common.text import counted
from shapeflow.errors import ExitCode, InputError

if TYPE_CHECKING:
    from shapeflow.lint.check import Result
    from shapeflow.model.trace import Trace

EXAMPLES = """\
examples:
  shapeflow lint model.trace.json
  shapeflow lint model.trace.json --ignore never-used --ignore 'odd-block:encoder.layers.*'
  shapeflow lint model.trace.json --strict          exit 1 if anything is found, for CI
  shapeflow lint --rules                            what is looked for

What is silenced is kept in .shapeflow-lint in the working folder, an entry a line: RULE or RULE:PATH, and
'#' before a comment. PATH is a module, with '*' for one name and '**' for any number, and all below it."""

MOST = 10
SHOWN_AFTER_TRACE = 2
"""Findings in the short list after a trace; a third line says how many more there are."""
SCHEMA = "shapeflow.lint/1"
WIDTH = 110


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("trace", type=Path, nargs="*", metavar="TRACE", help="NAME.trace.json or NAME.trace.json.gz")
    silenced = "leave out a rule, or what it says of some modules; repeatable"
    add("--ignore", action="append", default=[], metavar="RULE[:PATH]", help=silenced)
    add("--ignore-file", type=Path, metavar="FILE", help="entries of --ignore, one a line (.shapeflow-lint)")
    add("--rules", action="store_true", help="say what is looked for, and why")
    add("--all", action="store_true", help=f"all that is found, not the first {MOST}")
    add("--strict", action="store_true", help="exit 1 if anything is found")
    add("--json", action="store_true", help="print one JSON object a trace (docs/lint.schema.json)")


def run(args: argparse.Namespace) -> int:
    """Look through each trace."""
    from shapeflow.lint.check import ignored_of, lint, read_ignored

    ignored = [ignored_of(entry, "option --ignore") for entry in args.ignore] + read_ignored(args.ignore_file)
    if args.rules:
        _put_rules(json=args.json)
        return ExitCode.FINE
    if not args.trace:
        raise InputError("usage", "a trace is missing", where="shapeflow lint", hint="shapeflow lint --help")
    found = 0
    with collection_paused():
        for number, path in enumerate(args.trace):
            trace = load_trace(path)
            result = lint(trace, ignored)
            found += len(result.findings)
            if args.json:
                print_json(data_of(result, path, complete=trace.run.complete))
            else:
                put(printed("\n" * bool(number) + text_of(result, path, None if args.all else MOST)))
    return ExitCode.DIFFERENT if found and args.strict else ExitCode.FINE


def _put_rules(*, json: bool) -> None:
    """Print the table of rules."""
    from shapeflow.lint.table import rules

    if json:
        print_json([{"rule": rule.name, "because": rule.because} for rule in rules()])
        return
    width = max(len(rule.name) for rule in rules())
    for rule in rules():
        put(f"{rule.name:<{width}}  {rule.because}")


def text_of(result: Result, path: Path, most: int | None = MOST) -> str:
    """Return what is worth a look as text, a paragraph each.

    Args:
        result: what was found.
        path: the trace.
        most: findings that are told; None: all.
    """
    findings = result.findings
    silenced = f", {result.silenced} silenced" if result.silenced else ""
    lines = [
        f"{path.name}: {counted(len(findings), 'thing') if findings else 'nothing'} worth a look{silenced}"
    ]
    for finding in findings[:most]:
        source = f", {finding.source}" if finding.source else ""
        lines += ["", visible_line(f"{finding.rule}  {finding.where}{source}")]
        rows = [
            ("", finding.what),
            *(("", text) for text in finding.evidence[:4]),
            ("why: ", finding.because),
        ]
        rows += [("line: ", finding.line)] if finding.line and finding.rule not in _NO_LINE else []
        rows.append(("silence: ", f"--ignore '{finding.silence}'"))
        lines += [visible_line(f"  {label}{text}") for label, text in rows]
    if most is not None and len(findings) > most:
        lines += ["", f"{len(findings) - most} more: shapeflow lint {path} --all"]
    return "\n".join(lines)


_NO_LINE = frozenset({"never-used"})
"""Rules whose line is that of a class, which shows nothing."""


def short_list(trace: Trace, path: Path, width: int = WIDTH) -> list[str]:
    """Return at most three lines for what is worth a look, for the end of a summary; none for nothing."""
    from shapeflow.lint.check import lint, read_ignored

    findings = lint(trace, read_ignored(None)).findings
    if not findings:
        return []
    lines = []
    shown = len(findings) if len(findings) <= SHOWN_AFTER_TRACE + 1 else SHOWN_AFTER_TRACE
    for finding in findings[:shown]:
        text = visible_line(f"worth a look: {finding.rule}, {finding.places[0]}: {finding.what}")
        lines.append(text if len(text) <= width else f"{text[: width - 1]}…")
    if len(findings) > shown:
        lines.append(f"{len(findings) - shown} more worth a look: shapeflow lint {path}")
    elif any(line.endswith("…") for line in lines) and len(lines) < SHOWN_AFTER_TRACE + 1:
        lines.append(f"why, and how to silence it: shapeflow lint {path}")
    return lines


def data_of(result: Result, path: Path, *, complete: bool) -> dict[str, object]:
    """Return what is worth a look as plain data, as docs/lint.schema.json has it."""
    return {
        "schema": SCHEMA,
        "trace": str(path),
        "complete": complete,
        "silenced": result.silenced,
        "findings": [
            {
                "rule": finding.rule,
                "what": finding.what,
                "because": finding.because,
                "evidence": list(finding.evidence),
                "places": list(finding.places),
                "source": finding.source or None,
                "line": finding.line or None,
                "silence": finding.silence,
            }
            for finding in result.findings
        ],
    }
