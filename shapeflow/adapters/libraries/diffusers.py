"""``diffusers:NAME``: a class of networks, or a folder or config.json as the hub has them."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from shapeflow.adapters.base import Adapter, Prepared
from shapeflow.adapters.given.texts import Tensor
from shapeflow.adapters.libraries.library import check_name, folder_of, name_of, weights_into
from shapeflow.adapters.libraries.transformers_folders import is_folder, read
from shapeflow.adapters.request import Request
from shapeflow.common.text import listing
from shapeflow.errors import InputError

OPTION = "option --model"
CLASS = re.compile(r"^class (\w+)\(([^)]*)\):", re.MULTILINE)
MODEL = "ModelMixin"
INDEX = "model_index.json"
SEVERAL = 2
"""How many networks there are in one that is made of several of a kind."""


@cache
def names() -> Sequence[str]:
    """See ``Library``."""
    package = folder_of("diffusers")
    offered = set(re.findall(r'"(\w+)"', (package / "__init__.py").read_text(encoding="utf-8")))
    bases: dict[str, set[str]] = {}
    for folder in ("models", "pipelines"):
        for file in (package / folder).rglob("*.py"):
            for name, inherited in CLASS.findall(file.read_text(encoding="utf-8")):
                bases[name] = set(re.findall(r"\w+", inherited))
    found, more = {MODEL}, {MODEL}
    while more:
        more = {name for name, above in bases.items() if above & found and name not in found}
        found |= more
    return sorted((found & offered) - {MODEL})


def check(name: str) -> None:
    """See ``Library``. A folder of a pipeline is none of its networks: it lists them."""
    if not is_folder(name):
        parts = _networks_of(name)
        because = "it is a pipeline of several models" if parts else ""
        if name.endswith("Scheduler"):
            because = "a scheduler works out the steps of the noise and has no layers"
        check_name("diffusers", name, names(), meant=parts, because=because)
        return
    path = Path(name)
    if (path / INDEX).is_file():
        raise _pipeline(path)
    settings = read(path)
    if settings.get("_class_name") is None:
        raise InputError(
            "unknown-model",
            f"'{path}' does not name a class of diffusers",
            where=OPTION,
            expected="a config.json with _class_name",
            found=f"it has {listing(list(settings))}",
            hint=f"--model transformers:{path}" if "model_type" in settings else "",
        )
    check_name("diffusers", str(settings["_class_name"]), names())


def _networks_of(name: str) -> list[str]:
    """Return the networks that a pipeline is built from, as its source has them; none if it is none."""
    if not name.endswith("Pipeline") or name in names():
        return []
    wanted = re.compile(rf"^class {re.escape(name)}\(.*?def __init__\((.*?)\):", re.MULTILINE | re.DOTALL)
    for file in (folder_of("diffusers") / "pipelines").rglob("pipeline_*.py"):
        if found := wanted.search(file.read_text(encoding="utf-8")):
            parts = [word for word in re.findall(r"\w+", found[1]) if word in names()]
            return sorted(dict.fromkeys(parts), key=lambda part: part.startswith("Autoencoder"))
    return []


def _pipeline(path: Path) -> InputError:
    """Return the error for a folder of a pipeline, which is several models."""
    index = read(path / INDEX)
    parts = [
        f"{path / name} ({value[0]}: {value[1]})"
        for name, value in index.items()
        if isinstance(value, list)
        and len(value) == 2
        and value[1]
        and (path / name / "config.json").is_file()
    ]
    ours = [part for part in parts if "(diffusers:" in part] or parts
    return InputError(
        "unknown-model",
        f"'{path}' is a pipeline of several models",
        where=OPTION,
        expected="the folder of one of them",
        found="\n".join(parts)
        if parts
        else f"{INDEX} names {listing([name for name in index if name[0] != '_'])}",
        hint=f"--model {ours[0].partition(' (')[0]}" if ours else "",
    )


def load(target: str) -> Adapter:
    """See ``Library``."""
    name = name_of(target)
    check(name)
    import diffusers

    settings: dict[str, Any] | None = None
    if is_folder(name):
        settings = read(Path(name))
        name = str(settings["_class_name"])
    try:
        network = getattr(diffusers, name)
        getattr(network, "config_name")  # noqa: B009 - a class whose packages are missing refuses to be looked at
    except ImportError as error:
        raise InputError(
            "package-missing",
            f"'{target}' needs a package that is not installed",
            where=OPTION,
            found=" ".join(str(error).split())[:200],
        ) from error
    return _Build(network, settings, target)


@dataclass(frozen=True, slots=True)
class _Build:
    """Builds a network and its inputs."""

    network: Any
    settings: Mapping[str, Any] | None
    target: str

    def __call__(self, request: Request) -> Prepared:
        import torch

        from shapeflow.adapters.forward import prepared
        from shapeflow.adapters.inputs.denoising import inputs_of
        from shapeflow.adapters.inputs.uses import only_raises

        torch.manual_seed(request.seed)
        folder = Path(name_of(self.target))
        real = request.device != "meta" and request.checkpoint is None and self.settings is not None
        if real and folder.is_dir() and any(folder.glob("*.safetensors*")):
            model = self.network.from_pretrained(str(folder), local_files_only=True).eval()
            notes = [f"The weights are those in {folder}."]
        else:
            model, notes = self._built()
            model = model.eval()
            notes += weights_into(model, request)
        refused = only_raises(type(model).forward)
        if refused:
            raise InputError(
                "target-inputs",
                f"{self.network.__name__} cannot be run by itself: its forward only raises an error",
                where=OPTION,
                because=refused,
            )
        inputs = inputs_of(model, _sizes_given(request))
        if inputs.missing:
            raise InputError(
                "target-inputs",
                f"{self.network.__name__}.forward needs what cannot be made from its configuration",
                where=OPTION,
                found=listing(inputs.missing),
                hint="write a function that returns (model, args, kwargs): --model file.py:function",
            )
        run = prepared(model, (), inputs.values, request, made=inputs.made)
        inference = not (request.train or request.backward)
        called = torch.no_grad()(run.run) if inference else run.run  # as its pipeline calls it
        return replace(run, run=called, notes=(*run.notes, *inputs.notes, *notes))

    def _built(self) -> tuple[Any, list[str]]:
        """Return the network in the sizes of its configuration, or in the default ones."""
        from shapeflow.adapters.inputs.sizes import CALLED, COUNTS, SHARES, SIZES

        name, notes = self.network.__name__, []
        try:
            if self.settings is not None:
                return self.network.from_config(dict(self.settings)), []
            several = _several(self.network)
            if several:
                [(parameter, kind)] = several.items()
                count = COUNTS.get(name, SEVERAL)
                parts = [kind(**SIZES.get(kind.__name__, {})) for _ in range(count)]
                notes.append(f"{name} takes a list of networks: shapeflow chose {count} of {kind.__name__}.")
                return self.network(**{parameter: parts}), notes
            sizes = SIZES.get(name, {})
            if sizes:
                given = ", ".join(f"{key}={value}" for key, value in sizes.items())
                notes.append(f"{name} has no defaults for all of its sizes: shapeflow chose {given}.")
            model = self.network(**sizes)
            if name in SHARES:
                whole = getattr(sys.modules["diffusers"], SHARES[name])
                model = self.network.from_transformer(model, whole())
                notes.append(f"{name} runs with parts of a {SHARES[name]}, which it was given.")
            if name in CALLED:
                getattr(model, CALLED[name])()
                notes.append(f"{name}.{CALLED[name]} was called, without which it does not run.")
            return model, notes
        except Exception as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise InputError(
                "model-incomplete",
                f"the sizes in the configuration of {name} do not make a model"
                if self.settings is not None
                else f"the defaults of {name} do not make a model",
                where=OPTION,
                found=f"{type(error).__name__}: {said}"[:300],
                hint="" if self.settings is not None else "a folder or config.json that gives the sizes",
            ) from error


def _sizes_given(request: Request) -> dict[str, Sequence[int]]:
    """Return the sizes of the tensors that a user asks for, by the name of the input."""
    return {
        str(given.place[0]): given.value.sizes
        for given in request.inputs
        if len(given.place) == 1 and isinstance(given.value, Tensor)
    }


def _several(network: Any) -> dict[str, Any]:
    """Return the parameter in which a class takes several networks, and their class; none if it takes none.

    The annotation says which class, or the name of the class does: ``MultiControlNetModel``.
    """
    parameters = list(inspect.signature(network.__init__).parameters.values())[1:]
    wanted = [
        each for each in parameters if each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD
    ]
    if len(wanted) != 1 or "Multi" not in network.__name__:
        return {}
    said = [*re.findall(r"\w+", str(wanted[0].annotation)), network.__name__.replace("Multi", "")]
    kind = next((name for name in said if name in names() and name != network.__name__), None)
    return {wanted[0].name: getattr(sys.modules["diffusers"], kind)} if kind else {}
