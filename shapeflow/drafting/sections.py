"""The sections of a draft: what goes in and comes out, then the parts of the model, each with its claims."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from shapeflow.common.text import counted
from shapeflow.drafting.outline import ModelPart, Outline
from shapeflow.drafting.statements import Statement, Statements, readable
from shapeflow.drafting.symbols import ANY, Symbols
from shapeflow.model.flow import reaches, use_of
from shapeflow.model.path_index import PathIndex, selector_of
from shapeflow.model.records import Call
from shapeflow.model.trace import Trace

MOST_FLOWS = 12
"""Claims that an input never reaches an output."""
STEPS = "Its own helper methods and single layers, in the order of the run."
IDLE = "These parts have weights that nothing reads in this run."
ROOT = ModelPart(".", ("",))
NO_SENTENCES: Mapping[str, str] = MappingProxyType({})
SILENT = ("Identity", "DropPath")
"""Classes of steps that nobody misses in an order, besides dropout."""


@dataclass
class DraftSection:
    """A heading, a few sentences and claims."""

    title: str
    level: int
    prose: list[str] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    part: ModelPart = ROOT
    """What it is about."""
    steps: tuple[ModelPart, ...] = ()
    """The parts of this part that run, in order, those left out that hand on what they are given."""
    lists: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Its numbered lists: a pattern for the items, and each of them."""


class Writer:
    """Writes the sections of a draft.

    Args:
        trace: the run to describe.
        symbols: the dims of its tensors.
        depth: levels of modules that get a section.
        sentences: path of a class -> what its author says of it.
    """

    def __init__(
        self, trace: Trace, symbols: Symbols, depth: int, sentences: Mapping[str, str] = NO_SENTENCES
    ) -> None:
        self._trace = trace
        self._sentences = dict(sentences)
        self._symbols = symbols
        self._depth = depth
        self.statements = Statements(trace, symbols)
        self.outline = Outline(trace, self._signature)

    def write(self) -> list[DraftSection]:
        """Return the sections in order; what is claimed of the order of steps is still to come."""
        entry = self._entry()
        steps = self._helpers()
        below: list[DraftSection] = []
        for part in self.outline.children(ROOT):
            lines, sections = self._part(part, 1)
            steps.append((self.outline.first_call(part), lines))
            below += sections
        section = DraftSection("Steps of the model", 2, [STEPS], list(self._counts(ROOT)))
        section.steps, section.lists = self._steps(ROOT), self._lists(ROOT)
        for _, statements in sorted(steps, key=lambda step: step[0]):
            section.statements += statements
        found = [entry, section, *below, self._idle()]
        return [one for one in found if one.statements or one.steps or one.lists]

    def _signature(self, path: str) -> object:
        kind = self._trace.module_by_path[path].class_name
        return kind, self.statements.signature(self.outline.calls(path))

    def _entry(self) -> DraftSection:
        """Return the section on what goes into the model and what comes out."""
        section = DraftSection("Input and output", 2)
        root = self._trace.module_by_path.get("")
        if root:
            section.prose.append(self._sentence(ROOT))
            section.statements.append(Statement("class .", f"= {root.class_name}"))
        for calls in self._entries():
            section.statements += self.statements.inputs(selector_of(calls[0].key), calls, outer=True)
        last = self._entries()[-1]
        outputs = self.statements.outputs(selector_of(last[0].key), last)
        section.statements += outputs
        section.statements += self._flows([one.subject for one in outputs if one.dims])
        return section

    def _entries(self) -> list[list[Call]]:
        """Return the calls that whoever runs the model makes, those of one method together."""
        groups: dict[str, list[Call]] = {}
        for call in self._trace.calls:
            if call.parent is None:
                groups.setdefault(call.key, []).append(call)
        return list(groups.values())

    def _flows(self, outputs: Sequence[str]) -> list[Statement]:
        """Return which inputs nobody uses, and which outputs an input never reaches."""
        found: list[Statement] = []
        for calls in self._entries():
            for port in calls[0].inputs:
                if port.value is None or not self.statements.is_outer(port.value):
                    continue
                source = f"{selector_of(calls[0].key)}:{readable(port)}"
                if use_of(self._trace, source) is None:
                    found.append(Statement(source, "unused"))
                    continue
                for output in outputs:
                    if reaches(self._trace, source, output).answer == "no":
                        found.append(Statement(source, f"never reaches {output}"))
        self.statements.left_out += max(0, len(found) - MOST_FLOWS)
        return found[:MOST_FLOWS]

    def _helpers(self) -> list[tuple[int, list[Statement]]]:
        """Return the claims on the model's own helper methods, each with its first call."""
        entries = {calls[0].key for calls in self._entries()}
        steps = []
        for selector, keys in self.outline.helpers(ROOT):
            if keys[0] not in entries:
                calls = self.outline.calls(keys[0])
                made = self.statements.outputs(selector, calls, once=True, nothing=False)
                steps.append((calls[0].id, made))
        return steps

    def _part(self, part: ModelPart, depth: int) -> tuple[list[Statement], list[DraftSection]]:
        """Return what is claimed of a part: in a few lines, or in sections if there is much to say."""
        if self._is_leaf(part) or depth > self._depth:
            return self._line(part, once=depth > 1), []
        calls = [call for path in part.paths for call in self.outline.calls(path)]
        inside: list[Statement] = []
        made: list[Statement] = []
        if calls:
            inside += self.statements.inputs(part.selector, calls)
            made = self.statements.outputs(part.selector, calls)
            made += self.statements.unused(part.selector, calls)
        for selector, keys in self.outline.helpers(part):
            helper = [call for key in keys for call in self.outline.calls(key)]
            if not calls:
                inside += self.statements.inputs(selector, helper)
            inside += self.statements.outputs(selector, helper, once=True, nothing=False)
        below: list[DraftSection] = []
        for child in self.outline.children(part):
            lines, sections = self._part(child, depth + 1)
            inside += lines
            below += sections
        counts = list(self._counts(part))
        if not inside and not below:
            return [*counts, *made], []
        section = DraftSection(f"`{part.selector}`", depth + 1, [self._sentence(part)])
        kind = Statement(f"class {part.selector}", f"= {self._class(part)}")
        section.statements += [kind, *counts, *inside, *made]
        section.part, section.steps, section.lists = part, self._steps(part), self._lists(part)
        return [], [section, *below]

    def _line(self, part: ModelPart, *, once: bool) -> list[Statement]:
        """Return the claims on a part that gets no section of its own."""
        calls = [call for path in part.paths for call in self.outline.calls(path)]
        repeats = self._repeats(part)
        if self._is_leaf(part) and all(self.statements.keeps_its_shape(call) for call in calls):
            return repeats
        if calls:
            moving = [one for one in self._calls(part) if not one.dims[0].isdigit()]
            made = self.statements.outputs(part.selector, calls, once=once)
            return [*repeats, *moving, *made, *self.statements.unused(part.selector, calls, ends=True)]
        found = repeats
        for selector, keys in self.outline.helpers(part):
            helper = [call for key in keys for call in self.outline.calls(key)]
            found += self.statements.outputs(selector, helper, nothing=False)
        return found

    def _steps(self, part: ModelPart) -> tuple[ModelPart, ...]:
        """Return the parts of a part, in the order of the run."""
        steps = []
        for child in self.outline.children(part):
            kind = self._class(child)
            if kind not in SILENT and "Dropout" not in kind:
                steps.append(child)
        return tuple(steps)

    def _lists(self, part: ModelPart) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return a pattern and the items of each numbered list directly in a part."""
        found = self.outline.lists(part)
        return tuple((f"{selector_of(path)}.*", tuple(map(selector_of, items))) for path, items in found)

    def _counts(self, part: ModelPart) -> Iterator[Statement]:
        """Yield how many items a list has, and how often a part is called."""
        yield from self._repeats(part)
        told = {child.selector for child in self.outline.children(part)}
        for path, items in self.outline.lists(part):
            if f"{selector_of(path)}.*" not in told:
                yield Statement(f"count {selector_of(path)}.*", f"= {len(items)}")
        yield from self._calls(part)

    def _repeats(self, part: ModelPart) -> list[Statement]:
        """Return how many modules a pattern stands for, if that is not written in it."""
        if not part.selector.endswith(".*"):
            return []
        return [Statement(f"count {part.selector}", f"= {len(part.paths)}")]

    def _calls(self, part: ModelPart) -> Iterator[Statement]:
        """Yield how often a part is called, if that is more than once and follows a formula."""
        counts = [len(trace.cached(PathIndex).calls.get(part.paths[0], ())) for trace in self._symbols.traces]
        if len(part.paths) == 1 and max(counts) > 1:
            number = self._symbols.count(counts)
            if number != ANY:
                yield Statement(f"count calls {part.selector}", f"= {number}", (number,))

    def _idle(self) -> DraftSection:
        """Return the section on what has weights and does not run."""
        section = DraftSection("What does not run", 2, [IDLE])
        for part in self.outline.idle():
            section.statements.append(Statement(f"count calls {part.selector}", "= 0"))
        return section

    def _is_leaf(self, part: ModelPart) -> bool:
        return not self.outline.children(part) and not self.outline.helpers(part)

    def _class(self, part: ModelPart) -> str:
        return self._trace.module_by_path[part.paths[0]].class_name

    def _sentence(self, part: ModelPart) -> str:
        """Return a part in words: class, place and size."""
        module = self._trace.module_by_path[part.paths[0]]
        several = len(part.paths) > 1
        text = f"{counted(len(part.paths), 'module')} of the class " if several else ""
        text += f"`{module.class_name}`"
        if module.source is not None and not module.class_path.startswith("torch."):
            text += f" in `{self._trace.sources[module.source].file}`"
        said = self._sentences.pop(module.class_path, "")  # told once
        return f"{text}. {plain(said)}".rstrip()


def plain(text: str) -> str:
    """Return somebody's words as Markdown that means just these words; they stay within one line."""
    words = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", " ", text)
    return re.sub(r"([\\`*_{}\[\]<>#|~$&])", r"\\\1", " ".join(words.split()))
