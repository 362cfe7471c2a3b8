"""``train-mode`` and ``casts``: what is switched on in evaluation, and precision that is lost for nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from shapeflow.lint.finding import Found
from shapeflow.model.handed_on import argument, handed_on
from shapeflow.model.links import Links
from shapeflow.model.records import Op, Records
from shapeflow.shapes.notation import element_bytes

_DROPOUTS = frozenset(
    {
        "dropout",
        "dropout1d",
        "dropout2d",
        "dropout3d",
        "alpha_dropout",
        "feature_dropout",
        "feature_alpha_dropout",
        "_native_dropout",
        "native_dropout",
        "stochastic_depth",
    }
)


_CASTS = frozenset(["to", "type", "half", "float", "double", "bfloat16", "int", "long", "short", "type_as"])
_ROUNDING = frozenset(
    {
        "round",
        "floor",
        "ceil",
        "trunc",
        "clamp",
        "clip",
        "floor_divide",
        "floordiv",
        "sign",
        "bernoulli",
        "fmod",
    }
)


def train_mode(trace: Records) -> Iterator[Found]:
    """Yield dropout and batch statistics that are on while the model is in evaluation mode."""
    if trace.run.training.get("") is not False:
        return
    for op in trace.ops:
        around = "" if op.call is None else trace.calls[op.call].class_name
        text = _switched_on(op, around)
        if text:
            own = "" if op.call is None else _mode_of(trace, trace.calls[op.call].path)
            yield Found.at(op, f"{text}, and the model is in evaluation mode", *([own] if own else []))


def _switched_on(op: Op, around: str) -> str:
    """Return what in an op works as in training; empty if nothing does.

    Args:
        op: the op.
        around: the class of the module that it runs in: a ``BatchNorm2d`` may be meant to keep no statistics.
    """
    target = op.target.rstrip("_")
    if target in _DROPOUTS:
        rate = argument(op, "p", 1)
        on = argument(op, "training", 2) or argument(op, "train", 2)
        return f"{target} with p={rate} drops numbers" if on == "True" and rate not in ("0", "0.0") else ""
    if target == "bernoulli":
        return "bernoulli draws which numbers stay"
    if target == "scaled_dot_product_attention":
        rate = argument(op, "dropout_p", 4)
        return f"attention with dropout_p={rate} drops numbers" if _positive(rate) else ""
    if target == "multi_head_attention_forward":
        rate = argument(op, "dropout_p", 10)
        active = argument(op, "training", 13) == "True"
        return f"attention with dropout_p={rate} drops numbers" if active and _positive(rate) else ""
    if target == "batch_norm":
        running = any(
            port.value is not None for port in op.inputs if port.name in ("in[1]", "in.running_mean")
        )
        active = argument(op, "training", 5) == "True"
        if active and (running or "BatchNorm" not in around):
            return "batch_norm uses the statistics of this batch"
    return ""


def _positive(text: str | None) -> bool:
    try:
        return float(text or 0) > 0
    except ValueError:
        return False


def _mode_of(trace: Records, path: str) -> str:
    """Return which module was left in training mode, if one was."""
    while path:
        mode = trace.run.training.get(path)
        if mode:
            return f"'{path}' is in training mode"
        if mode is False:
            return ""
        path = path.rpartition(".")[0]
    return ""


def casts(trace: Records) -> Iterator[Found]:
    """Yield numbers that are cast to a smaller dtype and back with nothing done on them between."""
    usual = _usual_dtype(trace)
    links = trace.cached(Links)
    for op in trace.ops:
        down = _cast(trace, op)
        if down is None:
            continue
        source, low = (trace.values[one].dtype for one in down)
        if low == usual or not source.startswith(("f", "bf")):
            continue
        if low.startswith(("f", "bf")):
            if element_bytes(low) >= element_bytes(source):
                continue
        elif not low.startswith("i") or _is_whole(trace, links, down[0]):
            continue
        back = _cast_back(trace, links, down[1], low)
        if back is not None:
            place = trace.line(back.source)
            yield Found.at(
                op,
                f"{trace.values[down[0]]} becomes {low}, and {place or back.target} makes it "
                f"{trace.content(back.outputs[0])} again: digits are lost and nothing was computed between",
            )


def _cast(trace: Records, op: Op) -> tuple[int, int] | None:
    """Return what a cast was given and gave; None for any other op."""
    given = next((port.value for port in op.inputs if port.value is not None), None)
    made = next((port.value for port in op.outputs if port.value is not None), None)
    if given is None or made is None or trace.values[given].dtype == trace.values[made].dtype:
        return None
    is_cast = op.target in _CASTS and trace.values[given].origin == "op"
    return (given, made) if is_cast and trace.values[given].shape == trace.values[made].shape else None


def _cast_back(trace: Records, links: Links, value: int, low: str) -> Op | None:
    """Return the cast to which all that was made smaller goes, over views only."""
    for _ in range(8):
        readers = links.users(trace, value)
        if len(readers) != 1 or not readers[0].outputs or readers[0].outputs[0].value is None:
            return None
        made = readers[0].outputs[0].value
        if handed_on(trace, readers[0], made) != value:
            return None
        dtype = trace.values[made].dtype
        if dtype != low:
            larger = not low.startswith(("f", "bf")) or element_bytes(dtype) > element_bytes(low)
            return readers[0] if dtype.startswith("f") and larger else None
        value = made
    return None


def _is_whole(trace: Records, links: Links, value: int) -> bool:
    """Return whether numbers were rounded before they became integers, as in a simulated quantization."""
    for _ in range(3):
        makers = [trace.ops[op] for op in links.makers[value] if trace.ops[op].parent is None]
        if len(makers) != 1:
            return False
        if makers[0].target.rstrip("_") in _ROUNDING:
            return True
        given = next((port.value for port in makers[0].inputs if port.value is not None), None)
        if given is None:
            return True  # made of numbers that the author wrote
        value = given
    return False


def _usual_dtype(trace: Records) -> str:
    """Return the dtype of most weights."""
    counts = Counter(value.dtype for value in trace.values if value.origin == "parameter")
    return counts.most_common(1)[0][0] if counts else "f32"
