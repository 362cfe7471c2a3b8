"""A shape right behind the name of a variable: what the code gave this variable decides."""

from __future__ import annotations

import re
from collections.abc import Mapping

from shapeflow.notes.mention import Mention
from shapeflow.notes.placing.chain import Placed
from shapeflow.notes.placing.placing import Placing
from shapeflow.notes.placing.relations import FITS, Shape, relations, sizes_of
from shapeflow.notes.verdicts.mark import Mark, Verdict
from shapeflow.notes.words.words import name_tokens
from shapeflow.shapes.notation import shape_text

SURE = 0.85
"""How sure it is that a shape right behind the name of a variable is of that variable."""
_NAMED = re.compile(
    r"(?<![\w.])([A-Za-z_]\w*)(?:\.shape|\.size\(\))?[`*'\"]*\s*[:=]\s*(?:torch\.Size\(?)?[`(\[]*\s*$"
)


def variable_mark(
    placed: Placed, placing: Placing, variables: Mapping[str, Mapping[Shape, int]]
) -> Mark | None:
    """Return the mark of a shape that a variable never had; None of another shape.

    A letter may stand for any size. One size is another one, or the order is.

    Args:
        placed: the mention with its places.
        placing: what knows how shapes fit.
        variables: the shapes that each variable had, with a value for each.
    """
    mention, sites = placed.mention, placing.sites
    named = _NAMED.search(mention.frame.before)
    if named is None or sum((size or 1) > 1 for size in sizes_of(mention.pattern, {})) < 2:
        return None
    given = variables.get(named[1], {})
    hows = relations(mention.pattern, given, {}, placing.fits.batch)
    if any(how in FITS for how in hows.values()):
        return None
    called = name_tokens(named[1])
    if any(one.relation in FITS and called & sites.all[one.site].own.keys() for one in placed.states):
        return None  # a place of about this name has the shape
    alike = [shape for shape, how in hows.items() if how == "layout" or _is_nearly(mention, shape)]
    there = [sites.all[one] for shape in alike for one in sites.by_value.get(given[shape], ())[:1]]
    site = max(there, key=lambda one: one.order, default=None)  # what a line makes in the end
    if site is None:
        return None
    verdict: Verdict = "layout differs" if hows[site.shape] == "layout" else "contradicted"
    why = f"the code gives '{named[1]}' no such shape"
    return Mark(mention, verdict, site.selector, shape_text(site.dtype, site.shape), (why,), (), SURE)


def _is_nearly(mention: Mention, shape: Shape) -> bool:
    """Return whether a shape as written has as many dims as another one, and one other size at most."""
    sizes = sizes_of(mention.pattern, {})
    if len(sizes) != len(shape):
        return False
    return sum(size not in (None, there) for size, there in zip(sizes, shape, strict=True)) <= 1
