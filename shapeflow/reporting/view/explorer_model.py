"""What a page's script is told about a trace: one row a record, with finished texts.

A table of rows travels as columns by the field's name (see ``columns``). ``templates/js/types.js`` says the
same for the script, and a test has the type checker compare the two.

A field that points to a row of another table is named after it and holds the row's position: ``op.call``,
``call.parent``. Rows that belong to one owner alone are only counted there and stand in the order of their
owners: ``ports`` has those of all calls, then those of all ops, inputs before outputs.
"""

from __future__ import annotations

from typing import NamedTuple

from shapeflow.model.records import Origin


class CallRow(NamedTuple):
    """A call of a module or of a helper method."""

    selector: str
    """Names exactly this call: ``encoder.layers.0@0``."""
    label: str
    """What the call around it does not say already: ``layers.0``, ``.forward_image()``."""
    method: str
    """``forward``, or the name of the helper method."""
    class_name: str
    module: int | None
    """None for a helper method: the numbers of a module are not its own."""
    parent: int | None
    first_op: int
    last_op: int
    """The ops in it, inner calls included, are ``first_op <= id < last_op``."""
    flops: str
    """``156 G``; empty if there are none."""
    share: str
    """Of the run's FLOPs: ``2.6 %``; empty if there are none."""
    source: int | None
    """The line that made the call."""
    raised: bool
    takes: int | None
    """The type of the tensor that goes in: of several the one that keeps its type, else the largest."""
    gives: int | None
    """The type of the tensor that comes out: of several the largest of real numbers."""
    input_count: int
    """Number of ports."""
    output_count: int
    repeat: int | None
    """The repeat that it is part of."""
    difference: str
    """How it differs from most calls of its repeat; empty if it does not."""
    covered: int | None
    """How much of it, and of what runs in it, some claim constrains, in percent; None: nothing can be."""
    partner: str
    """What stands for it in the other model of the walkthrough's map; empty: nothing, or there is no map."""


class OpRow(NamedTuple):
    """An op at the level at which the model's author wrote it."""

    selector: str
    """Names exactly this op: ``mask_head/einsum@0``."""
    target: str
    call: int | None
    """The innermost call it ran in."""
    parent: int | None
    """The composite op that was opened to show this one."""
    flops: str
    source: int | None
    takes: int | None
    gives: int | None
    input_count: int
    output_count: int


class PortRow(NamedTuple):
    """A named place in a call or op, and what was there."""

    name: str
    alias: str
    value: int | None
    text: str
    """What was there instead of a tensor."""


class ContainerRow(NamedTuple):
    """A port that stands for a large container, such as a cache."""

    port: int
    names: tuple[str, ...]
    """Of the places in it that hold tensors, behind the port's name: ``.layers[0].keys``."""
    values: tuple[int, ...]
    """What is at these places."""


class ValueRow(NamedTuple):
    """A tensor at one moment."""

    selector: str
    """Where it is best known: ``encoder@0:out``."""
    type: int
    origin: Origin
    producer: int | None
    """The op that made it."""
    name: str
    """Of a parameter, a buffer or an input."""
    storage: int | None
    """The same number: the same memory. None if no other value is there."""
    materialized: bool
    unused: bool


class TypeRow(NamedTuple):
    """Dtype and shape, which many values share."""

    dtype: str
    dims: tuple[int, ...]
    memory: str
    """``20.3 MiB``."""


class ModuleRow(NamedTuple):
    """What equal modules share."""

    parameters: str
    """``13.9 M``."""
    attributes: tuple[int, ...]


class AttributeRow(NamedTuple):
    """A plain attribute of a module."""

    name: str
    text: str


class RepeatRow(NamedTuple):
    """Calls of one kind beside each other."""

    selector: str
    """Names all of them: ``trunk.blocks.*``."""
    label: str
    """``blocks.0 … 31``."""
    typical: int
    """A call that is like most of them."""


class SourceRow(NamedTuple):
    """A place in the model's source, with the lines around it."""

    place: str
    """``sam3/model/encoder.py:120``."""
    line: int
    """The number of the line that is meant."""
    function: str
    installed: bool
    """False if the one line is that of the trace, because the file here is another or missing."""
    lines: tuple[int, ...]


class LineRow(NamedTuple):
    """A line of source, which several places share."""

    number: int
    tokens: int
    """Number of tokens."""


class TokenRow(NamedTuple):
    """A part of a line of source in one colour."""

    css_class: str
    """As Pygments names it; empty for plain text."""
    text: str


class SizeRow(NamedTuple):
    """Where a number is first met as the size of a dim, and why it has this value."""

    size: int
    selector: str
    reason: str
    """``72 * 72``."""


class EscapeRow(NamedTuple):
    """A value that was read into Python."""

    value: int
    how: str
    call: int | None
    """The innermost call that did it."""
