"""The walkthroughs that come with shapeflow."""

from __future__ import annotations

import re
from pathlib import Path

from shapeflow.common.text import listing
from shapeflow.errors import InputError

FOLDER = Path(__file__).parent


def find_shipped(target: str, language: str = "en") -> Path | None:
    """Return the file of the walkthrough for a model, if there is one."""
    file = FOLDER / f"{target}.{language}.md"
    return file if re.fullmatch(r"[\w-]+", target) and file.is_file() else None


def shipped(target: str, language: str = "en") -> Path:
    """Return the file of the walkthrough for a model.

    Raises:
        InputError: none is shipped for this model.
    """
    file = find_shipped(target, language)
    if file is None:
        ending = f".{language}.md"
        names = sorted(path.name.removesuffix(ending) for path in FOLDER.glob(f"*{ending}"))
        raise InputError(
            "walkthrough-missing",
            f"no walkthrough is shipped for '{target}'",
            where="argument WALKTHROUGH",
            found=f"there is one for {listing(names)}" if names else "",
            hint="shapeflow check TRACE YOUR.md   (shapeflow init drafts one)",
        )
    return file
