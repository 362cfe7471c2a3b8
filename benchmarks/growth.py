"""How a shapes-only run grows with the model: Llama-like stacks from 1 to 405 billion parameters.

``python -m benchmarks.growth`` builds and traces each in a process of its own; no weight is ever allocated.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    parser.add_argument("--child", metavar="SIZE", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(measure(args.child)))
        return
    rows = [_row(name, [_child(name) for _ in range(ROUNDS)]) for name in SIZES]
    before = _child("import").peak_bytes / 1e9
    head = ("size", "parameters", "FLOPs", "calls", "ops", "build s", "trace s", "ms an op", "peak memory")
    note = f"{TOKENS} tokens; importing torch and transformers alone takes {before:.2f} GB."
    text = f"{table(head, rows)}\n\n{note} {versions('torch', 'transformers')}."
    print(replace_part("benchmarks.md", "growth", text) if args.write else text)


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
