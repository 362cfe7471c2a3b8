"""The summary of a run as data: a row for each layer, and what the run amounts to."""

from __future__ import annotations

from dataclasses import dataclass

Size = int | tuple[int, int]
"""A size, or the least and the largest where the calls of a row differ."""


@dataclass(frozen=True, slots=True)
class Tensors:
    """What is on one side of a call: its first tensor, and how many more there are."""

    dtype: str = ""
    """Empty: there is no tensor."""
    shape: tuple[Size, ...] = ()
    more: Size = 0
    text: str = ""
    """Of a result that is no tensor: what it is."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Calls of one module, or of modules that are alike, as a row."""

    level: int
    """0 for the outermost calls."""
    name: str
    """Relative to the row around it: ``layers.0-11``."""
    selector: str
    """Names all of its modules: ``encoder.layers.[0-11]``."""
    class_name: str
    call: int
    """Id of the first of its calls."""
    calls: int
    input: Tensors
    output: Tensors
    parameters: int | None
    """Elements in its modules and below, each once; None for a helper method, which has none of its own."""
    trainable: int | None
    """None: a helper method, or a trace that does not say."""
    shared: bool
    """True if some of the parameters are in a row before that is not around this one."""
    flops: int
    bytes: int
    """Of the tensors that its calls return, each once."""
    raised: bool

    @property
    def multiply_adds(self) -> int:
        """Half of the FLOPs: what is counted are products and convolutions, two FLOPs a multiply-add."""
        return self.flops // 2


@dataclass(frozen=True, slots=True)
class Named:
    """Tensors that go into the run or come out of it: one, or a row of equal ones."""

    name: str
    content: str
    """``f32[1, 256]``."""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Totals:
    """What a run amounts to."""

    parameters: int
    trainable: int | None
    """None: an older trace, which does not say."""
    shared: int
    """Elements that more than one module holds; they are counted once."""
    parameter_bytes: int | None
    flops: int
    flops_outside: int
    """Those of them that ran in no call, such as the ones of a backward pass or a loss."""
    peak_bytes: int
    peak_place: str
    """The op at whose end that was, and its call: ``layer4/conv2d``."""
    peak_line: str
    """Its line of source, if that is known."""
    inputs: tuple[Named, ...]
    outputs: tuple[Named, ...]
    outputs_of: str
    """The selector of the call whose outputs are told, if the model itself was not called; else empty."""
    dtype: str
    """That of most floating point tensors: tables leave it out."""
    device: str
    mode: str
    """In a sentence, as the next; empty: an older trace, which does not say."""
    gradients: str
    made: str
    """How each input was made; empty: it is not recorded."""
    asked: str
    """What else was run than the forward alone, such as a method or a backward pass."""
    calls: int
    ops: int
    shapes: int
    unused: int
    notes: tuple[str, ...]

    @property
    def multiply_adds(self) -> int:
        """Half of the FLOPs."""
        return self.flops // 2

    @property
    def frozen(self) -> int | None:
        """Parameters that training does not change."""
        return None if self.trainable is None else self.parameters - self.trainable
