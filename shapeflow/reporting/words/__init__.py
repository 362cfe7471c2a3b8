"""All interface words of the report, in English and Chinese, a table a subject; see ``Translator``."""

from __future__ import annotations

from shapeflow.reporting.words import explorer, first_screen, numbers, page, pictures, ride, verdicts

LANGUAGES = ("en", "zh")

TABLE: dict[str, tuple[str, str]] = {
    **verdicts.TABLE,
    **first_screen.TABLE,
    **page.TABLE,
    **numbers.TABLE,
    **explorer.TABLE,
    **pictures.TABLE,
    **ride.TABLE,
}
"""Key -> English, Chinese. ``one|many`` is chosen by ``n``; braces are filled in."""
