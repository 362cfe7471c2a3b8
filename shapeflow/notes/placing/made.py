"""Layers that a text writes as code makes them, ``Conv2d(64, 128, 3)``: which modules they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from shapeflow.model.records import Module
from shapeflow.notes.mention import Mention
from shapeflow.notes.places.sites import Site
from shapeflow.notes.placing.meant import Meant, once
from shapeflow.notes.statements.torch_layers import ARGUMENTS
from shapeflow.notes.statements.values import VALUE, compared

_MADE = re.compile(r"(?<![\w.])(?:torch\.)?(?:nn\.)?(?P<kind>[A-Z]\w*)\((?P<given>(?:[^()]|\([^()]*\))*)\)")
_ARGUMENT = re.compile(rf"\s*(?:(?P<name>[A-Za-z_]\w*)\s*=\s*)?(?P<value>{VALUE})\s*(?:,|$)")
_CHANGES = re.compile(r"\s*(?P<first>\d+)\s*(?:→|-+>|=+>|⟶|⇒)\s*(?P<last>\d+)\s*(?:,|$)")
"""Widths before and behind a layer, as people write them in its brackets: ``Linear(256 → 64)``."""
_KEEPS = (
    r"(?:(?:BN|BatchNorm|LayerNorm|LN|InstanceNorm|GroupNorm|RMSNorm|Dropout|ReLU6?|LeakyReLU|PReLU|GELU|SiLU|ELU"
    r"|Swish|Mish|Tanh|Sigmoid|Hardswish)(?:[123][dD])?(?:\([^()]*\))?)"
)
"""Layers that give what they take its shape."""
_SIGNS = r"[\s`*_|+&,;:：=()│#/-]"
_ARROW = r"(?:→|-+>|=+>|⟶|⇒)"
_OUTPUT = r"(?:(?:output|out|result|shape|ausgabe|sortie|salida|saída|выход|çıktı)s?|输出|形状|出力|출력)"
_BEHIND = re.compile(rf"(?i:(?:{_SIGNS}|{_ARROW}|{_OUTPUT}|{_KEEPS})*)")
"""What may stand between a layer and the shape that it gives."""
_BEFORE = re.compile(rf"{_SIGNS}*{_ARROW}{_SIGNS}*")


class MadeLayers:
    """Finds the modules of a model that were made with the arguments that a text gives."""

    def __init__(self, modules: Sequence[Module], places: Mapping[str, Sequence[Site]]) -> None:
        """Read the modules of a model.

        Args:
            modules: all of them.
            places: path of a module -> where its calls take and give tensors.
        """
        self._places = places
        self._by_kind: dict[str, list[Module]] = {}
        for module in modules:
            self._by_kind.setdefault(module.class_name, []).append(module)

    def meant(self, mention: Mention, words: str) -> Meant | None:
        """Return what a layer gives that stands right before a shape, or takes that an arrow leads to.

        Args:
            mention: the shape.
            words: what stands before it, behind the shape before.
        """
        role = "in" if mention.chain is not None and mention.position == 0 else "out"
        name, modules = self._behind(mention, words)
        if not name:
            role, (name, modules) = "in", self._before(mention)
        paths = dict.fromkeys(module.path for module in modules)
        sites = once(site for path in paths for site in self._places.get(path, ()))
        ports = tuple(site for site in sites if site.kind == "call" and site.direction == role)
        return Meant(name, ports, True, told=True) if ports else None

    def _behind(self, mention: Mention, words: str) -> tuple[str, list[Module]]:
        """Return the layer right before a shape, and the modules that are such a layer."""
        for text in (words, mention.frame.statement if mention.frame.region == "comment" else ""):
            made = list(_MADE.finditer(text))
            while made and re.fullmatch(_KEEPS, made[-1][0]):
                made.pop()
            if made and _BEHIND.fullmatch(text, made[-1].end()):
                return made[-1][0], self._matching(made[-1]["kind"], made[-1]["given"])
            if re.search(r"\w", text):
                break
        return "", []

    def _before(self, mention: Mention) -> tuple[str, list[Module]]:
        """Return the layer that an arrow leads to from a shape, and the modules that are such a layer."""
        arrow = _BEFORE.match(mention.frame.after)
        made = _MADE.match(mention.frame.after, arrow.end()) if arrow else None
        return (made[0], self._matching(made["kind"], made["given"])) if made else ("", [])

    def _matching(self, kind: str, given: str) -> list[Module]:
        """Return the modules of a class that have all arguments as they are written."""
        found = self._by_kind.get(kind, [])
        widths = _CHANGES.match(given)
        if widths:
            given = f"{widths['first']}, {widths['last']}, {given[widths.end() :]}"
        arguments = _arguments(kind, given)
        if not arguments:
            return []
        return [one for one in found if all(_holds(one, name, value) for name, value in arguments.items())]


def _arguments(kind: str, given: str) -> Mapping[str, str] | None:
    """Return the arguments of a call by their names; None where one of them is not understood."""
    names = ARGUMENTS.get(kind, ())
    found: dict[str, str] = {}
    at = 0
    while at < len(given.rstrip()):
        one = _ARGUMENT.match(given, at)
        if one is None or (one["name"] is None and len(found) >= len(names)):
            return None
        found[one["name"] or names[len(found)]] = one["value"]
        at = one.end()
    return found


def _holds(module: Module, name: str, value: str) -> bool:
    """Return whether a module was made with an argument, as far as it tells."""
    if name not in module.attributes or name == "bias":
        return name not in ("in_features", "out_features", "in_channels", "out_channels")
    told = compared(module.attributes[name], value)
    return told is not None and told[0]
