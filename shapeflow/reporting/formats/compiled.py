"""The templates as Jinja compiled them, in the user's cache folder: that takes a third of a page's time."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.common.cache import cache_folder, keep, kept

if TYPE_CHECKING:
    from jinja2 import BytecodeCache


def compiled_templates(rules: Path) -> BytecodeCache | None:
    """Return what Jinja asks for compiled templates; None if nothing is to be kept.

    Args:
        rules: the file with the environment, whose options and filters the compiled code knows.
    """
    from jinja2 import BytecodeCache
    from jinja2.bccache import Bucket

    folder = cache_folder("templates")
    if folder is None:
        return None
    kept_in = folder
    environment = sha256(rules.read_bytes()).hexdigest()

    class Compiled(BytecodeCache):
        """One file a template, which the next version of it replaces; Jinja tells whether one may be used."""

        def get_source_checksum(self, source: str) -> str:
            """Tell apart templates, and rules by which they are compiled."""
            return sha256(f"{environment}\n{source}".encode()).hexdigest()

        def load_bytecode(self, bucket: Bucket) -> None:
            """Take a template from its file."""
            bucket.bytecode_from_string(kept(kept_in / bucket.key))

        def dump_bytecode(self, bucket: Bucket) -> None:
            """Write a template into its file."""
            keep(kept_in / bucket.key, bucket.bytecode_to_string())

    return Compiled()
