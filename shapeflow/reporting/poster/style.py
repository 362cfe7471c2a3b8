"""The colours of a poster that is a file of its own; a page gives it those of its theme."""

from __future__ import annotations

SYMBOLS = (
    "#0b57d0",
    "#a8400a",
    "#137333",
    "#8430ce",
    "#b3261e",
    "#00687a",
    "#7a5900",
    "#ad1a72",
    "#4453b8",
    "#4c6600",
    "#744b3c",
    "#37597a",
)
"""Of the named sizes, by their position in the palette; the same as on a page."""

LANES = ("#8fa5c4", "#e08db3", "#d9a860", "#7fbfa0")
"""Of the data of each input; ``MIXED`` where several have met."""
MIXED = "#ab98dc"

STYLE = "".join(
    (
        ".paper{fill:#fff}.t{font-weight:700;fill:#0f172a}.s{fill:#475569}.m{fill:#374151}",
        ".m tspan{font-weight:700}.good,.bad,.idle{font-weight:700}",
        ".good{fill:#15803d}.bad{fill:#b91c1c}.idle{fill:#64748b}",
        ".box{fill:#f8fafc;stroke:#334155;stroke-width:1.6}",
        ".back{fill:#fff;stroke:#94a3b8;stroke-width:1.2}",
        ".input .box{fill:#fff7ed;stroke:#c2703a}.output .box{fill:#ecfdf5;stroke:#0f9f6e}",
        ".unused .box{fill:#fff;stroke:#94a3b8;stroke-dasharray:7 6}.unused text{fill:#64748b}",
        ".failed .box{fill:#fdeceb;stroke:#b3261e;stroke-width:3}",
        ".track{fill:#e2e8f0}.share{fill:#0f766e}.sheet{fill:#eef2ff;stroke:#6366f1}",
        ".rule{stroke:#e2e8f0;fill:none}.ribbon{fill:none}.dead{stroke-dasharray:9 7}",
        f".ribbon.mixed{{stroke:{MIXED}}}.head.mixed{{fill:{MIXED}}}",
        *(f".ribbon.lane{i}{{stroke:{c}}}.head.lane{i}{{fill:{c}}}" for i, c in enumerate(LANES)),
        *(f".y{i}{{fill:{c}}}" for i, c in enumerate(SYMBOLS)),
    )
)
