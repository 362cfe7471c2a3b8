"""In which mode a model ran: whether gradients were on, and which modules were in training mode."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from shapeflow.recording.modules import named_modules


class RunMode:
    """Notes both while a model runs."""

    def __init__(self) -> None:
        self._ops: Counter[str] = Counter()
        self._training: dict[str, bool | None] = {}

    @property
    def gradients(self) -> dict[str, int]:
        """Ops in calls, counted by what autograd did with them; see ``Run.gradients``."""
        return {name: self._ops[name] for name in ("kept", "idle", "off", "inference") if self._ops[name]}

    @property
    def training(self) -> Mapping[str, bool | None]:
        """Which modules were in training mode; see ``Run.training``."""
        return self._training

    def ended(self, results: Iterable[tuple[str, Any]]) -> None:
        """Note an op in a call that has just ended, by what it gave."""
        if torch.is_inference_mode_enabled():
            self._ops["inference"] += 1
        elif not torch.is_grad_enabled():
            self._ops["off"] += 1
        elif any(isinstance(result, Tensor) and result.requires_grad for _, result in results):
            self._ops["kept"] += 1
        else:
            self._ops["idle"] += 1

    def called(self, root: nn.Module, path: str, module: nn.Module) -> None:
        """Note a call that is in no other one; the first shows in which mode the modules are."""
        now = _is_training(module)
        if not self._training:
            self._training = _modes(root)
        elif self._mode_of(path) not in (now, None):
            self._training[path] = None

    def _mode_of(self, path: str) -> bool | None:
        """Return the mode that a module was in when the run began."""
        while path not in self._training and path:
            path = path.rpartition(".")[0]
        return self._training.get(path)


def _modes(root: nn.Module) -> dict[str, bool | None]:
    """Return the mode of the root, and of each module whose mode differs from that of the one above it."""
    modes: dict[str, bool | None] = {}
    everyone: dict[str, bool] = {}
    for path, module in named_modules(root):  # each after the one above it
        own = everyone[path] = _is_training(module)
        if not path or everyone.get(path.rpartition(".")[0], own) != own:
            modes[path] = own
    return modes


def _is_training(module: nn.Module) -> bool:
    own = vars(module).get("training")  # a model may have another meaning of the name for its class
    return bool(getattr(module, "training", True) if own is None else own)
