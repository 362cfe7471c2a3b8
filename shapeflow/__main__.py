"""``python -m shapeflow``."""

from __future__ import annotations

import sys

from shapeflow.cli import main

if __name__ == "__main__":
    sys.exit(main())
