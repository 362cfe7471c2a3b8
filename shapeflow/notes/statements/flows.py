"""What a text says of where data goes, between two names in code: "`neck` feeds `decoder`"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from shapeflow.model.records import Module
from shapeflow.notes.mention import Span
from shapeflow.notes.statements.lines import Line
from shapeflow.notes.statements.plainness import is_plain
from shapeflow.notes.statements.statement import Statement
from shapeflow.notes.statements.steps import leaps
from shapeflow.notes.statements.subjects import Subjects
from shapeflow.notes.statements.wording import sentence

_NAME = r"`[A-Za-z_][\w.]*`"
_GOES = r"""is\ (?:then\ )?(?:used\ by|(?:passed|fed|sent|given|handed)\ (?:on\ )?(?:in)?to)|feeds(?:\ into)?|
    goes\ (?:in)?to|flows\ (?:in)?to|reaches|enters|
    geht\ (?:dann\ )?(?:in|an)|fließt\ in|entre\ dans|va\ (?:dans|a|in)|passe\ dans|alimente|
    entra\ (?:en|in|em)|pasa\ a|passa\ a|alimenta|vai\ para|
    (?:пода[её]тся|поступает|ид[её]т|переда[её]тся|попадает)\ в|
    进入|送入|输入到|传入|流入|传给|は|는|은"""
_TAKES = r"""(?:takes|receives|gets|consumes)(?:\ the)?(?:\ output\ of)?|
    (?:bekommt|erhält|nimmt)(?:\ die)?(?:\ Ausgabe\ (?:von|des|der))?|(?:reçoit|prend)(?:\ la\ sortie\ de)?|
    (?:recibe|toma)(?:\ la\ salida\ de)?|(?:riceve|prende)(?:\ l'output\ di)?|recebe(?:\ a\ saída\ de)?|
    (?:получает|принимает)(?:\ выход)?|接收|接受"""
_ARTICLE = r"(?:(?:the|den|dem|die|das|der|le|la|el|il|lo|o|a)\s+)?"
_OUTPUT = r"(?:'s\s+output|\s*的输出|\s*の出力|의\s*출력)?"
_GOES_NOT = r"""is\ not\ (?:used\ by|passed\ to|fed\ (?:in)?to)|
    does\ not\ (?:feed(?:\ into)?|reach|enter|go\ (?:in)?to|flow\ into)|never\ (?:reaches|enters|feeds)|
    不进入|不送入|不会进入|没有进入|不会送入|不传入"""
_ENDS = {
    "は": (
        r"\s*に(?:入る|入ります|渡される|渡されます)",
        r"\s*に(?:入らない|渡されない|入りません|渡されません)",
    ),
    "는": (r"[에로]\s*(?:들어간다|전달된다)", r"[에로]\s*(?:들어가지\s*않는다|전달되지\s*않는다)"),
}
_ENDS["은"] = _ENDS["는"]
_FLOW = re.compile(
    rf"(?P<a>{_NAME}){_OUTPUT}\s*(?:(?P<no>{_GOES_NOT})|(?P<yes>{_GOES}))\s*{_ARTICLE}(?P<b>{_NAME})",
    re.VERBOSE,
)
_TAKEN = re.compile(
    rf"(?P<b>{_NAME})\s*(?P<yes>{_TAKES})(?P<no>\b\B)?\s*{_ARTICLE}(?P<a>{_NAME}){_OUTPUT}", re.VERBOSE
)
_UNUSED = re.compile(
    rf"""(?P<a>{_NAME})\s*(?:is\ (?:not|never)\ used|is\ unused|没有被使用|未被使用|未使用|
    は使われない|は使われません|[는은]\ 사용되지\ 않는다)""",
    re.VERBOSE,
)
_OUTPUT_WORD = re.compile(r"output|Ausgabe|sortie|salida|uscita|saída|ыход|输出|出力|출력")
_HEAD = re.compile(
    r"""[\s\-*+>|]*(?:\d+[.)]\s*)?(?:[Tt]he\s+(?:output\s+of\s+)?(?:the\s+)?|[Dd]ie\s+Ausgabe\s+(?:von|des|der)\s+|
    [Ll]a\s+(?:sortie|salida)\s+(?:de|del)\s+|[Ll]'(?:output|uscita)\s+(?:di|del)\s+|[Aa]\s+saída\s+(?:de|do)\s+|[Вв]ыход\s+|
    [Dd]er\s+|[Ll]e\s+|[Ee]l\s+|输出\s*)?""",
    re.VERBOSE,
)
_TAIL = re.compile(r"\s*(?:$|[.。;,、|](?!\w))")


def flows(line: Line, subjects: Subjects) -> Iterator[Statement]:
    """Yield what a line says, as a sentence of its own, of where the data of a module goes."""
    patterns = (_FLOW, _TAKEN, _UNUSED)
    for found in (one for pattern in patterns for one in pattern.finditer(line.text)):
        source = _called_once(found["a"], subjects)
        first = sentence(line.text, *found.span())[0]
        if (
            not _HEAD.fullmatch(line.text, first, found.start())
            or (first == 0 and line.earlier)
            or line.later
        ):
            continue
        if found.re is _UNUSED:
            if _TAIL.match(line.text, found.end()) and source is None:
                yield from _idle(line, found, subjects)
            elif _TAIL.match(line.text, found.end()) and source is not None:
                yield _statement(line, found.start(), found.end(), f"{source.path} unused", source)
            continue
        goal = _called_once(found["b"], subjects)
        if source is None or goal is None or _is_part(source, goal) or _is_part(goal, source):
            continue
        negative, end = _verb_end(line.text, found)
        if end and _TAIL.match(line.text, end):
            of_output = found.re is _TAKEN or bool(_OUTPUT_WORD.search(line.text, first, end))
            if not negative and "reach" not in found[0] and leaps((source, goal), subjects, strict=of_output):
                continue
            verb = "never reaches" if negative else "reaches"
            claim = f"{source.path} {verb} {goal.path}"
            statement = _statement(line, found.start(), end, claim, source)
            if negative:
                direct = "reach" not in found[0]
                yield replace(statement, failing="contradicts if direct") if direct else statement
            elif line.clear(found.start(), end) is not None and is_plain(line, found.start(), end, subjects):
                yield statement
            else:
                yield replace(statement, failing="says nothing")


def _verb_end(text: str, found: re.Match[str]) -> tuple[bool, int]:
    """Return whether it says that data does not go there, and where that ends (0: not understood)."""
    endings = _ENDS.get(found["yes"] or "")
    if endings is None:
        return bool(found["no"]), found.end()
    for negative, ending in enumerate(endings):
        verb = re.compile(ending).match(text, found.end())
        if verb:
            return bool(negative), verb.end()
    return False, 0


def _idle(line: Line, found: re.Match[str], subjects: Subjects) -> Iterator[Statement]:
    """Yield the claim that a module is not called at all."""
    modules = subjects.named(found["a"].strip("`"))
    if len(modules) == 1 and modules[0].callable and not subjects.calls[modules[0].path]:
        claim = f"count calls {modules[0].path} = 0"
        yield _statement(line, found.start(), found.end(), claim, modules[0])


def _called_once(name: str, subjects: Subjects) -> Module | None:
    modules = subjects.named(name.strip("`"))
    once = len(modules) == 1 and modules[0].path and subjects.calls[modules[0].path] == 1
    return modules[0] if once else None


def _is_part(one: Module, other: Module) -> bool:
    return f"{one.path}.".startswith(f"{other.path}.")


def _statement(line: Line, start: int, end: int, claim: str, module: Module) -> Statement:
    span = Span(line.passage.line, start + 1, end + 1, line.passage.cell)
    headings = line.passage.frame.headings
    return Statement(span, line.text[start:end], "flow", (claim,), module.path, headings=headings)
