"""The architecture as tables: layers, what each may import, and the order of the files of model/."""

from __future__ import annotations

LAYERS = {
    "errors": "errors",
    "common": "common",
    "shapes": "shapes",
    "model": "model",
    "walkthrough": "walkthrough",
    "graph": "graph",
    "coverage": "coverage",
    "drafting": "drafting",
    "lint": "lint",
    "source": "source",
    "notes": "notes",
    "query": "query",
    "reporting": "reporting",
    "recording": "recording",
    "adapters": "adapters",
    "runs": "runs",
    "front doors": "cli __main__ commands integrations",
    "public names": "__init__",
}
"""Layer -> the files and folders directly in shapeflow/ that belong to it, from the ground to the roof."""

GROUND = {"errors", "common", "shapes", "model"}
BELOW = {
    "errors": set(),
    "common": {"errors"},
    "shapes": {"errors", "common"},
    "model": {"errors", "common", "shapes"},
    "walkthrough": GROUND,
    "graph": GROUND,
    "coverage": GROUND | {"walkthrough"},
    "drafting": GROUND | {"walkthrough"},
    "lint": GROUND,
    "source": GROUND,
    "notes": GROUND | {"walkthrough", "source"},
    "query": GROUND,
    "reporting": GROUND | {"walkthrough", "coverage", "graph", "source", "notes"},
    "recording": GROUND,
    "adapters": GROUND | {"recording"},
    "runs": GROUND | {"walkthrough", "lint", "reporting", "recording", "adapters"},
    "front doors": GROUND
    | {
        "walkthrough",
        "coverage",
        "graph",
        "drafting",
        "lint",
        "source",
        "notes",
        "query",
        "reporting",
        "adapters",
        "runs",
    },
    "public names": {"errors"},
}
"""Layer -> the layers it may import."""

UPWARDS: dict[tuple[str, str], str] = {
    ("errors.py", "shapeflow.common.control_characters"): "what a message quotes is made visible in one place"
}
"""The imports that point upwards all the same: (file, module) -> the reason."""

MODEL_ORDER = (
    "ports unseen containers call_names tensors run_record pictures records match moments pattern path_index "
    "owned not_found source_lines selector members links bridges handed_on orders items exact_names making "
    "making_text unused doubts flow axis_links axis_source size_origin call_tree alike costs stage_tree "
    "lifetimes shares amounts rows codec tracefile completions summary_rows summary trace variation "
    "axis_names input_letters"
)
"""The files of model/: each imports only files that stand before it."""

TORCH_SIDE = {"recording", "adapters", "runs"}
"""Layers that import torch."""
TORCH_PACKAGES = {"torch", "torchvision", "transformers", "sam3", "timm"}
