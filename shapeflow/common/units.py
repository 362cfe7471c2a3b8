"""Large numbers as people read them: ``840.5 M``, ``2.1 GiB``."""

from __future__ import annotations


def format_count(number: float) -> str:
    """Return a count with three digits and a unit: ``3.07 T``, ``840 M``, ``512``."""
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{_three(number / size)} {unit}"
    return f"{number:g}"


def format_bytes(number: float) -> str:
    """Return bytes with three digits and a unit: ``1.27 GiB``."""
    for unit, power in (("GiB", 3), ("MiB", 2), ("KiB", 1)):
        if number >= 1024**power:
            return f"{_three(number / 1024**power)} {unit}"
    return f"{number:g} B"


def format_percent(share: float) -> str:
    """Return a share as percent: ``12.3 %``, ``< 0.1 %``."""
    if 0 < share < 0.001:
        return "< 0.1 %"
    return f"{share * 100:.1f} %"


def _three(number: float) -> str:
    """Return three significant digits, without an exponent."""
    digits = 2 if number < 10 else 1 if number < 100 else 0
    return f"{number:.{digits}f}"
