"""Names in a text as the code has them: a module or a parameter that is named exactly decides alone."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace

from shapeflow.notes.mention import Mention
from shapeflow.notes.places.sites import Site, Sites
from shapeflow.notes.placing.candidates import Names
from shapeflow.notes.placing.made import MadeLayers
from shapeflow.notes.placing.meant import Meant, once
from shapeflow.notes.words.between import is_near, joins
from shapeflow.notes.words.clauses import CHANGED, Clause
from shapeflow.notes.words.words import GENERIC, dotted_names, name_tokens, text_tokens

_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?:\.(?:\w+|\*)|\[(?:\d+|\w|:|\*)\])*(?:\(\))?(?!\w|\()")
_SLICE = re.compile(r"\[[^\]]*[:,][^\]]*\]")
_ITEM = re.compile(r"\[(\w+|\*|:)\]")
_OWNER = re.compile(r"^(?:(?:self|model|net|network|module|m|transformer|backbone|base_model)\.)+")
_WHOLE = frozenset({"model", "net", "network"})
"""What the model itself is called where it is called."""
_LIBRARY = re.compile(
    r"^(?:torch|nn|F|np|numpy|tf|jax|jnp|einops|timm|torchvision|transformers|functional|os)\b"
)
_TAIL = re.compile(
    r"\.(?:shape|size\(\)|size|dtype|forward|py|md|ipynb|T|view|reshape|permute|transpose|flatten)(?:\(\))?$"
)
_ANY = frozenset({"i", "j", "n", "l", "k", "x", "N", "L", "*", ":"})
_CALL = re.compile(
    r"^\s*(?:(?:return|await)\s+"
    r"|[\w.,\s*\[\]]+?=\s*(?!=))?(?P<name>[A-Za-z_][\w.\[\]]*)\((?P<rest>.*)\)\s*;?\s*$"
)


class Exact:
    """Looks up names in code style."""

    def __init__(self, sites: Sites, names: Names) -> None:
        self.sites = sites
        self.names = names
        self.paths: dict[str, list[Site]] = {}
        self.parameters: dict[str, list[Site]] = {}
        for site in sites.all:
            if site.kind == "op":
                continue
            for path in dict.fromkeys((*site.paths, *([site.path] if site.kind == "parameter" else []))):
                self.paths.setdefault(path, []).append(site)
                if site.kind == "parameter":
                    full = f"{path}.{site.port}" if path else site.port
                    self.parameters.setdefault(full, []).append(site)
        self.ports: dict[str, list[Site]] = {}
        for site in sites.all:
            if site.kind == "call" and site.path in ("", "."):
                self.ports.setdefault(site.port.partition(".")[2], []).append(site)
        self.named_ports: dict[str, list[Site]] = defaultdict(list)
        for site in sites.all:
            name = site.port.rpartition(".")[2]
            if site.kind == "call" and name.isidentifier() and name not in ("in", "out"):
                self.named_ports[name].append(site)
        self._modules(sites)
        self.made = MadeLayers(sites.trace.modules, self.paths)

    def _modules(self, sites: Sites) -> None:
        """Know parameters by the path of each module, not of the first one of those alike only."""
        by_ident = {(site.key, site.port, site.shape): site for site in sites.all if site.kind == "parameter"}
        for module in sites.trace.modules:
            for tensor in module.tensors or ():
                site = by_ident.get((sites.folded(module.path), tensor.name, tensor.shape))
                full = f"{module.path}.{tensor.name}" if module.path else tensor.name
                if site is not None and site not in self.parameters.setdefault(full, []):
                    self.parameters[full].append(site)
                if site is not None and site not in self.paths.setdefault(module.path, []):
                    self.paths[module.path].append(site)
        self.code = frozenset(
            word for source in sites.trace.sources for word in re.findall(r"[A-Za-z_]\w*", source.text)
        )
        ports = (port.name for call in sites.trace.calls for port in (*call.inputs, *call.outputs))
        self.code |= frozenset(word for name in ports for word in re.findall(r"[A-Za-z_]\w*", name))
        self.code |= frozenset(name for module in sites.trace.modules for name in module.attributes)

    def meant(self, mention: Mention, clause: Clause) -> Meant | None:
        """Return what the nearest name in code style before a mention means; None if there is none."""
        found, made = self._named(mention, clause), self.made.meant(mention, clause.words)
        if found is None or made is not None:
            return made
        name, between, styled = found
        if name in _WHOLE and mention.frame.region == "comment" and name not in self.paths:
            given = tuple(s for s in self.paths.get("", ()) if s.direction == (clause.role or "out"))
            return Meant(name, given, True) if given else None
        paths = self._paths(name, mention)
        if paths is None and (given := self._port(name, clause)):
            near = is_near(between) and all(site.path in ("", ".") for site in given)
            return Meant(name, given, near, several=len({site.shape for site in given}) > 1)
        if paths is None:
            beside = "." in name or joins(between)
            return Meant(name, (), False) if styled and beside and self._is_strange(name) else None
        column = mention.frame.column if mention.frame.region == "cell" else ""
        if CHANGED.search(between) or self._says_more(between) or self._says_more(column):
            return None
        near = is_near(between)
        close = near and (clause.last or clause.starts or mention.chain is None)
        meant = self._at(name, paths, clause, column, close)
        if mention.frame.region == "comment" and mention.frame.assigned and not re.search(r"\w", between):
            bare = not re.search(r"\w", clause.words) and mention.chain is None
            meant = replace(meant, told=meant.told or bare)
        return meant if meant.sites else None

    def _port(self, name: str, clause: Clause) -> tuple[Site, ...]:
        """Return the ports of calls that have a name of several words, on the side that the words say."""
        if "_" not in name.strip("_"):
            return ()
        given = self.named_ports.get(name, ())
        return tuple(site for site in given if site.direction == clause.role) or tuple(given)

    def _at(self, name: str, paths: list[str], clause: Clause, column: str, close: bool) -> Meant:
        """Return what a name means that some paths have, on the side that the words say."""
        role = "in" if clause.starts and clause.role != "out" else clause.role or "out"
        here = once(site for path in paths for site in self.paths.get(path, ()))
        ports = tuple(site for site in here if site.kind == "call" and site.direction == role)
        path = paths[0] if len(paths) == 1 else ""
        if len({self.sites.folded(path) for path in paths}) > 1:
            return Meant(name, () if clause.weights else ports, close, several=True)
        parameters = once(site for path in paths for site in self.parameters.get(path, ()))
        if parameters and not clause.weights and (given := self.ports.get(name)):
            return Meant(name, tuple(given), close)
        if parameters and clause.role == "out" and not clause.weights:
            return Meant(name, (), False)  # what comes of it
        if parameters:
            return Meant(name, parameters, close, path, True)
        if clause.weights:
            words = f"{clause.words} {column}".lower()
            held = tuple(site for site in here if site.kind == "parameter")
            called = tuple(site for site in held if site.port in words)
            return Meant(name, called or held, close, path, True)
        return Meant(name, ports, close, path, told=clause.role == role)

    def _named(self, mention: Mention, clause: Clause) -> tuple[str, str, bool] | None:
        """Return the nearest name, what stands behind it, and whether it is written as code."""
        frame = mention.frame
        if frame.region == "cell" and frame.row:
            beside = [cell.strip(" `*") for cell in frame.line.split("|")]
            named = [cell for cell in beside if cell in self.paths and cell]
            texts = [
                *([clause.words] if re.search(r"[^\W\d]{2}", clause.words) else []),
                frame.row,
                *named[:1],
            ]
        else:
            texts = [clause.words]
        for text in texts:
            for match in reversed(list(_NAME.finditer(text))):
                word = match[0]
                if _SLICE.match(text, match.end()):
                    return None  # a part of what has the name
                if word.endswith(".*") and len(re.findall(r"\*+", text[: match.start()])) % 2:
                    word = word[:-2]  # the end of a sentence, and of what is stressed
                ticked = text[: match.start()].count("`") % 2 == 1
                styled = bool(ticked or "." in word.strip(".") or "[" in word)
                spelt = "_" in word or any(sign.isdigit() for sign in word)
                known = word in self.paths or word in self.parameters or word in self.named_ports
                if (
                    _LIBRARY.match(word)
                    or len(word) < 2
                    or (_TAIL.search(word) is None and word in ("e.g", "i.e"))
                ):
                    continue
                alone = not re.search(r"\w", text[: match.start()])
                if styled or (spelt and (known or alone or self._is_numbered(word))) or (known and alone):
                    between = "" if text is not clause.words else text[match.end() :]
                    return self._plain(word), between, styled or spelt
        if frame.region == "comment" and frame.statement:
            call = _CALL.match(frame.statement)
            if call and not _closes_early(call["rest"]):
                called = self._called(call["name"])
                return (called, "", False) if len(called) > 1 else None
        return None

    def _says_more(self, words: str) -> bool:
        """Return whether words name something of the model: then a name before them says only where."""
        return any(
            token in self.names.worth and token[0] not in "#=" and token not in (*GENERIC, "weight", "bias")
            for token in text_tokens(words)
        )

    def _called(self, name: str) -> str:
        """Return the name of what a statement calls, without that of the object that it is called on."""
        plain = self._plain(name)
        rest = plain.partition(".")[2]
        for one in (plain, rest):
            for path in (one, f"{one}()", f".{one}()"):
                if one and path in self.paths:
                    return path
        return plain

    def _is_numbered(self, word: str) -> bool:
        """Return whether a name is like one of the model but for its number."""
        stem = word.rstrip("0123456789")
        return stem != word and any(
            part.rstrip("0123456789") == stem and part != stem
            for path in self.paths
            for part in path.split(".")
        )

    def _plain(self, word: str) -> str:
        name = _ITEM.sub(r".\1", word.removesuffix("()"))
        name = _TAIL.sub("", name).strip(".")
        return name if name in self.paths else _OWNER.sub("", name)

    def _paths(self, name: str, mention: Mention) -> list[str] | None:
        """Return the paths that a name means; None: it is none."""
        both = (self.parameters, self.paths)
        if any(name in held and name for held in both):
            inner = [path for held in both for path in held if path.endswith(f".{name}")]
            if "." in name or not inner or not self._is_inside(mention):
                return [name]
            return None
        parts = name.split(".")
        if any(part in _ANY for part in parts):
            wanted = re.compile(r"\.".join(r"\d+" if part in _ANY else re.escape(part) for part in parts))
            found = [path for held in both for path in held if wanted.fullmatch(path) or _ends(wanted, path)]
            return found or None
        ends = [path for held in both for path in held if path.endswith(f".{name}")]
        return self._in_scope(ends, mention) or ends or None

    def _in_scope(self, paths: list[str], mention: Mention) -> list[str]:
        """Return those of some paths that are in the module whose whole path stands before in the line."""
        for scope in reversed(dotted_names(mention.frame.before)):
            if scope in self.paths:
                return [path for path in paths if path.startswith(f"{scope}.")]
        return []

    def _is_inside(self, mention: Mention) -> bool:
        """Return whether headings or lines above name a module that a short name may stand in."""
        frame = mention.frame
        above = " ".join((*frame.headings, *frame.lead, *frame.definitions, frame.before))
        heads = {path.split(".")[0] for path in self.paths if "." in path}
        tokens = set(re.findall(r"[A-Za-z_]\w*", above.lower()))
        return bool(heads & tokens) or bool(tokens & {"block", "layer", "stage", "blocks", "layers", "each"})

    def _is_strange(self, name: str) -> bool:
        """Return whether a name in code style is of nothing that the model, or its code, has."""
        if "." in name:
            tail = [path for path in self.paths if path == name or path.endswith(f".{name}")]
            known = name in self.parameters or any(path.endswith(f".{name}") for path in self.parameters)
            parts = [part for part in name.split(".") if not part.isdigit() and part not in _ANY]
            numbered = any(part.isdigit() for part in name.split("."))
            return (
                not tail
                and not known
                and (numbered or any(part not in self.code for part in parts) or _modular(self, parts))
            )
        if name in self.code or any(name in path.split(".") for path in self.paths):
            return False
        if any(name in path.split(".") for path in self.parameters) or self._is_numbered(name):
            return name not in self.parameters
        return "_" in name and any(
            token not in self.names.worth for token in name_tokens(name) if token[0] not in "=#"
        )


def _modular(exact: Exact, parts: list[str]) -> bool:
    """Return whether all parts of a name are modules, though no module has it."""
    held = {part for path in exact.paths for part in path.split(".")}
    return all(part in held for part in parts)


def _ends(wanted: re.Pattern[str], path: str) -> bool:
    return any(wanted.fullmatch(path, match.end()) for match in re.finditer(r"\.", path))


def _closes_early(rest: str) -> bool:
    """Return whether the bracket of a call closes before its end: more is called on what it gave."""
    depth = 0
    for sign in rest:
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            return True
    return False
