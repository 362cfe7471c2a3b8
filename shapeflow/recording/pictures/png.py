"""Write pixels as PNG in base64; nothing but zlib is needed for that."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy

_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}
"""Numbers a pixel -> PNG's code: grey, RGB, RGB with opacity."""


def png(pixels: numpy.ndarray) -> str:
    """Return a picture ``u8[height, width, 1 | 3 | 4]``."""
    height, width, depth = pixels.shape
    rows = pixels.reshape(height, -1)
    packed = min((_packed(rows, 0), _packed(_differences(pixels), 1)), key=len)
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[depth], 0, 0, 0)
    parts = [_chunk(b"IHDR", header), _chunk(b"IDAT", packed), _chunk(b"IEND", b"")]
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(parts)).decode("ascii")


def _packed(rows: numpy.ndarray, method: int) -> bytes:
    """Return rows, each behind the number of the filter it went through, compressed."""
    marked = numpy.pad(rows, ((0, 0), (1, 0)), constant_values=method)
    return zlib.compress(marked.tobytes(), 9)


def _differences(pixels: numpy.ndarray) -> numpy.ndarray:
    """Return each pixel less the one to its left, modulo 256: photos get shorter so."""
    before = numpy.zeros_like(pixels)
    before[:, 1:] = pixels[:, :-1]
    rows: numpy.ndarray = (pixels - before).reshape(len(pixels), -1)
    return rows


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
