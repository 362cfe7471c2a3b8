"""Pictures of every kind become the RGB a person sees; everything else is a clear error."""

from __future__ import annotations

import contextlib
import os
import random
import struct
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from shapeflow.adapters import images
from shapeflow.adapters.boxes import Box, parse_box
from shapeflow.adapters.images import open_image
from shapeflow.adapters.prompt import check_prompt, long_prompt_note
from shapeflow.errors import InputError

GREY = (128, 128, 128)
RED = (200, 30, 30)


def saved(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)
    return path


def near(pixel: tuple[int, ...], wanted: tuple[int, ...], by: int = 3) -> bool:
    return all(abs(a - b) <= by for a, b in zip(pixel, wanted, strict=True))


@pytest.mark.parametrize(
    ("mode", "colour", "suffix", "wanted"),
    [
        ("RGB", RED, "png", RED),
        ("RGB", RED, "webp", RED),
        ("RGB", RED, "bmp", RED),
        ("L", 128, "png", GREY),
        ("1", 1, "png", (255, 255, 255)),
        ("P", 0, "gif", (0, 0, 0)),
        ("I;16", 128 * 257, "png", GREY),
        ("I;16", 128 * 257, "tiff", GREY),
        ("I", 128 * 257, "tiff", GREY),
        ("F", 0.5, "tiff", GREY),
        ("F", 128.0, "tiff", GREY),
        ("F", 900.0, "tiff", (0, 0, 0)),
        ("CMYK", (0, 255, 255, 0), "jpg", (255, 0, 0)),
        ("CMYK", (0, 255, 255, 0), "tiff", (255, 0, 0)),
        ("RGBA", (200, 30, 30, 255), "png", RED),
        ("RGBA", (200, 30, 30, 0), "png", (255, 255, 255)),
        ("LA", (0, 128), "png", (127, 127, 127)),
        ("LAB", (255, 128, 128), "tiff", (255, 255, 255)),
    ],
)
def test_every_mode_becomes_the_rgb_one_sees(tmp_path, mode, colour, suffix, wanted):
    path = saved(Image.new(mode, (6, 4), colour), tmp_path / f"picture.{suffix}")
    image = open_image(path)
    assert (image.mode, image.size) == ("RGB", (6, 4))
    assert near(image.getpixel((2, 2)), wanted, 6)


def test_sixteen_bits_keep_their_steps(tmp_path):
    ramp = Image.new("I;16", (256, 1))
    for level in range(256):
        ramp.putpixel((level, 0), level * 257)
    image = open_image(saved(ramp, tmp_path / "ramp.png"))
    assert [image.getpixel((level, 0))[0] for level in range(256)] == list(range(256))


def test_a_transparent_palette_shows_white(tmp_path):
    image = Image.new("P", (4, 4), 0)
    image.putpalette([10, 20, 30, 40, 50, 60])
    path = saved(image, tmp_path / "palette.png", transparency=0)
    assert open_image(path).getpixel((0, 0)) == (255, 255, 255)


def test_the_camera_orientation_is_followed(tmp_path):
    image = Image.new("RGB", (8, 4), RED)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    assert open_image(saved(image, tmp_path / "turned.jpg", exif=exif)).size == (4, 8)


def test_of_an_animation_the_first_frame_is_taken(tmp_path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, (0, 0, 255))]
    path = saved(frames[0], tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    assert near(open_image(path).getpixel((1, 1)), RED, 6)


def test_one_pixel_is_an_image(tmp_path):
    assert open_image(saved(Image.new("RGB", (1, 1), RED), tmp_path / "dot.png")).size == (1, 1)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<!DOCTYPE html><html></html>", "a saved web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\x00\x00\x00\x20ftypheic\x00\x00", "HEIC"),
        (b"PK\x03\x04....", "ZIP"),
        (b"", "is empty"),
        (b"hello there", "'hello there'"),
        (b"\x00\x01\x02\x03\x04\x05\x06\x07\x08", "00 01 02 03"),
    ],
)
def test_what_is_no_image_is_told_from_its_first_bytes(tmp_path, content, says):
    path = tmp_path / "bus.jpg"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        open_image(path)
    assert caught.value.code == "not-an-image"
    assert says in caught.value.render()


def test_a_missing_file_is_compared_with_its_neighbours(tmp_path):
    (tmp_path / "school-bus.jpg").touch()
    with pytest.raises(InputError) as caught:
        open_image(tmp_path / "schol-bus.jpg")
    assert caught.value.code == "file-missing"
    assert caught.value.hint.endswith("school-bus.jpg")
    with pytest.raises(InputError) as caught:
        open_image(tmp_path / "nowhere" / "bus.jpg")
    assert "does not exist" in caught.value.because


def test_a_folder_is_no_image(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        open_image(tmp_path)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff", "gif"])
def test_a_truncated_image_is_an_error(tmp_path, suffix):
    noise = Image.frombytes("RGB", (64, 64), random.Random(0).randbytes(64 * 64 * 3))
    path = saved(noise, tmp_path / f"cut.{suffix}")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError) as caught:
        open_image(path)
    assert caught.value.code in ("image-broken", "not-an-image")


def test_a_decompression_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = saved(Image.new("1", (1, 1)), tmp_path / "bomb.png")
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">II", 60_000, 60_000)
    header = bytes(content[12:29])
    content[29:33] = struct.pack(">I", PngImagePlugin._crc32(header))
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        open_image(path)
    assert caught.value.code == "image-too-large"


@pytest.mark.parametrize("name", ["picture.jpg", "picture.png", "picture.eps"])
def test_a_drawing_that_would_start_a_program_is_no_image(tmp_path, monkeypatch, name):
    path = saved(Image.new("RGB", (4, 4), RED), tmp_path / "drawing.eps").rename(tmp_path / name)
    monkeypatch.setattr("subprocess.check_call", lambda *_, **__: pytest.fail("it started a program"))
    with pytest.raises(InputError, match="PostScript") as caught:
        open_image(path)
    assert caught.value.code == "not-an-image"


@pytest.mark.parametrize("suffix", ["ppm", "tga", "ico", "pcx", "sgi", "im", "dib", "jp2", "xbm"])
def test_only_some_formats_are_tried(tmp_path, suffix):
    mode = "1" if suffix == "xbm" else "RGB"
    path = saved(Image.new(mode, (16, 16)), tmp_path / f"picture.{suffix}").rename(tmp_path / "picture.png")
    with pytest.raises(InputError) as caught:
        open_image(path)
    assert (caught.value.code, caught.value.expected) == ("not-an-image", "BMP, GIF, JPEG, PNG, TIFF or WEBP")


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "tiff", "webp", "bmp"])
def test_pixels_are_counted_before_they_are_unpacked(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(images, "MAX_PIXELS", 100)
    assert open_image(saved(Image.new("RGB", (10, 10)), tmp_path / f"small.{suffix}")).size == (10, 10)
    path = saved(Image.new("RGB", (10, 11)), tmp_path / f"large.{suffix}")
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("it was unpacked"))
    with pytest.raises(InputError) as caught:
        open_image(path)
    assert (caught.value.code, caught.value.found) == ("image-too-large", "10 x 11 = 110 pixels")


def test_a_pipe_or_device_is_no_image(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "pipe.png", Path("/dev/zero"), Path("/dev/null")):
        with pytest.raises(InputError, match="is a device or pipe") as caught:
            open_image(path)
        assert caught.value.code == "not-an-image"


def test_any_cut_or_flipped_file_is_a_picture_or_an_error(tmp_path):
    """Decoders fail in many ways; none of them may come through as something else."""
    chance = random.Random(1)
    noise = Image.frombytes("RGB", (24, 24), chance.randbytes(24 * 24 * 3))
    for suffix in ("jpg", "png", "gif", "tiff", "webp", "bmp"):
        good = saved(noise, tmp_path / f"good.{suffix}").read_bytes()
        for _ in range(40):
            bad = bytearray(good)
            for _ in range(chance.randint(1, 6)):
                bad[chance.randrange(len(bad))] = chance.randrange(256)
            path = tmp_path / f"bad.{suffix}"
            path.write_bytes(bad[: chance.randint(1, len(bad))])
            with contextlib.suppress(InputError):
                assert open_image(path).mode == "RGB"


def test_a_box_is_read():
    assert parse_box("0.5, 0.5,0.2,0.4") == Box(0.5, 0.5, 0.2, 0.4)
    assert parse_box("0.9,0.5,0.2,1", positive=False) == Box(0.9, 0.5, 0.2, 1.0, positive=False)


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("0.5,0.5,0.2", "box", "not four numbers"),
        ("a,b,c,d", "box", "not four numbers"),
        ("nan,0.5,0.2,0.2", "box", "not four numbers"),
        ("", "box", "not four numbers"),
        ("0.5,0.5,0,0.2", "box", "is empty"),
        ("0.5,0.5,-0.1,0.2", "box", "is empty"),
        ("0.05,0.5,0.2,0.2", "box-outside", "left edge is at -0.05"),
        ("0.5,0.95,0.2,0.2", "box-outside", "bottom edge is at 1.05"),
        ("640,360,100,80", "box-outside", "divide pixels"),
    ],
)
def test_a_wrong_box_is_an_error(text, code, says):
    with pytest.raises(InputError) as caught:
        parse_box(text)
    assert caught.value.code == code
    assert says in caught.value.render()


def test_a_box_over_the_edge_is_offered_cut_to_the_image():
    with pytest.raises(InputError) as caught:
        parse_box("0.05,0.5,0.2,0.2")
    assert parse_box(caught.value.hint) == Box(0.075, 0.5, 0.15, 0.2)


def test_a_prompt_is_tidied_and_an_empty_one_refused():
    assert check_prompt("  yellow \n school bus ") == "yellow school bus"
    for empty in ("", "  ", "\n\t"):
        with pytest.raises(InputError, match="empty"):
            check_prompt(empty)


def test_a_long_prompt_is_noted_with_what_is_read():
    assert long_prompt_note(40) == "The prompt has 40 tokens; the model reads the first 32."
