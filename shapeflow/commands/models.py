"""``shapeflow models``: the models that can be traced by name, of the libraries that are installed."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from shapeflow.commands.console import print_json
from shapeflow.common.printing import put
from shapeflow.common.text import counted
from shapeflow.errors import ExitCode, InputError

if TYPE_CHECKING:
    from shapeflow.adapters.specs import AdapterSpec

EXAMPLES = """\
examples:
  shapeflow models                      which libraries are here, and how many models each has
  shapeflow models resnet               the names with that in them
  shapeflow models timm:vit             only those of timm
  shapeflow models timm: --all          every name of timm

exit code: 0; 1 if no name has the word in it"""
SCHEMA = "shapeflow.models/1"
SHOWN = 20
"""Names of each library; --all shows the rest."""


@dataclass(frozen=True, slots=True)
class Found:
    """A library, and its names that were looked for."""

    prefix: str
    package: str
    installed: bool
    install: str
    """What pip installs."""
    count: int
    """Of all its names."""
    names: tuple[str, ...]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    word = "a part of the names, whatever its case and hyphens; with a prefix and a colon only there"
    parser.add_argument("word", nargs="?", default="", metavar="WORD", help=word)
    parser.add_argument(
        "--all", action="store_true", help=f"all names, and not only the first {SHOWN} of each library"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object with all names")


def run(args: argparse.Namespace) -> int:
    """Look and tell."""
    from shapeflow.adapters.specs import specs

    prefix, colon, word = args.word.rpartition(":")
    rows = [spec for spec in specs() if spec.library and (not colon or spec.name == prefix)]
    if not rows:
        known = [spec.name for spec in specs() if spec.library]
        raise InputError(
            "unknown-prefix",
            f"no library '{prefix}'",
            where="argument WORD",
            expected=", ".join(f"{name}:" for name in known),
            hint=f"shapeflow models {word}".rstrip(),
        )
    found = [_look(spec, word) for spec in rows]
    if args.json:
        print_json({"schema": SCHEMA, "word": args.word, "libraries": [_plain(each) for each in found]})
    elif word or colon:
        _show_names(found, word, everything=args.all)
    else:
        _show_libraries(found)
    return ExitCode.FINE if any(each.names for each in found) else ExitCode.DIFFERENT


def _look(spec: AdapterSpec, word: str) -> Found:
    """Return what a library has; of one that is not installed nothing is known."""
    from shapeflow.adapters.libraries.library import library
    from shapeflow.adapters.libraries.near import plain_name

    package = spec.packages[-1]
    installed = find_spec(package) is not None
    names = tuple(library(spec.library).names()) if installed else ()
    plain = plain_name(word)
    fitting = tuple(name for name in names if plain in plain_name(name))
    return Found(spec.name, package, installed, spec.install or spec.extra, len(names), fitting)


def _show_libraries(found: list[Found]) -> None:
    """Print a line a library."""
    for each in found:
        example = f"such as {each.prefix}:{each.names[0]}" if each.names else ""
        told = f"{counted(each.count, 'model'):<13}  {example}" if each.installed else _missing(each)
        put(f"{each.prefix:<14}  {told}".rstrip())
    put("\n'shapeflow models WORD' searches; --model also takes sam3, a file, or a function of yours")


def _show_names(found: list[Found], word: str, *, everything: bool) -> None:
    """Print the names, each as --model takes it."""
    for each in found:
        shown = each.names if everything else each.names[:SHOWN]
        for name in shown:
            put(f"{each.prefix}:{name}")
        if len(shown) < len(each.names):
            put(f"  and {len(each.names) - len(shown):,} more of {each.prefix}: --all")
    for each in found:
        if not each.installed:
            put(f"{each.prefix}: {_missing(each)}")
    if not any(each.names for each in found):
        put(f"no name has '{word}' in it{_near(found, word)}")


def _near(found: list[Found], word: str) -> str:
    """Return the names that are near, as the end of a sentence."""
    from shapeflow.adapters.specs import libraries
    from shapeflow.adapters.unknown import near_names

    asked = {
        prefix: module for prefix, module in libraries().items() if prefix in {each.prefix for each in found}
    }
    close = [f"{prefix}:{name}" for prefix, names in near_names(word, asked).items() for name in names]
    return f"; near are {', '.join(close)}" if close else ""


def _missing(each: Found) -> str:
    return f"not installed: pip install {each.install}"


def _plain(each: Found) -> dict[str, object]:
    """Return a library as plain data."""
    return {
        "prefix": each.prefix,
        "package": each.package,
        "installed": each.installed,
        "install": f"pip install {each.install}",
        "count": each.count,
        "names": list(each.names),
    }
