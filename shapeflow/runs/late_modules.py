"""Which modules of others are late in a process of our own: costly ones that a run seldom needs.

None of them is changed. What is known of some is what their functions give for plain numbers, and that
nothing belongs to a class which nobody has loaded.
"""

from __future__ import annotations

from typing import Any

from shapeflow.common.late import Known, LateAttribute, import_late
from shapeflow.common.process import is_own_process

SYMBOLS = "torch.fx.experimental.symbolic_shapes"
"""torch's sizes as unknowns. Shape formulas ask it at every check, also where all sizes are numbers."""


def _of_bools(name: str) -> Any:
    """Return what stands for a function that gives a bool back, and finds out whether others are true."""
    real = LateAttribute(SYMBOLS, name)

    def given(value: Any, *args: Any) -> Any:
        return value if type(value) is bool else real(value, *args)

    return given


def _joined(name: str, join: Any) -> Any:
    """Return what stands for a function that joins bools, and things to be found out."""
    real = LateAttribute(SYMBOLS, name)

    def joined(*values: Any) -> Any:
        return join(values) if all(type(value) is bool for value in values) else real(*values)

    return joined


def _of_numbers(name: str, answer: Any) -> Any:
    """Return what stands for a function of sizes, given what it gives for one that is a number."""
    real = LateAttribute(SYMBOLS, name)

    def asked(value: Any, *args: Any) -> Any:
        return answer(value) if type(value) is int else real(value, *args)

    return asked


def _are_equal(one: Any, other: Any) -> Any:
    """Return whether sizes are equal, or shapes."""
    both = (one, other)
    if all(type(value) is int for value in both):
        return one == other
    if all(isinstance(value, tuple | list) and all(type(size) is int for size in value) for value in both):
        return tuple(one) == tuple(other)
    return LateAttribute(SYMBOLS, "sym_eq")(one, other)


_TRUTHS = ("expect_true", "guard_or_false", "guard_or_true", "statically_known_true")
_OF_NUMBERS = {
    **{name: _of_bools(name) for name in _TRUTHS},
    "sym_and": _joined("sym_and", all),
    "sym_or": _joined("sym_or", any),
    "sym_eq": _are_equal,
    "is_nested_int": _of_numbers("is_nested_int", lambda _: False),
    "has_guarding_hint": _of_numbers("has_guarding_hint", lambda _: True),
    "guarding_hint_or_throw": _of_numbers("guarding_hint_or_throw", lambda size: size),
    "guard_size_oblivious": LateAttribute(SYMBOLS, "guard_size_oblivious"),  # imported, seldom called
}

LATE: dict[str, Known | None] = {
    # A third of a second, with sympy, at the first shape formula that is written in Python.
    SYMBOLS: Known("torch", _OF_NUMBERS),
    "sympy": Known("torch", {"Basic": LateAttribute("sympy", "Basic")}),
    # torch's table of FLOP formulas asks what class a kernel is of.
    "triton": None,
    "triton.runtime": None,
    "triton.runtime.jit": Known(
        "torch.utils.flop_counter", {"JITFunction": LateAttribute("triton.runtime.jit", "JITFunction")}
    ),
    # Packages that import all they have; models are often made of a few layers of theirs.
    "timm": None,
    "timm.data": None,
    "timm.models": None,
    "torchvision.datasets": None,
    "torchvision.models": None,
    # Fetches weights, which nobody does whose model has none.
    "huggingface_hub": Known(
        "sam3", {"hf_hub_download": LateAttribute("huggingface_hub", "hf_hub_download")}
    ),
}
ON_THEIR_OWN = ("timm.layers", "torchvision.datasets.vision", "torchvision.models.feature_extraction")
"""Parts of these packages that import nothing else of theirs. Models made of layers of timm need no more, nor
does ``sam3``."""


def import_costly_late() -> None:
    """Let the costly modules be late, if this process is our own."""
    if is_own_process():
        import_late(LATE, ON_THEIR_OWN)
