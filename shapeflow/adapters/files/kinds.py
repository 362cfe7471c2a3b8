"""Which files are models, told by their names and first bytes, without torch."""

from __future__ import annotations

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
ENDINGS = EXPORTED | SAVED | frozenset(FOREIGN)


def is_model_file(target: str) -> bool:
    """Return True if a target is the name of a model file, be it there or not."""
    return Path(target).suffix.lower() in ENDINGS


def is_script(target: str) -> bool:
    """Return True if a target is a Python file, with nothing of it named."""
    return Path(target).suffix == ".py"


def is_folder(target: str) -> bool:
    """Return True if a target is a folder that is there, written as a path, or a configuration in one."""
    path = Path(target)
    return path.is_dir() or (path.suffix == ".json" and path.is_file())
