"""The small pictures of a run, put to the sections that speak of what they show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from shapeflow.model.containers import ids_at
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.pictures import LARGEST_SIDE, MISSING, MOST_BYTES, MOST_PICTURES, Picture
from shapeflow.model.records import Op
from shapeflow.model.trace import Trace
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.colours import Colours
from shapeflow.reporting.view.material import SectionMaterial
from shapeflow.reporting.view.model import SectionView
from shapeflow.reporting.view.pictures_model import PicturesView, PictureView, ValuePicture

if TYPE_CHECKING:
    from shapeflow.walkthrough.verdict import CheckResult

OVERLAYS = ("boxes", "masks")
"""Kinds that are transparent, and shown over the picture that went in."""
SCORED = ("given", "sigmoid", "presence", "softmax")
ADAPTERS = ("sam3", "sam3-transformers")
"""Their weights are random without a checkpoint."""


class Pictures:
    """The pictures of a trace, each of which is shown once.

    Args:
        trace: the run.
        names: its names.
        colours: of the sizes.
        words: the interface words.
        given: the input as the adapter keeps it.
    """

    def __init__(
        self, trace: Trace, names: ExactNames, colours: Colours, words: Translator, given: PictureView | None
    ) -> None:
        self._trace, self._names, self._colours, self._words = trace, names, colours, words
        room, kept = MOST_BYTES, []
        for picture in trace.pictures[:MOST_PICTURES]:
            room -= len(picture.data)
            if room >= 0:
                kept.append(picture)
        self._left: list[Picture] = kept
        own = next((_link(picture.data) for picture in kept if picture.kind == "input"), "")
        under = any(picture.kind in OVERLAYS and picture.data for picture in kept)
        self.base = (given.data if given else own) if under else ""
        """The picture that went in, under those that are laid over it."""
        self.note = self._note() if kept else ""

    def _note(self) -> str:
        """Return what one has to know of the weights before one believes a picture."""
        run = self._trace.run
        if run.shapes_only:
            return self._words("pictures-shapes-only")
        if run.inputs.get("checkpoint"):
            return self._words("pictures-checkpoint")
        return self._words("pictures-random" if run.adapter in ADAPTERS else "pictures-own")

    def over(self, picture: PictureView | None) -> PictureView | None:
        """Return the first picture of the page with masks, else boxes, over it where it has none yet."""
        found = {one.kind: one for one in self._left if one.kind in OVERLAYS and one.data}
        best = found.get("masks") or found.get("boxes")
        if best is None or not self.base or (picture is not None and picture.masks):
            return picture
        if picture is None:
            picture = PictureView(self.base, 0, 0, "", ())
        return replace(picture, masks=_link(best.data), over=self._title(best), note=self.note)

    def taken(self, values: Iterable[int]) -> tuple[ValuePicture, ...]:
        """Return the pictures of some values; whoever asks later does not get them again."""
        wanted = set(values)
        mine = [picture for picture in self._left if picture.value in wanted]
        self._left = [picture for picture in self._left if picture.value not in wanted]
        return tuple(map(self._view, mine))

    def placed(
        self, sections: Sequence[SectionView], values: Mapping[str, Sequence[set[int]]]
    ) -> list[SectionView]:
        """Return sections with their pictures; the one that speaks of least else has a picture.

        Args:
            sections: in their order.
            values: what each is about by its id: the values it names, then those of the calls that it names.
        """
        taken: dict[str, tuple[ValuePicture, ...]] = {}
        for rank in range(2):
            about = {name: both[rank] for name, both in values.items()}
            for name in sorted(about, key=lambda name: len(about[name])):
                taken[name] = (*taken.get(name, ()), *self.taken(about[name]))
        return [replace(section, pictures=taken.get(section.id, ())) for section in sections]

    def rest(self) -> tuple[ValuePicture, ...]:
        """Return the pictures of what no section speaks of."""
        return self.taken([picture.value for picture in self._left])

    def _title(self, picture: Picture) -> str:
        words = self._words
        if picture.kind == "attention" and picture.token is not None:
            key = "picture-receives" if picture.receives else "picture-attends"
            return words(key, n=picture.token, all=picture.tokens)
        if picture.kind in OVERLAYS and picture.best:
            return words(f"picture-{picture.kind}-best", n=picture.count, best=picture.best)
        return words(f"picture-{picture.kind}", n=picture.count)

    def _view(self, picture: Picture) -> ValuePicture:
        own = _link(picture.data)
        return ValuePicture(
            selector=self._names.value(picture.value),
            kind=picture.kind,
            title=self._title(picture),
            shape=self._colours.shape(str(self._trace.values[picture.value])),
            how=self._words("sentence-gap").join(self._how(picture)),
            width=min(picture.width, LARGEST_SIDE) or 1,
            height=min(picture.height, LARGEST_SIDE) or 1,
            data=own,
            over=picture.kind in OVERLAYS and bool(own),
            why="" if own else self._why(picture),
        )

    def _why(self, picture: Picture) -> str:
        known = picture.missing if picture.missing in MISSING and picture.missing else "not-drawn"
        return self._words(f"picture-{known}")

    def _how(self, picture: Picture) -> Iterator[str]:
        words = self._words
        if picture.kind == "features":
            few = {1: "picture-one", 2: "picture-two"}.get(picture.channels, "picture-pca")
            yield words(few, n=picture.channels)
            if picture.data and picture.channels > 1:
                yield words("picture-share", n=min(picture.share, 100))
        elif picture.kind == "attention":
            yield words("picture-mean", n=picture.heads)
        elif picture.kind in OVERLAYS and picture.scored in SCORED:
            yield words(f"picture-fades-{picture.kind}")
            yield words(f"scored-{picture.scored}")
        elif picture.kind == "input":
            yield words("picture-range")
        if picture.batch > 1:
            yield words("picture-batch", n=picture.batch)


def _link(data: str) -> str:
    """Return a link to the data of a picture; the trace's reader has checked them."""
    return f"data:image/png;base64,{data}" if data else ""


def lay_pictures(
    parts: SectionMaterial,
    sections: Sequence[SectionView],
    result: CheckResult | None,
    given: PictureView | None,
) -> tuple[list[SectionView], PictureView | None, PicturesView]:
    """Return the sections with pictures, the first picture of the page, and what concerns all pictures."""
    pictures = Pictures(parts.trace, parts.names, parts.colours, parts.words, given)
    first = pictures.over(given)
    placed = pictures.placed(sections, values_about(parts.trace, sections, result))
    return placed, first, PicturesView(pictures.rest(), pictures.note, pictures.base)


def values_about(
    trace: Trace, sections: Sequence[SectionView], result: CheckResult | None
) -> dict[str, list[set[int]]]:
    """Return by a section's id the values of pictures that it names, and those in calls that it names."""
    if not trace.pictures:
        return {}
    about: dict[str, list[set[int]]] = {}
    if result is None:
        tree = {call.exact_name: call.id for call in trace.calls}
        for section in sections:
            calls = {tree[link.selector] for link in section.calls if link.selector in tree}
            about[section.id] = [_given(trace, calls), _made_in(trace, calls)]
        return about
    verdicts = {verdict.claim.id: verdict for verdict in result.verdicts}
    for own in result.document.sections:
        mine = [verdicts[claim] for block in own.blocks for claim in block.claims if claim in verdicts]
        mine = [verdict for verdict in mine if not verdict.claim.said]
        calls = {call for verdict in mine for call in verdict.evidence.calls}
        named = {value for verdict in mine for value in verdict.evidence.values}
        about[own.id or "start"] = [named, _given(trace, calls) | _beside(trace, named)]
    return about


def _given(trace: Trace, calls: Iterable[int]) -> set[int]:
    """Return the values that calls give, and those that ops right inside of them made."""
    wanted = set(calls)
    values = {value for call in wanted for value in ids_at(trace.calls[call].outputs)}
    return values | {value for value, op in _makers(trace) if op.call in wanted}


def _beside(trace: Trace, values: Iterable[int]) -> set[int]:
    """Return the values of pictures that were made in calls that made some others: weights of attention."""
    ops = (trace.values[value].producer for value in values)
    calls = {trace.ops[op].call for op in ops if op is not None}
    return {
        value for value, op in _makers(trace) if not trace.values[value].materialized and op.call in calls
    }


def _made_in(trace: Trace, calls: Iterable[int]) -> set[int]:
    """Return the values of pictures that were made anywhere inside of calls."""
    spans = [(trace.calls[call].first_op, trace.calls[call].last_op) for call in calls]
    return {value for value, op in _makers(trace) if any(first <= op.id < last for first, last in spans)}


def _makers(trace: Trace) -> list[tuple[int, Op]]:
    """Return the values of pictures with the ops that made them."""
    pairs = ((picture.value, trace.values[picture.value].producer) for picture in trace.pictures)
    return [(value, trace.ops[op]) for value, op in pairs if op is not None]
