"""A run in a notebook: its table as rows that fold, a search, and the model as a picture.

Nothing is loaded. A notebook that is not trusted takes style and script away: what is left are the rows,
which fold as well, with their numbers named in each.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from itertools import takewhile
from typing import TYPE_CHECKING

from shapeflow.common.control_characters import visible_line
from shapeflow.common.places import display_target
from shapeflow.common.text import counted
from shapeflow.common.units import format_bytes, format_count
from shapeflow.model.records import Records
from shapeflow.model.summary import Summary
from shapeflow.model.summary_rows import Layer, Tensors
from shapeflow.model.trace import Trace
from shapeflow.reporting.summary.groups import DEEPEST
from shapeflow.reporting.summary.rows import layers
from shapeflow.reporting.summary.text import shape_of, size_text
from shapeflow.reporting.summary.totals_text import (
    costs_text,
    ends_text,
    parameters_text,
    peak_text,
    recorded_text,
    run_text,
)
from shapeflow.reporting.translator import Translator

if TYPE_CHECKING:
    from shapeflow.model.summary_rows import Totals

MOST_ROWS = 250
"""Rows that are there to be opened; of a larger model the innermost layers are left out."""
LONGEST = 120
"""Letters of a name."""
MOST_PICTURE = 100_000
"""Bytes of a picture of the model."""
BAD = "#d8453b"
"""Red that stands on white and on dark: a notebook does not say which it is."""

STYLE = """
.shapeflow{font:13px/1.5 system-ui,sans-serif;color:inherit;max-width:78em;overflow-x:auto}
.shapeflow .sf-body{min-width:56em}
.shapeflow code,.shapeflow .sf-s{font:12px/1.5 ui-monospace,Menlo,Consolas,monospace;color:inherit;
 background:none;padding:0}
.shapeflow .sf-r,.shapeflow .sf-h[hidden]{display:grid;column-gap:.8em;list-style:none;
 grid-template-columns:minmax(12em,1fr) 14.5em 14.5em 5em 4.5em 4.5em 5em;
 border-bottom:1px solid rgba(128,128,128,.22)}
.shapeflow .sf-r[hidden]:not(.sf-h),.shapeflow details[hidden]{display:none}
.shapeflow .sf-r::-webkit-details-marker{display:none}
.shapeflow summary.sf-r{cursor:pointer}
.shapeflow .sf-r:hover{background:rgba(128,128,128,.12)}
.shapeflow .sf-r>span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.shapeflow .sf-v{text-align:right;font-variant-numeric:tabular-nums}
.shapeflow .sf-n::before{content:"";display:inline-block;width:1.1em}
.shapeflow summary>.sf-n::before{content:"\\25b8"}
.shapeflow details[open]>summary>.sf-n::before{content:"\\25be"}
.shapeflow .sf-in{padding-left:1.1em}
.shapeflow .sf-u{display:none}
.shapeflow .sf-h,.shapeflow i,.shapeflow .sf-f{opacity:.72}
.shapeflow i{font-style:normal}
.shapeflow .sf-bad{color:#d8453b;font-weight:600}
.shapeflow .sf-find{font:inherit;color:inherit;background:transparent;border:1px solid rgba(128,128,128,.5);
 border-radius:4px;padding:2px 8px;margin:4px 0;width:18em}
.shapeflow img{max-width:100%;background:#fff;border-radius:4px}
"""

SCRIPT = """
document.querySelectorAll(".shapeflow:not([data-ready])").forEach(function (view) {
  view.setAttribute("data-ready", "");
  var rows = Array.prototype.slice.call(view.querySelectorAll(".sf-r:not(.sf-h)"));
  var folds = Array.prototype.slice.call(view.querySelectorAll(".sf-body details"));
  if (rows.length < 2) return;
  var open = folds.map(function (fold) { return fold.open; });
  var find = document.createElement("input");
  find.type = "search";
  find.className = "sf-find";
  find.placeholder = "search layers, classes, shapes";
  find.setAttribute("aria-label", find.placeholder);
  function hits(row, words) {
    var text = (row.firstElementChild.title + " " + row.textContent).toLowerCase();
    return words.every(function (word) { return text.indexOf(word) >= 0; });
  }
  find.addEventListener("input", function () {
    var words = find.value.toLowerCase().split(/\\s+/).filter(Boolean);
    rows.concat(folds).forEach(function (element) { element.hidden = false; });
    folds.forEach(function (fold, number) { fold.open = open[number]; });
    if (!words.length) return;
    rows.slice().reverse().forEach(function (row) {
      var fold = row.parentNode.nodeName === "DETAILS" ? row.parentNode : null;
      var inner = fold && fold.querySelector(".sf-in > .sf-r:not([hidden]), .sf-in > details:not([hidden])");
      var mine = hits(row, words);
      if (fold) { fold.hidden = !mine && !inner; fold.open = !!inner; } else { row.hidden = !mine; }
    });
  });
  view.insertBefore(find, view.querySelector(".sf-body"));
});
"""


def trace_html(trace: Trace) -> str:
    """Return a run as HTML: its layers to be opened and searched, its totals, and a picture of the model."""
    whole = layers(trace, DEEPEST)
    fit = takewhile(lambda level: _count(whole, level) <= MOST_ROWS, range(DEEPEST + 1))
    depth = max(fit, default=0)
    rows = [layer for layer in whole if layer.level <= depth][:MOST_ROWS]
    left = len(whole) - len(rows)
    table = Summary(trace)
    opened = {(layer.level, layer.call) for layer in table.layers}
    parts = [_table(rows, opened, table.totals.dtype)]
    if left:
        more = f"{counted(left, 'row')} more: trace.summary(depth={depth + 1}), or trace.to_pandas()"
        parts.append(f'<div class="sf-f">{escape(more)}</div>')
    return _view(trace, table.totals, [*parts, *_picture(trace)])


def summary_html(table: Summary) -> str:
    """Return the table of a run as HTML, all of its rows open."""
    rows = table.layers[:MOST_ROWS]
    parts = [_table(rows, {(layer.level, layer.call) for layer in rows}, table.totals.dtype)]
    if len(table.layers) > len(rows):
        more = f"{counted(len(table.layers) - len(rows), 'row')} more: print(…), .to_csv() or .to_pandas()"
        parts.append(f'<div class="sf-f">{escape(more)}</div>')
    return _view(table.trace, table.totals, parts)


def _count(rows: Sequence[Layer], depth: int) -> int:
    return sum(1 for row in rows if row.level <= depth)


def _view(trace: Records, totals: Totals, parts: Sequence[str]) -> str:
    """Return the title of a run, parts of its view, and what it amounts to."""
    how = "shapes only" if trace.run.shapes_only else trace.run.device
    facts = [how, f"{format_count(totals.parameters)} parameters"]
    if totals.flops:
        facts.append(f"{format_count(totals.multiply_adds)} multiply-adds")
    facts.append(counted(totals.calls, "call"))
    head = f"<div><b>{_text(display_target(trace.run.target))}</b> <i>{escape(' · '.join(facts))}</i></div>"
    failure = trace.run.failure
    if failure:
        first = _text(f"failed: {failure.type}: {failure.first_line}", 400)
        head += f'<div class="sf-bad" style="color:{BAD}">{first}</div>'
    return (
        f'<div class="shapeflow"><style>{STYLE}</style>{head}{"".join(parts)}'
        f"{_totals(totals)}<script>{SCRIPT}</script></div>"
    )


def _table(rows: Sequence[Layer], opened: set[tuple[int, int]], dtype: str) -> str:
    heading = "".join(
        f'<span class="{"sf-v" if number > 2 else ""}">{name}</span>'
        for number, name in enumerate(("layer", "input", "output", "params", "MACs", "FLOPs", "bytes"))
    )
    body = "".join(_nested(rows, opened, dtype))
    return f'<div class="sf-body"><div class="sf-r sf-h" hidden>{heading}</div>{body}</div>'


def _nested(rows: Sequence[Layer], opened: set[tuple[int, int]], dtype: str) -> Iterator[str]:
    """Yield rows, those that others lie in as what can be opened."""
    around: list[int] = []
    for number, row in enumerate(rows):
        while around and around[-1] >= row.level:
            around.pop()
            yield "</div></details>"
        inner = rows[number + 1] if number + 1 < len(rows) else None
        if inner is None or inner.level <= row.level:
            yield f'<div class="sf-r">{_cells(row, dtype)}</div>'
        else:
            shown = " open" if (inner.level, inner.call) in opened else ""
            yield f'<details{shown}><summary class="sf-r">{_cells(row, dtype)}</summary><div class="sf-in">'
            around.append(row.level)
    yield "</div></details>" * len(around)


def _cells(row: Layer, dtype: str) -> str:
    times = f" × {row.calls}" if row.calls > 1 else ""
    raised = f' <b class="sf-bad" style="color:{BAD}">raised</b>' if row.raised else ""
    name = _text(row.name)
    parameters = format_count(row.parameters) if row.parameters else ""
    mark = ("*" if row.shared else "") + (" frozen" if row.parameters and row.trainable == 0 else "")
    title = " counted in a row above, too" if row.shared else ""
    cells = [
        f'<span class="sf-n" title="{_text(row.selector)}"><code>{name}</code>{times} '
        f"<i>{_text(row.class_name)}</i>{raised}</span>",
        f'<span class="sf-s">{_side(row.input, dtype)}<span class="sf-u"> → </span></span>',
        f'<span class="sf-s">{_side(row.output, dtype)}</span>',
        _number(parameters + mark if parameters else "", "parameters", title),
        _number(format_count(row.multiply_adds) if row.flops else "", "multiply-adds"),
        _number(format_count(row.flops) if row.flops else "", "FLOPs"),
        _number(format_bytes(row.bytes) if row.bytes else "", ""),
    ]
    return " ".join(cells)


def _number(text: str, unit: str, title: str = "") -> str:
    named = f'<span class="sf-u"> {unit},</span>' if text and unit else ""
    told = f' title="{title.strip()}"' if title else ""
    return f'<span class="sf-v"{told}>{escape(text)}{named}</span>'


def _side(side: Tensors, dtype: str) -> str:
    more = f" +{size_text(side.more)}" if side.more else ""
    return _text(shape_of(side, dtype)) + more


def _totals(totals: Totals) -> str:
    facts = [("parameters", parameters_text(totals)), ("multiply-adds", costs_text(totals))]
    if totals.peak_bytes:
        facts.append(("activations", peak_text(totals)))
    facts += [("input", ends_text(totals.inputs)), ("output", ends_text(totals.outputs))]
    facts += [("run", run_text(totals)), ("recorded", recorded_text(totals))]
    if totals.dtype:
        facts.append(("shapes", f"{totals.dtype} where no dtype is told; +1: one more tensor"))
    facts += [("note", note) for note in totals.notes]
    rows = "".join(f"<div><i>{name}</i> {_text(text, 500)}</div>" for name, text in facts if text)
    return f"<details><summary>totals</summary>{rows}</details>"


def _picture(trace: Trace) -> list[str]:
    """Return the model as a picture that can be opened, if it is small enough to be carried along."""
    from shapeflow.reporting.poster.build import poster_of
    from shapeflow.reporting.poster.files import poster_file
    from shapeflow.reporting.view.colours import Colours, symbols_of

    if not trace.calls:
        return []
    words = Translator("en")
    colours = Colours(symbols_of(trace, None, words))
    drawn = poster_file(poster_of(trace, None, colours, words), "svg", words, colours)
    if len(drawn) > MOST_PICTURE:
        return []
    source = f"data:image/svg+xml;base64,{b64encode(drawn).decode()}"
    image = f'<img alt="the model, drawn" src="{source}">'
    return [f"<details><summary>picture of the model</summary>{image}</details>"]


def _text(text: str, longest: int = LONGEST) -> str:
    """Return text as HTML, on one line and not endless."""
    text = visible_line(text)
    return escape(text if len(text) <= longest else f"{text[: longest - 1]}…")
