"""Comments in the model's own source: which tensors of the statement, or layer, beside one it can mean."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from shapeflow.model.records import Call
from shapeflow.notes.mention import Mention
from shapeflow.notes.own_source.built import Layer
from shapeflow.notes.own_source.comment_words import (
    begins_with,
    is_bare,
    is_between,
    is_operand,
    is_printed,
    is_result,
    is_taken,
    name_before,
    said_role,
    target_of,
    variable_of,
)
from shapeflow.notes.own_source.found import Found, found_of
from shapeflow.notes.own_source.layers import OwnLayers, made_inside
from shapeflow.notes.own_source.meaning import Meaning
from shapeflow.notes.own_source.names import OwnNames
from shapeflow.notes.own_source.parts import OwnParts
from shapeflow.notes.own_source.statements import FAR, OwnStatements
from shapeflow.notes.words.words import text_tokens

_WEIGHTS = frozenset({"weight", "bias", "parameter", "param", "matrix"})
_SPREAD = re.compile(r"(?i)broadcast")
"""What is spread to a shape later has not got it yet."""


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
        self.parts = OwnParts(statements, names)

    def meant(self, mention: Mention) -> Iterator[Meaning]:
        """Yield what a mention in a comment can mean, the likeliest first."""
        line = mention.span.line
        code = self.statements.code(line)
        if layers := self.layers.at(line, alone=not code):
            yield from self._beside_layers(mention, layers, alone=not code)
            return
        if code:
            sure = _SPREAD.search(mention.frame.before.rpartition("#")[2]) is None
            yield self.parts.at(line) or self._of_statement(mention, line, sure=sure)
            if mention.role == "in":
                yield Meaning(self.statements.taken(line), line=line)
            return
        yield from self._of_name(mention)
        if self._is_given_elsewhere(mention):
            return
        if mention.role == "out" and self.statements.closes(line):
            yield replace(self._of_statement(mention, line - 1), sure=True)
        after = self.statements.below(line)
        above = bool(after) and all(self.statements.is_comment(number) for number in range(line + 1, after))
        if after:
            after = self.statements.inside(after)
            yield self._of_statement(mention, after, above=above)
            events = self.statements.events(after)
            scores = [port for event in events for port in event.record.outputs if port.name == "score"]
            yield Meaning(found_of(scores), line=after, aside=True)
            if mention.chain is None or mention.position == 0:
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
        leads = mention.chain is not None and mention.position == 0
        block = self.layers.taken_above(layers[0]) if leads else ()
        yield replace(meant, near=(*meant.near, *weights, *inside, *block))
        yield Meaning(block, line=meant.line)
        if mention.chain is not None:
            yield from (self._of_layers(mention, [layer], alone=alone) for layer in layers[1:])
        if alone and layers[0].first > mention.span.line:
            yield from (replace(below, sure=False) for below in self.below(layers[0].first))
        yield Meaning(weights, line=meant.line, aside=True)

    def is_behind(self, mention: Mention) -> bool:
        """Return whether a mention is in a comment behind a statement that builds no layer."""
        line = mention.span.line
        return bool(self.statements.code(line)) and not self.layers.at(line, alone=False)

    def is_of_layer(self, mention: Mention) -> bool:
        """Return whether a mention is beside a line that builds a layer."""
        line = mention.span.line
        return bool(self.layers.at(line, alone=not self.statements.code(line)))

    def _of_name(self, mention: Mention) -> Iterator[Meaning]:
        """Yield what a comment can mean that names a variable: what it is there, or becomes below."""
        line = mention.span.line
        name = variable_of(mention.frame.before)
        node = self.names.around(line)
        if not name or isinstance(node, ast.ClassDef):
            return
        if node is None:
            yield from self._assigned_above(name, line)
            return
        held = self.names.before(node, name, line)
        below = self.statements.below(line)
        later = (below, *self.statements.paragraph(below)) if below else ()
        given = ((number, self.names.made(*self.statements.span(number), name)) for number in later)
        below, values = next(((number, values) for number, values in given if values), (0, ()))
        made = tuple(Found(value, name) for value in values)
        were = tuple(Found(value, name) for value in held.values)
        were = were or tuple(one for one in self.statements.named(self._above(line)) if one.name == name)
        if were:
            sides = [(were, made, held.line or line)]
            if made and not is_printed(mention):
                sides.append((made, were, below))
            for found, near, place in reversed(sides):
                sure = held.sure and begins_with(mention, name)
                yield Meaning(found, near, place, sure=sure, also=near)

    def _above(self, line: int) -> int:
        """Return the nearest line with code above one; 0 if there is none."""
        return next((number for number in range(line - 1, 0, -1) if self.statements.code(number).strip()), 0)

    def _is_given_elsewhere(self, mention: Mention) -> bool:
        """Return whether a comment names a variable that code above gives of which the run has nothing."""
        name, above = variable_of(mention.frame.before), self._above(mention.span.line)
        gives = above and re.match(rf"\s*{re.escape(name)}\s*=[^=]", self.statements.code(above))
        return bool(name and gives) and not self.statements.made(above) and not self.statements.named(above)

    def _assigned_above(self, name: str, line: int) -> Iterator[Meaning]:
        """Yield what the nearest statement above gave a name, outside of all functions."""
        for number in range(line - 1, max(line - FAR, 0), -1):
            found = [made for made in self.statements.lines[number - 1].made if made.name == name]
            if found:
                values = tuple(Found(value, name) for made in found for value in made.values)
                yield Meaning(values, line=number, sure=True)
                return

    def below(self, line: int) -> list[Meaning]:
        """Return what each statement, or layer, below one in its paragraph gave."""
        if layers := self.layers.listed_at(line):
            return [
                Meaning(self.layers.given(layer), line=layer.first, sure=True)
                for layer in self._together(layers)
            ]
        named = ((number, tuple(self.statements.named(number))) for number in self.statements.paragraph(line))
        return [Meaning(found, line=number, sure=True) for number, found in named if found]

    def _together(self, layers: Sequence[Layer]) -> Iterator[Layer]:
        """Yield layers up to an empty line, or a comment, between two of them."""
        last = layers[0].last
        for layer in layers[1:]:
            between = range(last + 1, layer.first)
            if layer.first <= last or any(not self.statements.code(number) for number in between):
                return
            last = layer.last
            yield layer

    def sides(self, mention: Mention) -> dict[str, Meaning]:
        """Return what a comment of its own means if it is of what stands on one side of it."""
        line = mention.span.line
        elsewhere = mention.chain is not None or mention.role == "in" or variable_of(mention.frame.before)
        if self.statements.code(line) or elsewhere:
            return {}
        layers = self.layers.at(line, alone=True)
        found = dict(self._sides_of_layers(line, layers) if layers else self._sides_of_code(mention))
        return {side: replace(meant, sure=True) for side, meant in found.items() if meant.found}

    def by_role(self, mention: Mention) -> Meaning | None:
        """Return what a comment right above a statement, or layer, means that calls it its input, or output.

        What stands above, and what the function returns, may be meant as well: it is near.
        """
        line, role = mention.span.line, said_role(mention)
        below = self.statements.below(line)
        apart = any(not self.statements.is_comment(number) for number in range(line + 1, below))
        if not role or not below or apart or self.statements.code(line) or mention.chain is not None:
            return None
        layers = self.layers.at(line, alone=True)
        if layers and layers[0].first == below:
            around = (self.layers.given, self.layers.inside)
            near = [one for layer in layers for known in around for one in known(layer)]
            taken, given = self.layers.taken(layers[0], several=True), self.layers.given(layers[0])
            return Meaning(taken if role == "in" else given, tuple(near), below, sure=True)
        above = self.statements.above(line)
        meant = self._of_statement(mention, below, sure=True)
        returned = self.names.handed_back(self.names.around(line))
        near = [*meant.near, *self.statements.made(above), *self.statements.named(above), *meant.found]
        near += [*self.statements.taken(below), *(Found(value, "return") for value in returned)]
        found = self.statements.taken(below) if role == "in" else meant.found
        return Meaning(found, tuple(near), below, sure=True) if found else None

    def _sides_of_layers(self, line: int, layers: Sequence[Layer]) -> Iterator[tuple[str, Meaning]]:
        for layer in layers:
            where = "below" if layer.first > line else "above"
            inside = self.layers.inside(layer)
            yield f"layer {where}", Meaning(self.layers.given(layer), inside, layer.first)
            yield f"layer {where}, taken", Meaning(self.layers.taken(layer), inside, layer.first)

    def _sides_of_code(self, mention: Mention) -> Iterator[tuple[str, Meaning]]:
        if below := self.statements.inside(self.statements.below(mention.span.line)):
            yield "below", self._of_statement(mention, below, sure=True)
        if above := self.statements.above(mention.span.line):
            yield "above", self._of_statement(mention, above, sure=True)

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
        named = [one for one in self.statements.named(line) if one.name != "_"]
        made = self.statements.made(line)
        taken = self.statements.taken(line)
        inner = first < mention.span.line < last and not made  # a part of what ran on other lines
        if is_taken(mention) or (inner and not taken):
            return Meaning(taken, (*made, *named), line, above=above)
        if is_between(mention):
            return Meaning(made, tuple(named), line, above=above)
        targets = mention.frame.assigned.replace(" ", "").split(",")
        wanted = target_of(mention, targets)
        if wanted != targets and not any(one.name == wanted[0] for one in named):
            ends = (f".{wanted[0]}", f"[{targets.index(wanted[0])}]")
            return Meaning(tuple(one for one in made if one.name.endswith(ends)), (), line, sure=sure)
        if len({one.name for one in named}) > 1 and len(wanted) == 1:
            named = [one for one in named if one.name == wanted[0]] or named
        called = [one for one in named if one.name == name_before(mention)]
        if called and not sure:
            return Meaning(tuple(called), (), line, sure=True, above=above)
        if not named and not made:
            held = self.names.copied(line)
            copies = tuple(Found(value, "") for value in held.values)
            return Meaning(copies, (), line, sure=sure and held.sure, above=above)
        near = () if first == last and (called or is_bare(mention) or is_result(mention)) else (*made, *taken)
        if not is_bare(mention) and not is_result(mention):
            calls = [event.record for event in self.statements.events(line) if isinstance(event.record, Call)]
            near += tuple(one for call in calls for one in made_inside(self.layers.trace, call))
        return Meaning(tuple(called or named) or made, near, line, sure=sure and bool(named), above=above)

    def _of_layers(self, mention: Mention, layers: Sequence[Layer], *, alone: bool) -> Meaning:
        """Return what the layer took, or gave, that a comment is beside."""
        nearest = layers[0]
        taken = self.layers.taken(nearest, several=is_operand(mention))
        above = alone and mention.span.line < nearest.first == self.statements.below(mention.span.line)
        if is_taken(mention) or (mention.chain is None and mention.role == "in"):
            return Meaning(taken, (), nearest.first, sure=not alone and not is_operand(mention), above=above)
        if mention.chain is not None or not alone:
            return Meaning(self.layers.given(nearest), (), nearest.first, sure=not alone, above=above)
        given = [one for layer in layers for one in self.layers.given(layer)]
        return Meaning((*given, *taken), (), nearest.first)
