"""Take pictures while a model runs: of what calls give, of attention, and of what was found.

Each is drawn at once from the numbers at hand, so that no tensor is kept; which are kept is decided at the
end, when it is known what there is. A shapes-only run draws nothing, and says what would have been drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from shapeflow.model.pictures import MOST_BYTES, MOST_PICTURES, Picture
from shapeflow.recording.builders import CallBuilder, OpBuilder
from shapeflow.recording.identity import Identity
from shapeflow.recording.notation import sizes
from shapeflow.recording.pictures import attention, colours, detections
from shapeflow.recording.pictures.drawing import Features, attention_maps, is_plain, photo_of, quietly, tried
from shapeflow.recording.pictures.layouts import Layout, Layouts
from shapeflow.recording.pictures.plan import Plan, few
from shapeflow.recording.ports import walk

LEAST_SIDE = 4
"""Smaller maps show nothing."""
LEAST_PHOTO = 16
PHOTO_SIDE = 128
ENOUGH_FEATURES = 16
"""Where there are so many, calls inside of these are left out."""
MOST_FEATURES = 24
MOST_ATTENTION = 12
MOST_DRAWN = 120
"""Of features, before the choice; it bounds the time that a model of very many maps takes."""
MOST_A_CALL = 8

Rows = Sequence[tuple[str, str, Any]]


class PictureTaker:
    """Takes the pictures of one run.

    Args:
        model: the root.
        identity: which tensor is which value.
        draws: False in a shapes-only run.
    """

    def __init__(self, model: nn.Module, identity: Identity, *, draws: bool) -> None:
        self._plan, self._identity, self._draws = Plan(model), identity, draws
        self._layouts = Layouts(identity.values)
        self._seen: set[str] = set()
        self._inputs: dict[int, Picture] = {}
        self._frame: tuple[int, int] | None = None
        """Height and width of the picture that went in."""
        self._features: dict[int, tuple[int, Picture]] = {}
        self._attention: dict[str, tuple[bool, list[Picture]]] = {}
        self._pending: dict[int, tuple[attention.Wanted, bool, list[Picture]]] = {}
        self._found: tuple[Picture, ...] = ()

    # What happens ----------------------------------------------------------------------------------------

    def call_began(self, call: CallBuilder, rows: Rows) -> None:
        """Look at what goes into a model."""
        if call.parent is not None or self._inputs:
            return
        for name, _, given in rows:
            for _, leaf in walk(name, given):
                value = self._value(leaf)
                if value is None or not _is_photo(shape := sizes(leaf)):
                    continue
                rows_of, columns = shape[-2:]
                self._frame = rows_of, columns
                scale = min(1.0, PHOTO_SIDE / max(rows_of, columns))
                height, width = (max(1, round(side * scale)) for side in (rows_of, columns))
                blank = Picture(
                    value, "input", "", width, height, shape[-3], batch=shape[0] if len(shape) == 4 else 1
                )
                self._inputs[value] = self._drawn(blank, leaf, photo_of)
                return

    def call_ended(self, call: CallBuilder, rows: Rows) -> None:
        """Look at what a call gave."""
        level = self._plan.levels.get(call.path)
        if level is None or level > self._plan.deepest:
            return
        leaves = [pair for name, _, given in rows for pair in walk(name, given)]
        leaves = [(name, leaf) for name, leaf in leaves if isinstance(leaf, Tensor)]
        self._look_for_boxes(call, leaves)
        level += call.method != "forward"
        first = call.key not in self._seen
        self._seen.add(call.key)
        for _, leaf in leaves[:MOST_A_CALL]:
            value = self._value(leaf)
            known = None if value is None else self._features.get(value)
            if value is not None and known is not None:
                self._features[value] = min(level, known[0]), known[1]
            elif value is not None and first and len(self._features) < MOST_DRAWN:
                blank = self._map_of(value, leaf)
                if blank is not None:
                    layout = self._layouts.of(value)
                    assert layout is not None
                    self._features[value] = level, self._drawn(blank, leaf, Features(layout))

    def op_began(self, op: OpBuilder, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Look at the queries and keys of attention whose scores are never built."""
        if op.target != "scaled_dot_product_attention" or self._plan.is_skipped(path):
            return
        given = attention.arguments_of(args, kwargs)
        if given is None:
            return
        query, key, mask = given["query"], given["key"], given.get("attn_mask")
        sides = [self._tokens(self._value(tensor), sizes(tensor)) for tensor in (query, key)]
        batch, heads, queries, keys = (*sizes(query)[:3], sizes(key)[2])
        wish = attention.wanted(sides[0], sides[1], (queries, keys))
        if wish is None or (wish.receives and queries * keys > attention.MOST_PRODUCTS):
            return
        own, scale = wish, given.get("scale")

        def weights() -> list[Tensor]:
            return attention.attention_of(query, key, mask, own, scale)

        pictures = self._attention_pictures(wish, (batch, heads), (query, key), weights)
        self._pending[op.id] = wish, None not in sides, pictures

    def op_ended(self, op: OpBuilder, path: str, leaves: Iterable[tuple[str, Any]]) -> None:
        """Learn what an op did with the axes, and look at weights of attention."""
        self._layouts.ended(op)
        pending = self._pending.pop(op.id, None)
        if pending is not None:
            score = next((port.value for port in op.outputs if port.name == "score"), None)
            if score is not None:
                self._note_attention(op, path, score, *pending)
        elif op.target == "softmax" and not self._plan.is_skipped(path):
            for _, leaf in leaves:
                self._look_at_weights(op, path, leaf)

    def _look_at_weights(self, op: OpBuilder, path: str, leaf: Any) -> None:
        """Look at weights of attention that are built, ``[…, queries, keys]``."""
        value = self._value(leaf)
        pair = None if value is None else self._layouts.pairs.get(value)
        shape = sizes(leaf) if pair is not None else ()
        if value is None or pair is None or len(shape) not in (3, 4) or not _over_keys(op, len(shape)):
            return
        wish = attention.wanted(*pair, (shape[-2], shape[-1]))
        if wish is not None:
            counts = (shape[0], shape[1]) if len(shape) == 4 else (1, shape[0])
            own = wish

            def weights() -> list[Tensor]:
                return attention.maps_of(leaf, own)

            pictures = self._attention_pictures(wish, counts, (leaf,), weights)
            self._note_attention(op, path, value, wish, None not in pair, pictures)

    def found(self) -> tuple[Picture, ...]:
        """Return the pictures to keep, in the order of the run: there is room for so many.

        What went in and what was found come first, then attention, then features from the outermost in.
        """
        groups = sorted(self._attention.values(), key=lambda group: group[0])
        maps = [picture for _, pictures in groups for picture in pictures][:MOST_ATTENTION]
        ordered = [*self._inputs.values(), *self._found, *maps, *self._chosen()]
        kept, room = [], MOST_BYTES
        for picture in ordered[:MOST_PICTURES]:
            room -= len(picture.data)
            if room < 0:
                break
            kept.append(picture)
        return tuple(sorted(kept, key=lambda picture: picture.value))

    def _chosen(self) -> list[Picture]:
        """Return the features to keep: level by level, and of a level that is too much a few all along it."""
        chosen: list[Picture] = []
        for level in sorted({level for level, _ in self._features.values()}):
            if len(chosen) >= ENOUGH_FEATURES:
                break
            there = [picture for own, picture in self._features.values() if own == level]
            chosen += [there[number] for number in few(len(there), MOST_FEATURES - len(chosen))]
        return chosen

    # Drawing ---------------------------------------------------------------------------------------------

    def _value(self, leaf: object) -> int | None:
        return self._identity.current(leaf) if isinstance(leaf, Tensor) else None

    def _map_of(self, value: int, leaf: Tensor) -> Picture | None:
        """Return the picture to be drawn of a value that is a map of numbers, still empty."""
        layout, shape = self._layouts.of(value), sizes(leaf)
        if layout is None or layout.channels is None or not leaf.is_floating_point():
            return None
        if min(layout.height, layout.width) < LEAST_SIDE or len(shape) not in (3, 4):
            return None
        channels = shape[layout.channels]
        height, width = colours.side_of(layout.height, layout.width, channels)
        items = 1
        for axis, size in enumerate(shape):
            items *= 1 if axis in layout.axes or axis == layout.channels else size
        return Picture(value, "features", "", width, height, channels, batch=items) if items else None

    def _drawn(self, blank: Picture, leaf: Tensor, draw: Callable[[Tensor, Picture], Picture]) -> Picture:
        """Return a picture drawn, or with the reason why it is not."""
        if not self._draws:
            return replace(blank, missing="shapes-only")
        if not is_plain(leaf):
            return replace(blank, missing="not-drawn")
        with quietly(leaf), torch.no_grad():
            return tried(lambda: draw(leaf.detach(), blank)) or replace(blank, missing="not-drawn")

    def _tokens(self, value: int | None, shape: tuple[int, ...]) -> Layout | None:
        """Return the layout of queries or keys that are a map: ``[…, tokens, width]``."""
        layout = self._layouts.of(value)
        fits = layout is not None and layout.axes == (len(shape) - 2,)
        small = layout is not None and min(layout.height, layout.width) < LEAST_SIDE
        return layout if fits and not small else None

    def _attention_pictures(
        self,
        wish: attention.Wanted,
        counts: tuple[int, int],
        read: Sequence[Tensor],
        weights: Callable[[], list[Tensor]],
    ) -> list[Picture]:
        """Return the pictures of the wanted maps.

        Args:
            wish: which.
            counts: items in the batch, and heads.
            read: what the weights are made from.
            weights: makes them, a map each.
        """
        height, width = colours.side_of(wish.grid.height, wish.grid.width)
        blank = Picture(0, "attention", "", width, height, batch=counts[0], heads=counts[1])
        blank = replace(blank, tokens=wish.count, receives=wish.receives)
        blanks = [replace(blank, token=token) for token in wish.tokens]
        if not self._draws:
            return [replace(one, missing="shapes-only") for one in blanks]
        drawn = None
        if all(map(is_plain, read)):
            with quietly(read[0]), torch.no_grad():
                drawn = tried(lambda: attention_maps(blanks, wish, weights()))
        return [replace(one, missing="not-drawn") for one in blanks] if drawn is None else drawn

    def _note_attention(
        self,
        op: OpBuilder,
        path: str,
        value: int,
        wish: attention.Wanted,
        is_self: bool,
        pictures: Sequence[Picture],
    ) -> None:
        """Keep the maps of one op; of layers that repeat those of the last remain."""
        group = attention.group_of(path, op.target, (wish.receives, wish.count, wish.grid.tokens))
        self._attention[group] = is_self, [replace(picture, value=value) for picture in pictures]

    def _look_for_boxes(self, call: CallBuilder, leaves: Sequence[tuple[str, Tensor]]) -> None:
        families = self._plan.families.get(call.path, ())
        found = detections.find({name: sizes(leaf) for name, leaf in leaves}, families)
        if found is None:
            return
        tensors = dict(leaves)
        given = {what: tensors[name] for what, name in found.places.items()}
        values = {what: self._value(tensor) for what, tensor in given.items()}
        if None in values.values() or (found.convention.pixels and self._frame is None):
            return
        blanks = detections.blanks(found, {what: sizes(t) for what, t in given.items()}, self._frame)
        blanks = {what: replace(blank, value=values[what] or 0) for what, blank in blanks.items()}
        if not self._draws:
            self._found = tuple(replace(blank, missing="shapes-only") for blank in blanks.values())
            return
        if all(map(is_plain, given.values())):
            with quietly(given["boxes"]), torch.no_grad():
                frame = self._frame or (1, 1)
                drawn = tried(lambda: detections.draw(found, given, blanks, frame))
        else:
            drawn = None
        self._found = drawn or tuple(replace(blank, missing="not-drawn") for blank in blanks.values())


def _over_keys(op: OpBuilder, rank: int) -> bool:
    """Return whether a softmax is over its last axis."""
    return any(port.value is None and port.text in ("-1", str(rank - 1)) for port in op.inputs[1:3])


def _is_photo(shape: tuple[int, ...]) -> bool:
    """Return whether an input looks like a picture, or several, channels first."""
    return len(shape) in (3, 4) and shape[0] > 0 and shape[-3] in (1, 3) and min(shape[-2:]) >= LEAST_PHOTO
