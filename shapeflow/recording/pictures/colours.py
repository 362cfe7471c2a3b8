"""Turn numbers into colours: many channels by their principal components, one by a scale."""

from __future__ import annotations

import numpy
import torch
from torch import Tensor

from shapeflow.recording.pictures.png import png

SIDE = 72
"""Most pixels on a side; larger maps are averaged down."""
MOST_PRODUCT = 1536
"""Where pixels and channels are both more, fewer pixels are drawn: their components are found soon."""
SMALL_SIDE = 32
_DARK = numpy.array([[13, 8, 60], [126, 3, 168], [204, 71, 120], [248, 149, 64], [240, 249, 33]], float)
"""From nothing to most, for one number a pixel; lighter all the way, so that it can be read in grey."""


def side_of(height: int, width: int, channels: int = 1) -> tuple[int, int]:
    """Return height and width of the picture of a map."""
    most = SIDE
    if min(min(height, SIDE) * min(width, SIDE), channels) > MOST_PRODUCT:
        most = SMALL_SIDE
    scale = min(1.0, most / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def averaged(maps: Tensor, size: tuple[int, int]) -> numpy.ndarray:
    """Return ``[channels, height, width]`` averaged down to a size, as ``f32[channels, height, width]``."""
    small = maps.to(torch.float32)
    if tuple(small.shape[-2:]) != size:
        small = torch.nn.functional.adaptive_avg_pool2d(small, size)
    return small.cpu().numpy()


def components(rows: numpy.ndarray, count: int = 3) -> tuple[numpy.ndarray, float]:
    """Return the first principal components of ``[samples, channels]``, and the share of variance they have.

    The signs are chosen so that the largest number of each component is positive: equal runs, equal colours.
    """
    centred = rows - rows.mean(0, keepdims=True)
    wide = rows.shape[1] > rows.shape[0]
    square = centred @ centred.T if wide else centred.T @ centred
    values, vectors = numpy.linalg.eigh(square.astype(numpy.float64))
    values, vectors = values[::-1][:count].clip(0), vectors[:, ::-1][:, :count]
    found = vectors * numpy.sqrt(values) if wide else centred @ vectors
    largest = numpy.abs(found).argmax(0)
    signs = numpy.sign(found[largest, range(found.shape[1])])
    total = float(numpy.square(centred, dtype=numpy.float64).sum())
    return found * numpy.where(signs == 0, 1, signs), float(values.sum()) / total if total else 0.0


def feature_picture(maps: numpy.ndarray) -> tuple[str, int]:
    """Return ``f32[channels, height, width]`` as a picture, and the percent of the variance it shows.

    One channel is grey; of more, the first three components are red, green and blue, each from its lowest
    to its highest number without the outermost hundredth.
    """
    channels, height, width = maps.shape
    rows = maps.reshape(channels, -1).T
    found, share = (rows, 1.0) if channels == 1 else components(rows)
    low, high = numpy.percentile(found, [0.5, 99.5], axis=0)
    scaled = (found - low) / numpy.where(high > low, high - low, 1)
    pixels = numpy.zeros((height * width, 1 if channels == 1 else 3), dtype=numpy.uint8)
    pixels[:, : found.shape[1]] = _bytes(scaled)
    return png(pixels.reshape(height, width, -1)), round(100 * share)


def scale_picture(weights: numpy.ndarray) -> str:
    """Return ``[height, width]`` as a picture from dark, for 0, to bright, for the highest number."""
    highest = float(weights.max())
    level = (weights / highest if highest > 0 else weights).clip(0, 1) * (len(_DARK) - 1)
    lower = numpy.minimum(level.astype(int), len(_DARK) - 2)
    part = (level - lower)[..., None]
    return png((_DARK[lower] * (1 - part) + _DARK[lower + 1] * part).round().astype(numpy.uint8))


def photo(pixels: numpy.ndarray) -> str:
    """Return ``[1 | 3, height, width]`` as it looks, from its lowest to its highest number."""
    low, high = float(pixels.min()), float(pixels.max())
    scaled = (pixels - low) / ((high - low) or 1.0)
    return png(_bytes(scaled.transpose(1, 2, 0)))


def _bytes(scaled: numpy.ndarray) -> numpy.ndarray:
    """Return numbers from 0 to 1 as bytes; steps of four are as good to the eye and take less room."""
    levels: numpy.ndarray = (scaled.clip(0, 1) * 255).round().astype(numpy.uint8)
    return levels & 0xFC
