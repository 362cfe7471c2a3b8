"""Pictures that a user gives: of any kind, turned into the RGB that a person sees, or clearly refused."""

from __future__ import annotations

import math
import stat
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.common.text import counted, nearest
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
"""What is tried on a file, whatever its name: decoders that only decode. EPS would start Ghostscript."""
MAX_PIXELS = 64_000_000
"""More than a camera of 50 megapixels gives; unpacked, each takes four bytes, a few times over."""

FIRST_BYTES: tuple[tuple[bytes, str, str], ...] = (
    (b"version https://git-lfs", "a Git LFS pointer, not the picture it stands for", "git lfs pull"),
    (b"<!doctype html", "a saved web page", "download the picture itself"),
    (b"<html", "a saved web page", "download the picture itself"),
    (b"<svg", "an SVG drawing", "export it as PNG"),
    (b"<?xml", "an XML file, perhaps an SVG drawing", "export it as PNG"),
    (b"%pdf", "a PDF document", "export the page as PNG"),
    (b"%!ps", "a PostScript drawing", "export it as PNG"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript drawing", "export it as PNG"),
    (b"8bps", "a Photoshop picture", "export it as PNG"),
    (b"\x00\x00\x01\x00", "an icon", "convert it to PNG"),
    (b"pk\x03\x04", "a ZIP archive", "unpack it"),
    (b"\x1f\x8b", "a gzip archive", "unpack it"),
    (b"\x93numpy", "a NumPy array", "save it as PNG"),
    (b"{", "a JSON file", ""),
)
"""First bytes (lower case) -> what the file is, and what to do."""

FILE_TYPES = {b"heic": "a HEIC photo", b"heix": "a HEIC photo", b"mif1": "a HEIC photo"}
"""Brand of an ISO media file, from byte 8."""


def open_image(path: Path) -> Picture:
    """Return a picture as RGB: turned as its camera says, over white where it is transparent.

    Raises:
        InputError: there is no such file, or no picture can be read from it.
    """
    # All of FORMATS, else Pillow would import every decoder that it has to look for one.
    from PIL import Image, TiffImagePlugin, UnidentifiedImageError, WebPImagePlugin  # noqa: F401

    head = _first_bytes(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of big pictures, odd metadata and palettes
            Image.preinit()
            with Image.open(path, formats=FORMATS) as image:
                _check_size(path, image.size)
                image.load()
                _check_size(path, image.size)
                return _as_rgb(image)
    except InputError:
        raise
    except Image.DecompressionBombError:
        raise _too_large(path, "") from None
    except UnidentifiedImageError:
        raise _not_an_image(path, head) from None
    except Exception as error:  # each of Pillow's decoders fails in its own way
        raise InputError(
            "image-broken",
            f"'{path}' begins like an image but cannot be decoded",
            where=str(path),
            because=_one_line(error),
            hint="fetch or save it again; it may have been cut off",
        ) from None


def _check_size(path: Path, size: tuple[int, int]) -> None:
    """Check before they are unpacked that the pixels of a picture have room in memory."""
    width, height = size
    if width * height > MAX_PIXELS:
        raise _too_large(path, f"{width:,} x {height:,} = {width * height:,} pixels")


def _too_large(path: Path, found: str) -> InputError:
    return InputError(
        "image-too-large",
        f"'{path}' is too large to be decoded safely",
        where=str(path),
        expected=f"at most {MAX_PIXELS:,} pixels",
        found=found,
        hint="scale it down; models resize their input anyway",
    )


def thumbnail(image: Picture, width: int = 480) -> str:
    """Return a picture scaled down to ``width`` pixels, as JPEG in base64, for the report."""
    import base64
    import io

    small = image.copy()
    small.thumbnail((width, width))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=72)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _first_bytes(path: Path) -> bytes:
    """Return how a file begins, or say why it cannot be read."""
    try:
        if not stat.S_ISREG(mode := path.stat().st_mode) and not stat.S_ISDIR(mode):
            what = f"'{path}' is a device or pipe, not an image"
            raise InputError("not-an-image", what, where=str(path))
        with path.open("rb") as file:
            head = file.read(64)
    except FileNotFoundError:
        folder = path.parent
        names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
        close = nearest(path.name, names, 1)
        raise InputError(
            "file-missing",
            f"no file '{path}'",
            where=str(path),
            because=f"looked in {folder.resolve()}" + ("" if folder.is_dir() else ", which does not exist"),
            hint=str(folder / close[0]) if close else "",
        ) from None
    except IsADirectoryError:
        raise InputError("not-an-image", f"'{path}' is a folder, not an image", where=str(path)) from None
    except (OSError, ValueError) as error:
        raise InputError(
            "file-unreadable", f"'{path}' cannot be read", where=str(path), because=_one_line(error)
        ) from None
    if not head:
        raise InputError("not-an-image", f"'{path}' is empty", where=str(path), found="0 bytes")
    return head


def _not_an_image(path: Path, head: bytes) -> InputError:
    """Return the error for a file that is something else; its first bytes may tell what."""
    beginning = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    kind, hint = "", ""
    for start, what, cure in FIRST_BYTES:
        if beginning.startswith(start):
            kind, hint = f"this looks like {what}", cure
            break
    if head[4:8] == b"ftyp":
        kind = f"this looks like {FILE_TYPES.get(head[8:12], 'a video')}"
        hint = "convert it to JPEG or PNG"
    printable = head[:15].decode("ascii", "replace")
    shown = f"'{printable}'" if printable.isprintable() and printable.isascii() else head[:8].hex(" ")
    return InputError(
        "not-an-image",
        f"'{path}' is not an image that can be read here",
        where=str(path),
        expected=f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}",
        found=f"{counted(path.stat().st_size, 'byte')} beginning with {shown}",
        because=kind,
        hint=hint,
    )


def _as_rgb(image: Picture) -> Picture:
    """Return the first frame of a decoded picture in RGB."""
    from PIL import Image, ImageOps

    ImageOps.exif_transpose(image, in_place=True)
    turned = image
    if turned.mode in ("I", "F") or turned.mode.startswith("I;16"):
        return _scaled_to_bytes(turned).convert("RGB")
    if turned.mode == "LAB":
        return _from_lab(turned)
    if "transparency" in turned.info or turned.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        if turned.mode == "La":
            turned = turned.convert("LA")
        layered = turned.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")
    return turned.convert("RGB")


def _scaled_to_bytes(image: Picture) -> Picture:
    """Return a picture of more than 8 bits as greyscale; a plain conversion would clip it to white.

    16-bit pictures have a known range. Wider ones do not, so theirs is taken from the picture.
    """
    sixteen_bits = image.mode.startswith("I;16")
    wide = image.convert("F")
    low, high = wide.getextrema()
    assert isinstance(low, float)
    assert isinstance(high, float)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("some of its pixels are not finite numbers")
    if sixteen_bits or (image.mode == "I" and low >= 0 and 255 < high <= 65535):
        low, high = 0.0, 65535.0
    elif low >= 0 and high <= 1 and image.mode == "F":
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    scale = 255.0 / ((high - low) or 1.0)
    return wide.point(lambda level: level * scale + (0.5 - low * scale)).convert("L")


def _from_lab(image: Picture) -> Picture:
    """Return a CIE L*a*b* picture as RGB, which Pillow leaves to its colour management."""
    from PIL import ImageCms

    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, rgb, outputMode="RGB")
    assert converted is not None
    return converted


def _one_line(error: Exception) -> str:
    """Return the first line of an error's text, or its class name."""
    text = getattr(error, "strerror", None) or str(error)
    return text.splitlines()[0] if text else type(error).__name__
