"""The parameters and buffers of modules, whether anything reads them or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shapeflow.shapes.notation import shape_text

Kind = Literal["parameter", "frozen", "buffer"]
KINDS: tuple[Kind, ...] = ("parameter", "frozen", "buffer")


@dataclass(frozen=True, slots=True)
class ModuleTensor:
    """A parameter or buffer that a module holds under a name."""

    name: str
    """In its module: ``weight``."""
    dtype: str
    shape: tuple[int, ...]
    kind: Kind = "parameter"
    """``parameter``: one that training changes; ``frozen``: one that it does not; ``buffer``."""
    same: str = ""
    """The qualified name under which the trace has it, if another: of a weight that several modules share."""
    beside: str = ""
    """What nothing read by its own name may have been read as this: another tensor on the same memory."""

    def __str__(self) -> str:
        return shape_text(self.dtype, self.shape)
