"""Places of a trace that a text can mean: ports of calls, results of ops, parameters; alike ones once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from shapeflow.model.call_tree import NUMBER
from shapeflow.model.containers import told
from shapeflow.model.path_index import OUTSIDE, selector_of
from shapeflow.model.pattern import escape
from shapeflow.model.records import Call, Op, Port, Records
from shapeflow.model.source_lines import names_given
from shapeflow.notes.places.site_names import (
    LINE,
    NEAR,
    OWN,
    PARENT,
    call_names,
    line_tokens,
    names_of_values,
    port_tokens,
    put_token,
)
from shapeflow.notes.words.ordinals import Ranks
from shapeflow.notes.words.words import name_tokens

Kind = Literal["call", "op", "parameter"]
Shape = tuple[int, ...]


@dataclass(slots=True)
class Site:
    """A place with one shape, or several places alike but for numbers in their paths."""

    id: int
    kind: Kind
    key: str
    """Path of the call (of an op: that it ran in) with ``*`` for numbers."""
    port: str
    shape: Shape
    dtype: str
    selector: str
    """Names it, or the first of those alike."""
    order: int
    """When the first one was there."""
    path: str
    """Path of the first one, as it is."""
    own: dict[str, float] = field(default_factory=dict)
    """Token -> how much it says that this place is meant; those of the place itself."""
    around: dict[str, float] = field(default_factory=dict)
    """The same for names of what is around it."""
    paths: set[str] = field(default_factory=set)
    """Of all of those alike."""
    values: set[int] = field(default_factory=set)
    lines: set[int] = field(default_factory=set)
    """Positions in the trace's sources."""
    owners: list[int] = field(default_factory=list)
    """Ids of the calls (of ops: that they ran in)."""

    @property
    def direction(self) -> str:
        """``in`` or ``out``."""
        return "in" if self.port.startswith("in") else "out"


class Sites:
    """All sites of one trace, with what is looked up in them."""

    def __init__(self, trace: Records) -> None:
        self.trace = trace
        self._numbered = _numbered_names(trace)
        self.all: list[Site] = []
        self._by_key: dict[Hashable, Site] = {}
        self._known_as = names_of_values(trace)
        self._targets: dict[tuple[str, str], int] = defaultdict(int)
        for call in trace.calls:
            self._add_call(call)
        for op in trace.ops:
            self._add_op(op)
        self.ops = frozenset(target for _, target in self._targets)
        """Names of operations: a module may have the same one."""
        self._add_parameters()
        self._shorten()
        self.by_shape: dict[Shape, list[int]] = defaultdict(list)
        self.by_value: dict[int, list[int]] = defaultdict(list)
        self.ranks = Ranks(trace)
        for site in self.all:
            self._rank(site)
            if len(site.paths) == 1:
                for number in NUMBER.findall(site.path)[-1:]:
                    put_token(site.own, f"#{number}", NEAR)
            self.by_shape[site.shape].append(site.id)
            for value in site.values:
                self.by_value[value].append(site.id)

    def _rank(self, site: Site) -> None:
        """Let the second of several be known as such."""
        for path in sorted(site.paths)[:MOST_RANKED] or [site.path]:
            own = self.ranks.own(path) if site.kind != "op" else set[str]()
            _own(site, own, OWN)
            for rank in self.ranks.of(path) - own:
                put_token(site.around, rank, PARENT)

    def _shorten(self) -> None:
        """Let selectors of calls name all of those alike, and no number of a call where there is but one."""
        calls = Counter(call.key for call in self.trace.calls)
        folds = Counter(folded(call.key) for call in self.trace.calls)
        for site in self.all:
            key = folded(site.path)
            if site.kind != "call" or key != site.key or len(site.owners) != folds[key]:
                continue
            if len(site.paths) > 1:
                site.selector = f"{NUMBER.sub('*', selector_of(site.path))}:{site.port}"
            elif calls[site.path] == 1:
                site.selector = f"{selector_of(site.path)}:{site.port}"

    def folded(self, path: str) -> str:
        """Return a path with ``*`` for each number in it, also for those at the end of names in a row."""
        parts = []
        for part in path.split("."):
            stem = part.rstrip("0123456789")
            parts.append(f"{stem}*" if stem in self._numbered and stem != part else part)
        return folded(".".join(parts))

    def _add_call(self, call: Call) -> None:
        key = self.folded(call.key)
        tokens = call_names(call.key, call.class_name)
        for port in (*told(call.inputs), *told(call.outputs)):
            value = self.trace.value_at(port)
            if value is None:
                continue
            kind: Kind = "call"
            ident = (kind, key, port.name, value.shape)
            site = self._by_key.get(ident)
            if site is None:
                order = call.first_op if port.name.startswith("in") else call.last_op
                selector = f"{call.exact_name}:{port.name}"
                site = self._new(
                    ident, kind, key, port.name, value.shape, value.dtype, selector, order, call.key
                )
                _add_tokens(site, *tokens)
                for name in (port.name, port.alias):
                    _own(site, port_tokens(name), OWN)
            self._seen(site, value.id, call.id, call.source, call.key)

    def _add_op(self, op: Op) -> None:
        path = "" if op.call is None else self.trace.calls[op.call].key
        place = OUTSIDE if op.call is None else path
        number = self._targets[place, op.target]
        self._targets[place, op.target] += 1
        key = self.folded(path)
        for port in op.outputs:
            value = self.trace.value_at(port)
            if value is None:
                continue
            kind: Kind = "op"
            ident = (kind, key, op.target, op.source, port.name, value.shape)
            site = self._by_key.get(ident)
            if site is None:
                selector = f"{selector_of(place)}/{escape(op.target)}@{number}:{port.name}"
                site = self._new(ident, kind, key, port.name, value.shape, value.dtype, selector, op.id, path)
                self._name_op(site, op, port)
            self._seen(site, value.id, op.call, op.source, path)

    def _name_op(self, site: Site, op: Op, port: Port) -> None:
        call = None if op.call is None else self.trace.calls[op.call]
        own, around = call_names(call.key, call.class_name) if call else ({}, {})
        for token, strength in {**around, **own}.items():
            put_token(site.around, token, strength * PARENT if token in own else strength)
        _own(site, name_tokens(op.target), NEAR)
        if port.name == "score":
            _own(site, frozenset({"score", "attention"}), OWN)
        if op.source is not None and op.parent is None:
            source = self.trace.sources[op.source]
            for name in names_given(source.text):
                for token in name_tokens(name):
                    put_token(site.around, token, NEAR)

    def _add_parameters(self) -> None:
        for module in self.trace.modules:
            for tensor in module.tensors or ():
                path = f"{module.path}.{tensor.name}" if module.path else tensor.name
                key, kind = self.folded(module.path), "parameter"
                ident = (kind, key, tensor.name, tensor.shape)
                site = self._by_key.get(ident)
                if site is None:
                    selector = selector_of(path)
                    site = self._new(
                        ident,
                        "parameter",
                        key,
                        tensor.name,
                        tensor.shape,
                        tensor.dtype,
                        selector,
                        -1,
                        module.path,
                    )
                    _add_tokens(site, *call_names(module.path, module.class_name))
                    _own(site, name_tokens(tensor.name), OWN)

    def _new(
        self,
        ident: Hashable,
        kind: Kind,
        key: str,
        port: str,
        shape: Shape,
        dtype: str,
        selector: str,
        order: int,
        path: str,
    ) -> Site:
        site = Site(len(self.all), kind, key, port, shape, dtype, selector, order, path)
        self.all.append(site)
        self._by_key[ident] = site
        return site

    def _seen(self, site: Site, value: int, owner: int | None, source: int | None, path: str) -> None:
        """Add one of those alike, with the names by which others know its value."""
        site.paths.add(path)
        if value not in site.values:
            site.values.add(value)
            for token, strength in self._known_as.get(value, {}).items():
                put_token(site.around, token, strength)
        if owner is not None:
            site.owners.append(owner)
        if source is not None and source not in site.lines:
            site.lines.add(source)
            text = self.trace.sources[source]
            for token in line_tokens(text.text, text.function):
                put_token(site.around, token, LINE)
            if site.kind == "call" and site.direction == "out":
                for name in names_given(text.text):
                    for token in name_tokens(name):
                        put_token(site.around, token, NEAR)


def _numbered_names(trace: Records) -> frozenset[str]:
    """Return the names that many modules beside each other have but for a number: ``encoder_layer_``."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for module in trace.modules:
        parent, _, name = module.path.rpartition(".")
        stem = name.rstrip("0123456789")
        if stem != name and stem.endswith("_"):
            found[parent, stem] += 1
    return frozenset(stem for (_, stem), count in found.items() if count >= LEAST_ALIKE)


MOST_RANKED = 48
LEAST_ALIKE = 4
"""So many modules with numbered names are told as one."""


@lru_cache(maxsize=1 << 14)
def folded(path: str) -> str:
    """Return a path with ``*`` for each number in it."""
    return NUMBER.sub("*", path)


def _add_tokens(site: Site, own: dict[str, float], around: dict[str, float]) -> None:
    for token, strength in own.items():
        put_token(site.own, token, strength)
    for token, strength in around.items():
        put_token(site.around, token, strength)


def _own(site: Site, tokens: Iterable[str], strength: float) -> None:
    for token in tokens:
        put_token(site.own, token, strength)


def shapes_below(trace: Records, site: Site) -> frozenset[Shape]:
    """Return the shapes of all that was in the calls of a site, derived ones too, parameters not."""
    found: set[int] = set()
    for call in [trace.calls[call] for call in dict.fromkeys(site.owners)][:8]:
        found.update(
            port.value for port in (*told(call.inputs), *told(call.outputs)) if port.value is not None
        )
        for op in trace.ops[call.first_op : call.last_op]:
            found.update(port.value for port in op.ports if port.value is not None)
    values = [trace.values[value] for value in found]
    return frozenset(value.shape for value in values if value.origin not in ("parameter", "buffer"))
