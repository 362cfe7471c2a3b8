"""How a shapes-only run grows with the model.

Llama-like stacks from 1 to 405 billion parameters, without a cache; and small ones of 8 and of 80 layers,
where everything is measured that is done with a trace, once without and once with a key and value cache that
goes through every layer. ``python -m benchmarks.growth`` builds and traces each in a process of its own; no
weight is ever allocated.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from benchmarks.document import replace_part, table, versions
from benchmarks.processes import Finished, python

TOKENS = 2048
ROUNDS = 3
SIZES: dict[str, dict[str, int]] = {
    "1B": {"hidden": 2048, "layers": 16, "heads": 32, "mlp": 8192},
    "8B": {"hidden": 4096, "layers": 32, "heads": 32, "mlp": 14336},
    "70B": {"hidden": 8192, "layers": 80, "heads": 64, "mlp": 28672},
    "405B": {"hidden": 16384, "layers": 126, "heads": 128, "mlp": 53248},
}
"""The published sizes of Llama 3; all have 8 key and value heads."""
LAYERS = (8, 80)
CLAIMS = """---
title: growth
---
```shapes
model.layers.*:out  [1, 16, 64]
model.layers.[3-7]:in.hidden_states  [1, 16, 64]
count model.layers.* = {layers}
model.norm:out never reaches model.layers.1
model.layers.0:out reaches lm_head:out
{cached}
```
"""
CACHED = """model.layers.7:in.past_key_values.layers[2].keys  [1, 2, 16, 16]
model.layers.7:in.past_key_values never reaches model.embed_tokens"""


def measure(name: str) -> dict[str, Any]:
    """Build and trace one size; ``import`` only imports, to tell what memory was there before."""
    from transformers import LlamaConfig, LlamaForCausalLM

    from shapeflow.adapters.base import Prepared
    from shapeflow.recording import run

    if name == "import":
        return {}
    size = SIZES[name]
    config = LlamaConfig(
        vocab_size=128256,
        hidden_size=size["hidden"],
        num_hidden_layers=size["layers"],
        num_attention_heads=size["heads"],
        num_key_value_heads=8,
        intermediate_size=size["mlp"],
        tie_word_embeddings=name == "1B",
        use_cache=False,
    )

    def prepare() -> Prepared:
        model = LlamaForCausalLM(config).eval()
        return Prepared(model, lambda: model(torch.arange(TOKENS)[None]), {}, {})

    with torch.no_grad():
        trace = run(prepare, device="meta", adapter="factory", target=name)
    assert trace.run.failure is None, trace.run.failure
    return {
        "parameters": trace.modules[0].parameters,
        "flops": trace.calls[0].flops,
        "calls": len(trace.calls),
        "ops": len(trace.ops),
        **trace.run.seconds,
    }


def measure_layers(layers: int, *, cache: bool) -> dict[str, float]:
    """Trace a small Llama of so many layers, and measure what is done with the trace."""
    from transformers import LlamaConfig, LlamaForCausalLM

    from shapeflow import Trace, cli
    from shapeflow.adapters.base import Prepared
    from shapeflow.recording import run

    config = LlamaConfig(
        vocab_size=1000,
        hidden_size=64,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=128,
        use_cache=cache,
    )

    def prepare() -> Prepared:
        model = LlamaForCausalLM(config).eval()
        return Prepared(model, lambda: model(torch.arange(16)[None]), {}, {})

    def trace() -> Trace:
        with torch.no_grad():
            return run(prepare, device="meta", adapter="factory", target="growth")

    def command(*arguments: object) -> None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            code = cli.main([str(argument) for argument in arguments])
        assert code == 0, (code, arguments)

    trace()
    with TemporaryDirectory() as folder:
        file, text, page = (Path(folder) / name for name in ("a.trace.json", "a.md", "a.html"))
        text.write_text(CLAIMS.format(layers=layers, cached=CACHED if cache else ""))
        result = {"trace s": _seconds(trace)}
        recorded = trace()
        result["save s"] = _seconds(lambda: recorded.save(file))
        result["load s"] = _seconds(lambda: Trace.load(file))
        result["summary s"] = _seconds(lambda: Trace.load(file).summary().text())
        result["show s"] = _seconds(lambda: command("show", file, "model.layers.*"))
        result["check s"] = _seconds(lambda: command("check", file, text))
        result["report s"] = _seconds(lambda: command("report", file, "-o", page))
        result["trace kB"] = file.stat().st_size / 1000
        result["page kB"] = page.stat().st_size / 1000
        result["summary lines"] = len(Trace.load(file).summary().text().splitlines())
    return result


def _seconds(what: Callable[[], object]) -> float:
    """Return the least seconds of the processor that something took; other programs may run beside it."""
    times = []
    for _ in range(2 * ROUNDS):
        started = time.process_time()
        what()
        times.append(time.process_time() - started)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    parser.add_argument("--child", metavar="SIZE", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child and args.child.startswith("layers"):
        _, layers, cache = args.child.split(":")
        print(json.dumps(measure_layers(int(layers), cache=cache == "cache")))
        return
    if args.child:
        print(json.dumps(measure(args.child)))
        return
    rows = [_row(name, [_child(name) for _ in range(ROUNDS)]) for name in SIZES]
    before = _child("import").peak_bytes / 1e9
    head = ("size", "parameters", "FLOPs", "calls", "ops", "build s", "trace s", "ms an op", "peak memory")
    note = f"{TOKENS} tokens; importing torch and transformers alone takes {before:.2f} GB."
    text = f"{table(head, rows)}\n\n{note} {versions('torch', 'transformers')}."
    print(replace_part("benchmarks.md", "growth", text) if args.write else text)
    layers = _layers_table()
    print(replace_part("benchmarks.md", "growth-layers", layers) if args.write else layers)


def _layers_table() -> str:
    """Return what 8 and 80 layers take, and the quotient, without and with a cache."""
    few, many = LAYERS
    columns = []
    for cache in ("plain", "cache"):
        less, more = (_child(f"layers:{layers}:{cache}").result for layers in LAYERS)
        columns.append({key: (less[key], more[key]) for key in less})
    rows = []
    for key in columns[0]:
        cells: list[str] = []
        for column in columns:
            less, more = column[key]
            cells += [f"{less:.3g}", f"{more:.3g}", f"{more / less:.1f}x"]
        rows.append((key, *cells))
    head = ("", f"{few} layers", f"{many} layers", "", f"{few}, cache", f"{many}, cache", "")
    note = "Seconds of the processor; 16 tokens, hidden size 64."
    return f"{table(head, rows)}\n\n{note} {versions('torch', 'transformers')}."


def _child(name: str) -> Finished:
    finished = python(["-m", "benchmarks.growth", "--child", name])
    if finished.error:
        sys.exit(f"{name}: {finished.error}")
    return finished


def _row(name: str, runs: list[Finished]) -> tuple[object, ...]:
    result = runs[0].result
    build, forward = (statistics.median(run.result[part] for run in runs) for part in ("build", "forward"))
    peak = max(run.peak_bytes for run in runs) / 1e9
    return (
        name,
        f"{result['parameters']:,}",
        f"{result['flops'] / 1e12:,.0f} T",
        f"{result['calls']:,}",
        f"{result['ops']:,}",
        f"{build:.2f}",
        f"{forward:.2f}",
        f"{1000 * forward / result['ops']:.3f}",
        f"{peak:.2f} GB",
    )


if __name__ == "__main__":
    main()
