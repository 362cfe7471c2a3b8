"""Comments in the model's own source: which tensors of the statement, or layer, beside one it can mean."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from shapeflow.model.records import Call
from shapeflow.notes.mention import Mention
from shapeflow.notes.own_source.docstrings import Found, found_of
from shapeflow.notes.own_source.layers import Layer, OwnLayers, made_inside
from shapeflow.notes.own_source.names import OwnNames
from shapeflow.notes.own_source.statements import FAR, OwnStatements
from shapeflow.notes.words.words import text_tokens

_WEIGHTS = frozenset({"weight", "bias", "parameter", "param", "matrix"})
_LETTERS = re.compile(r"[^\W\d_]{2}|->|→|=>")
_NAME = re.compile(r"(?:^|[\s,;`(])([A-Za-z_]\w*)`?(?:\.shape)?\s*(?:[:=]|==|is)?\s*$")
_SAID = re.compile(r"(?:^|[\s,;`(])([A-Za-z_]\w*)`?(?:\s*[:=]|\s*==|\s+is|\.shape\s*[:=]*)\s*$")
"""The same with a sign, or word, between the two."""
_BEHIND = re.compile(r"[)\]][\s`]*[*x×@+·⊗][\s`]*$")
_SPREAD = re.compile(r"(?i)broadcast")
"""What is spread to a shape later has not got it yet."""
_ARGUMENT = re.compile(r"\s*(?:(?P<name>\w+)\s*=\s*[\w.\[\]:, ()-]+,?|[\w.\[\]:, ()-]+,)\s*$")
"""A line with one argument of a call that goes on."""
_LIST = re.compile(r"[\[(][^\[\]()]+[\])]")
_SHAPE_LAST = re.compile(r"^.*[\])]")
_GOES_ON = re.compile(r"[\s`*)\]]*(?:-+>|=+>|→|⇒|⟶)")
_OPERAND = re.compile(r"^[\s`]*[*x×@+·⊗][\s`]*[(\[]")
"""What stands behind the first of two tensors that are multiplied, or added."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a comment can mean."""

    found: tuple[Found, ...]
    near: tuple[Found, ...] = ()
    """Others of the same statement: what fits one of them is not called wrong."""
    line: int = 0
    """Of the statement."""
    sure: bool = False
    """Whether it can be nothing else."""
    above: bool = False
    """Whether the comment stands right above: then both ends of an arrow are of it, if one end is."""
    aside: bool = False
    """Whether it is not what the nearest statement gives: what it takes, or of another one."""


class OwnComments:
    """Tells what the comments of one file can mean."""

    def __init__(
        self,
        statements: OwnStatements,
        names: OwnNames,
        layers: OwnLayers,
    ) -> None:
        self.statements = statements
        self.names = names
        self.layers = layers

    def meant(self, mention: Mention) -> Iterator[Meaning]:
        """Yield what a mention in a comment can mean, the likeliest first."""
        line = mention.span.line
        code = self.statements.code(line)
        if layers := self.layers.at(line, alone=not code):
            yield from self._beside_layers(mention, layers, alone=not code)
            return
        if code:
            sure = _SPREAD.search(mention.frame.before.rpartition("#")[2]) is None
            yield self._of_argument(line) or self._of_statement(mention, line, sure=sure)
            if mention.role == "in":
                yield Meaning(self.statements.taken(line), line=line)
            return
        yield from self._of_name(mention)
        after = self.statements.below(line)
        above = bool(after) and all(self.statements.is_comment(number) for number in range(line + 1, after))
        if after:
            after = self.statements.inside(after)
            yield self._of_statement(mention, after, above=above)
            events = self.statements.events(after)
            scores = [port for event in events for port in event.record.outputs if port.name == "score"]
            yield Meaning(found_of(scores), line=after, aside=True)
            yield Meaning(self.statements.taken(after), line=after, aside=True)
            if self.statements.code(after + 1):
                yield replace(self._of_statement(mention, after + 1), sure=False, aside=True)
        if before := self.statements.above(line):
            yield replace(self._of_statement(mention, before), sure=False, aside=True)

    def _beside_layers(self, mention: Mention, layers: Sequence[Layer], *, alone: bool) -> Iterator[Meaning]:
        """Yield what a comment beside layers can mean: what they took or gave, what is in them, a weight."""
        weights = tuple(one for layer in layers for one in self.layers.weights(layer))
        inside = tuple(one for layer in layers for one in self.layers.inside(layer))
        meant = self._of_layers(mention, layers, alone=alone)
        if text_tokens(mention.frame.before) & _WEIGHTS:
            yield Meaning(weights, inside, meant.line)
        yield replace(meant, near=(*meant.near, *weights, *inside))
        if mention.chain is not None:
            yield from (self._of_layers(mention, [layer], alone=alone) for layer in layers[1:])
        yield Meaning(weights, line=meant.line)

    def is_of_layer(self, mention: Mention) -> bool:
        """Return whether a mention is beside a line that builds a layer."""
        line = mention.span.line
        return bool(self.layers.at(line, alone=not self.statements.code(line)))

    def _of_name(self, mention: Mention) -> Iterator[Meaning]:
        """Yield what a comment can mean that names a variable: what it is there, or becomes below."""
        line = mention.span.line
        said = _SAID.search(mention.frame.before.rpartition("#")[2])
        name = said[1] if said else ""
        node = self.names.around(line)
        if not name or isinstance(node, ast.ClassDef):
            return
        if node is None:
            yield from self._assigned_above(name, line)
            return
        held = self.names.before(node, name, line)
        below = self.statements.below(line)
        first, last = self.statements.span(below)
        values = (*held.values, *(self.names.made(first, last, name) if below else ()))
        if held.values:
            found = tuple(Found(value, name) for value in values)
            yield Meaning(found, line=held.line or below or line, sure=held.sure)

    def _assigned_above(self, name: str, line: int) -> Iterator[Meaning]:
        """Yield what the nearest statement above gave a name, outside of all functions."""
        for number in range(line - 1, max(line - FAR, 0), -1):
            found = [made for made in self.statements.lines[number - 1].made if made.name == name]
            if found:
                values = tuple(Found(value, name) for made in found for value in made.values)
                yield Meaning(values, line=number, sure=True)
                return

    def below(self, line: int) -> list[Meaning]:
        """Return what each statement below one in its paragraph gave names."""
        named = ((number, tuple(self.statements.named(number))) for number in self.statements.paragraph(line))
        return [Meaning(found, line=number, sure=True) for number, found in named if found]

    def sides(self, mention: Mention) -> dict[str, Meaning]:
        """Return what a comment of its own means if it is of what stands on one side of it."""
        line = mention.span.line
        words = mention.frame.before.rpartition("#")[2]
        if (
            self.statements.code(line)
            or mention.chain is not None
            or _SAID.search(words)
            or mention.role == "in"
        ):
            return {}
        if layers := self.layers.at(line, alone=True):
            found = {}
            for layer in layers:
                where = "below" if layer.first > line else "above"
                inside, given, taken = (
                    self.layers.inside(layer),
                    self.layers.given(layer),
                    self.layers.taken(layer),
                )
                found[f"layer {where}"] = Meaning(given, inside, layer.first, sure=True)
                found[f"layer {where}, taken"] = Meaning(taken, inside, layer.first, sure=True)
            return {side: meant for side, meant in found.items() if meant.found}
        below, above = self.statements.inside(self.statements.below(line)), self.statements.above(line)
        meanings = {
            "below": self._of_statement(mention, below, sure=True) if below else Meaning(()),
            "above": self._of_statement(mention, above, sure=True) if above else Meaning(()),
        }
        return {side: replace(meant, sure=True) for side, meant in meanings.items() if meant.found}

    def says_how(self, mention: Mention) -> bool:
        """Return whether words stand in front of a shape beside a layer: it may be of a later step."""
        said = mention.frame.before.rpartition("#")[2]
        return (
            self.is_of_layer(mention)
            and _LETTERS.search(_SHAPE_LAST.sub("", said).strip("->→⇒ ")) is not None
        )

    def is_of_class(self, mention: Mention) -> bool:
        """Return whether a mention is in no function that runs: it may speak of all of the model.

        In a class of which the run has nothing it speaks of something else.
        """
        node = self.names.around(mention.span.line)
        if node is None:
            return not self.statements.code(mention.span.line)
        builds = isinstance(node, ast.ClassDef) or (
            node.name == "__init__" and mention.frame.region != "comment"
        )
        return builds and self.layers.has(self.names.owner(node))

    def statement(self, mention: Mention) -> int:
        """Return the line of the statement that a comment is on, or above; 0 if there is none."""
        line = mention.span.line
        return line if self.statements.code(line) else self.statements.below(line)

    def _of_statement(
        self, mention: Mention, line: int, *, sure: bool = False, above: bool = False
    ) -> Meaning:
        """Return what a comment on a statement, or beside it, can mean."""
        first, last = self.statements.span(line)
        named, made = self.statements.named(line), self.statements.made(line)
        taken = self.statements.taken(line)
        if is_taken(mention):
            return Meaning(taken, (*made, *named), line, above=above)
        if _is_between(mention):
            return Meaning(made, tuple(named), line, above=above)
        targets = mention.frame.assigned.replace(" ", "").split(",")
        wanted = _target_of(mention, targets)
        if wanted != targets and not any(one.name == wanted[0] for one in named):
            ends = (f".{wanted[0]}", f"[{targets.index(wanted[0])}]")
            return Meaning(tuple(one for one in made if one.name.endswith(ends)), (), line, sure=sure)
        if len({one.name for one in named}) > 1 and len(wanted) == 1:
            named = [one for one in named if one.name == wanted[0]] or named
        called = [one for one in named if one.name == _name_before(mention)]
        if called and not sure:
            return Meaning(tuple(called), (), line, sure=True, above=above)
        if not named and not made:
            held = self.names.copied(line)
            copies = tuple(Found(value, "") for value in held.values)
            return Meaning(copies, (), line, sure=sure and held.sure, above=above)
        near = () if first == last and (called or _is_bare(mention)) else (*made, *taken)
        if not _is_bare(mention):
            calls = [event.record for event in self.statements.events(line) if isinstance(event.record, Call)]
            near += tuple(one for call in calls for one in made_inside(self.layers.trace, call))
        return Meaning(tuple(called or named) or made, near, line, sure=sure and bool(named), above=above)

    def _of_argument(self, line: int) -> Meaning | None:
        """Return what a comment beside one argument of a call over several lines can mean: that argument."""
        argument = _ARGUMENT.match(self.statements.code(line))
        events = self.statements.events(line)
        if argument is None or line >= self.statements.span(line)[1] or not events:
            return None
        name, taken = argument["name"], self.statements.taken(line)
        ports = [port for event in events for port in event.record.inputs]
        given = found_of(port for port in ports if name and f"in.{name}" in (port.name, port.alias))
        return Meaning(given or taken, (*taken, *self.statements.made(line)), line, sure=bool(given))

    def _of_layers(self, mention: Mention, layers: Sequence[Layer], *, alone: bool) -> Meaning:
        """Return what the layer took, or gave, that a comment is beside."""
        nearest = layers[0]
        taken = self.layers.taken(nearest)
        above = alone
        if is_taken(mention) or (mention.chain is None and mention.role == "in"):
            return Meaning(taken, (), nearest.first, sure=not alone and not is_operand(mention), above=above)
        if mention.chain is not None or not alone:
            return Meaning(self.layers.given(nearest), (), nearest.first, sure=not alone, above=above)
        given = [one for layer in layers for one in self.layers.given(layer)]
        return Meaning((*given, *taken), (), nearest.first)


def is_taken(mention: Mention) -> bool:
    """Return whether a mention is of what a statement takes: in front of an arrow, or an operand."""
    if is_operand(mention):
        return True
    return mention.chain is not None and mention.position == 0 and mention.role != "out"


def _target_of(mention: Mention, targets: list[str]) -> list[str]:
    """Return the name that a shape is of, where a comment has a shape for each of several in order."""
    said = mention.frame.before.rpartition("#")[2]
    before, behind = _LIST.findall(said), _LIST.findall(mention.frame.after)
    joined = not (said + mention.frame.after).count("=") and mention.chain is None
    if not joined or len(targets) < 2 or len(before) + 1 + len(behind) != len(targets):
        return targets
    return [targets[len(before)]]


def _is_between(mention: Mention) -> bool:
    """Return whether a mention is neither the first nor the last of several over arrows: made on the way."""
    return mention.position > 0 and _GOES_ON.match(mention.frame.after) is not None


def is_operand(mention: Mention) -> bool:
    """Return whether a mention is one of several that are multiplied, added or laid together."""
    first = _OPERAND.match(mention.frame.after) is not None
    return first or (mention.position == 0 and _BEHIND.search(mention.frame.before) is not None)


def _is_bare(mention: Mention) -> bool:
    """Return whether a comment says nothing but one shape: then it is of what its line made in the end."""
    words = f"{mention.frame.before.rpartition('#')[2]} {mention.frame.after}"
    return mention.chain is None and not _LETTERS.search(words)


def _name_before(mention: Mention) -> str:
    """Return the name that a comment has right before a shape: ``states`` of ``states: [2, 9, 48]``."""
    found = _NAME.search(mention.frame.before.rpartition("#")[2])
    return found[1] if found else ""
