"""Draw the best masks of a real run as one transparent picture, to be laid over the thumbnail."""

from __future__ import annotations

import base64
import io

from torch import Tensor

COLOURS = ((230, 75, 53), (0, 160, 135), (60, 84, 136), (243, 155, 27), (145, 100, 180))
"""One for each mask, the best first; far apart also for colour-blind eyes."""
WIDTH = 480


def overlay(masks: Tensor, scores: Tensor) -> str:
    """Return a PNG in base64 with the masks of the highest scores in colour, transparent elsewhere.

    Args:
        masks: bool, ``[detections, 1, height, width]``.
        scores: ``[detections]``; as many masks are drawn as there are colours, the best on top.
    """
    from PIL import Image

    height, width = masks.shape[-2:]
    size = (WIDTH, max(1, round(WIDTH * height / width)))
    picture = Image.new("RGBA", size)
    best = scores.argsort(descending=True)[: len(COLOURS)].tolist()
    for colour, detection in reversed(list(zip(COLOURS, best, strict=False))):
        mask = Image.fromarray((masks[detection, 0].cpu().numpy() * 255).astype("uint8")).resize(size)
        picture.paste((*colour, 255), mask=mask)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
