"""What is said of a mention whose place is named exactly: that place decides, and no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shapeflow.model.path_index import selector_of
from shapeflow.notes.mention import Mention
from shapeflow.notes.places.site_names import port_tokens
from shapeflow.notes.places.sites import Shape, Site
from shapeflow.notes.placing.meant import Meant
from shapeflow.notes.placing.placing import Placing
from shapeflow.notes.placing.relations import FITS, WHOLE, Relation, sizes_of
from shapeflow.notes.verdicts.mark import Mark, Verdict
from shapeflow.notes.words.words import text_tokens
from shapeflow.shapes.notation import Expression, shape_text

SURE, UNSURE = 0.97, 0.5
DIFFERS = frozenset({"contradicted", "layout differs"})
SOMEWHERE = frozenset({"exact", "symbolic", "nobatch", "layout"})


def named_mark(
    mention: Mention, meant: Meant, placing: Placing, below: Callable[[Site], frozenset[Shape]]
) -> Mark:
    """Return what is at the place that the nearest name of a mention means.

    Args:
        mention: the mention.
        meant: what its name means.
        placing: what knows how shapes fit.
        below: the shapes of all that is inside of a place.
    """
    if not meant.sites:
        why = f"nothing in this run is called '{meant.name}'"
        return Mark(mention, "cannot tell", "", "", (why,), (), UNSURE)
    hows = [(site, placing.relation_of(mention, site.shape)) for site in meant.sites]
    wanted = WHOLE if meant.parameter else FITS
    fit = next((site for site, how in hows if how in wanted), None)
    if fit is not None and fit is not meant.sites[0] and _is_other_port(mention, fit, meant.sites[0]):
        fit = None
    if fit is not None:
        verdict: Verdict = "confirmed" if _has_numbers(mention, placing) else "symbolic, consistent"
        return _mark(mention, meant, fit, verdict, placing, SURE)
    ordered = next((site for site, how in hows if how == "layout"), None)
    site = ordered or meant.sites[0]
    verdict = "cannot tell"
    inside = () if meant.told else _nearby(mention, meant, placing, below)
    if meant.close and not any(how in FITS for how in inside):
        if ordered is not None:
            verdict = "layout differs"
        elif "layout" not in inside and _is_comparable(mention, meant, site, placing):
            verdict = "contradicted"
    if verdict == "cannot tell" and not any(
        placing.relation_of(mention, shape) in SOMEWHERE for shape in placing.sites.by_shape
    ):
        verdict = "not in this run"
    return _mark(mention, meant, site, verdict, placing, SURE if verdict in DIFFERS else UNSURE)


def several_mark(mention: Mention, meant: Meant, placing: Placing) -> Mark:
    """Return what is said of a shape that fits none of several places with one name: it differs from all."""
    sizes = sizes_of(mention.pattern, placing.sizes)
    differs = all(
        len(sizes) == len(site.shape)
        and any(size not in (None, there) for size, there in zip(sizes[1:], site.shape[1:], strict=True))
        for site in meant.sites
    )
    verdict: Verdict = "contradicted" if differs else "cannot tell"
    return _mark(mention, meant, meant.sites[0], verdict, placing, SURE if differs else UNSURE)


def _is_other_port(mention: Mention, fit: Site, first: Site) -> bool:
    """Return whether a shape fits only a further one of several results, and its words do not name it."""
    if fit.port == first.port or fit.kind != "call":
        return False
    return not port_tokens(fit.port) & text_tokens(f"{mention.frame.before} {mention.frame.row}")


def _nearby(
    mention: Mention, meant: Meant, placing: Placing, below: Callable[[Site], frozenset[Shape]]
) -> Sequence[Relation]:
    """Return how a mention fits what is inside the place that it names."""
    if meant.parameter:
        return ()
    shapes = frozenset[Shape]().union(*(below(site) for site in meant.sites[:4]))
    return [placing.relation_of(mention, shape) for shape in shapes]


def _is_comparable(mention: Mention, meant: Meant, site: Site, placing: Placing) -> bool:
    """Return whether a shape can only be a wrong one: only its batch differs, or it is a part, or letters."""
    sizes = sizes_of(mention.pattern, placing.sizes)
    known = [size for size in sizes if size is not None]
    if len(known) < 2 or (len(known) < len(sizes) and len(sizes) != len(site.shape)):
        return False
    if abs(len(sizes) - len(site.shape)) > 1:
        return False
    if meant.parameter:
        return len(sizes) == len(site.shape)
    if any(one.shape != site.shape for one in meant.sites):
        return False
    return len(sizes) != len(site.shape) or any(
        size is not None and size != there for size, there in zip(sizes[1:], site.shape[1:], strict=True)
    )


def _has_numbers(mention: Mention, placing: Placing) -> bool:
    """Return whether a size is known of a shape as written, other than ones."""
    for dim in mention.pattern.dims:
        if isinstance(dim.meaning, Expression):
            symbols = dim.meaning.symbols
            if (not symbols and dim.text.strip() != "1") or (
                symbols and all(symbol in placing.given for symbol in symbols)
            ):
                return True
    return False


def _mark(
    mention: Mention, meant: Meant, site: Site, verdict: Verdict, placing: Placing, confidence: float
) -> Mark:
    sources = [placing.sites.trace.sources[line] for line in sorted(site.lines)[:1]]
    evidence = (*(f"{source}: {source.text}" for source in sources), f"the text names '{meant.name}'")
    place = site.selector
    if meant.path and site.kind == "call" and (site.path != meant.path or len(site.paths) > 1):
        place = f"{selector_of(meant.path)}:{site.port}"
    elif meant.parameter and meant.path:
        whole = meant.path if meant.path.endswith(site.port) else f"{meant.path}.{site.port}"
        place = selector_of(whole)
    return Mark(mention, verdict, place, shape_text(site.dtype, site.shape), evidence, (), confidence)
