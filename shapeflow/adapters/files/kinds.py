"""Which files are models, told by their names and first bytes, without torch."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

EXPORTED = frozenset({".pt2"})
SAVED = frozenset({".pt", ".pth", ".bin", ".ckpt", ".tar", ".pkl", ".pickle", ".torchscript", ".safetensors"})
"""What may hold a scripted model, a pickled one, or weights by name: the content tells."""
FOREIGN = {
    ".onnx": "ONNX",
    ".tflite": "TensorFlow Lite",
    ".pb": "TensorFlow",
    ".h5": "Keras",
    ".keras": "Keras",
    ".gguf": "llama.cpp",
    ".mlmodel": "Core ML",
    ".mlpackage": "Core ML",
    ".engine": "TensorRT",
    ".npz": "NumPy",
    ".npy": "NumPy",
}
"""Ending -> whose format it is, of files that torch does not run."""
CONFIGURATIONS = ("model_index.json", "config.json")
"""Files of a folder of the hub that say what model it is."""
ENDINGS = EXPORTED | SAVED | frozenset(FOREIGN)


def is_model_file(target: str) -> bool:
    """Return True if a target is the name of a model file, be it there or not."""
    return Path(target).suffix.lower() in ENDINGS


def is_script(target: str) -> bool:
    """Return True if a target is a Python file, with nothing of it named."""
    return Path(target).suffix == ".py"


def is_folder(target: str) -> bool:
    """Return True if a target is a folder that is there or a configuration, as the hub has them."""
    path = Path(target)
    return path.is_dir() or (path.suffix == ".json" and path.is_file())


def folder_library(target: str) -> str:
    """Return the prefix of the library that a folder or configuration is for; empty if it is for none."""
    path = Path(target)
    file = next((path / name for name in CONFIGURATIONS if (path / name).is_file()), path)
    if not file.is_file():
        return ""
    with suppress(OSError, ValueError, RecursionError):
        settings = json.loads(file.read_text(encoding="utf-8"))
        return "diffusers" if "_class_name" in settings else "transformers"
    return "transformers"
