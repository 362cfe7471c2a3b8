"""What a run got, and in which mode it ran, in words."""

from __future__ import annotations

from collections.abc import Mapping

from shapeflow.common.places import display_target
from shapeflow.model.containers import told
from shapeflow.model.records import Port, Records
from shapeflow.reporting.translator import Translator

OWN = ("factory", "python")
"""Adapters that run a model of the user's, on what the user gives."""
MOST_INPUTS = 12
MOST_APART = 4
"""Modules in another mode than the whole model that are named."""


def model_name(trace: Records) -> str:
    """Return what a page about a run is called: the class of the user's own model, or what was asked for."""
    root = trace.module_by_path.get("")
    return root.class_name if root and trace.run.adapter in OWN else display_target(trace.run.target)


def gradients_text(trace: Records, words: Translator) -> str:
    """Return whether gradients were on while the model ran, and what that means for memory."""
    counts = trace.run.gradients
    kept, idle, off, inference = (counts.get(name, 0) for name in ("kept", "idle", "off", "inference"))
    if not any(counts.values()):
        return words("gradients-none" if trace.run.training else "gradients-unknown")
    if not kept:
        if idle:
            return words("gradients-idle")
        return words("gradients-inference" if inference and not off else "gradients-off")
    if not off + inference:
        return words("gradients-on")
    return words("gradients-partly", n=off + inference, all=kept + idle + off + inference)


def training_text(trace: Records, words: Translator) -> str:
    """Return whether the model was in training or evaluation mode, and which of its modules were not."""
    modes = dict(trace.run.training)
    if not modes:
        return words("mode-unknown")
    whole = modes.pop("", None)
    if whole is None:
        return words("mode-changed")
    apart = {path: mode for path, mode in modes.items() if mode is not whole}
    text = words("mode-train" if whole else "mode-eval")
    if not apart:
        return text
    names = words("comma").join([*apart][:MOST_APART])
    if len(apart) > MOST_APART:
        names = words("and-more", names=names, n=len(apart) - MOST_APART)
    return words("mode-apart", mode=text, names=names)


def given(trace: Records) -> list[tuple[str, str]]:
    """Return what the model was called with: the parameter's name, and its shape or what else it was."""
    root = next((call for call in trace.calls if call.parent is None), None)
    ports = [] if root is None else [port for port in told(root.inputs) if _says_something(port)]
    return [(parameter_name(port), trace.content(port)) for port in ports]


def inputs_text(trace: Records, words: Translator) -> str:
    """Return what the model was called with as one line."""
    rows = [f"{name} {content}" for name, content in given(trace)]
    text = " · ".join(rows[:MOST_INPUTS])
    return text if len(rows) <= MOST_INPUTS else words("and-more", names=text, n=len(rows) - MOST_INPUTS)


def has_given_inputs(trace: Records) -> bool:
    """Return whether what the model was called with says what was run: no picture stands for it."""
    return trace.run.adapter in OWN or "images" not in trace.run.inputs


def made_text(trace: Records, words: Translator) -> str:
    """Return how each input was made, as one line; empty where that is not recorded."""
    made = trace.run.inputs.get("made")
    if not isinstance(made, Mapping):
        return ""
    rows = [f"{name}{words('colon')}{words.sentence(str(told))}" for name, told in made.items()]
    text = " · ".join(rows[:MOST_INPUTS])
    return text if len(rows) <= MOST_INPUTS else words("and-more", names=text, n=len(rows) - MOST_INPUTS)


def asked_text(trace: Records, words: Translator) -> str:
    """Return what else was run than the forward alone; empty where nothing was."""
    inputs = trace.run.inputs
    parts = []
    if call := inputs.get("call"):
        parts.append(words("run-method", name=f"{call}()"))
    if inputs.get("backward"):
        start = words("comma").join(map(str, inputs.get("backward_from") or ()))
        parts.append(words("run-backward-from", what=start) if start else words("run-backward"))
    return words("semicolon").join(parts)


def _says_something(port: Port) -> bool:
    return port.value is not None or port.container is not None or port.text != "None"


def parameter_name(port: Port) -> str:
    """Return ``images`` for ``in[0]`` or ``in.images``."""
    for name in (port.name, port.alias):
        if name.startswith("in."):
            return name.removeprefix("in.")
    return port.name
