"""Draw ``school-bus.jpg``: a yellow school bus on a street on a late afternoon.

A drawing of our own, so that the example needs no download and has no licence but this repository's.
Run it to make the picture again:  python examples/make_school_bus.py
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

WIDTH, HEIGHT = 1280, 720
FINER = 2
"""Drawn this many times as large and scaled down, so that edges are smooth."""

Colour = tuple[int, int, int]
Points = Sequence[tuple[float, float]]

YELLOW: Colour = (247, 181, 0)
SHADED_YELLOW: Colour = (214, 142, 0)
LIGHT_YELLOW: Colour = (255, 208, 66)
BLACK: Colour = (28, 28, 32)
GLASS: Colour = (44, 62, 80)
ROAD: Colour = (92, 94, 102)
GROUND = 604
"""Height at which the wheels stand."""


class Canvas:
    """A picture that is drawn finer than it is saved."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (WIDTH * FINER, HEIGHT * FINER))
        self.draw = ImageDraw.Draw(self.image)

    def polygon(self, points: Points, colour: Colour) -> None:
        """Fill a polygon."""
        self.draw.polygon([(x * FINER, y * FINER) for x, y in points], fill=colour)

    def box(
        self, left: float, top: float, right: float, bottom: float, colour: Colour, radius: float = 0
    ) -> None:
        """Fill a rectangle with round corners."""
        corners = (left * FINER, top * FINER, right * FINER, bottom * FINER)
        self.draw.rounded_rectangle(corners, radius * FINER, fill=colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Fill a circle."""
        corners = ((x - radius) * FINER, (y - radius) * FINER, (x + radius) * FINER, (y + radius) * FINER)
        self.draw.ellipse(corners, fill=colour)

    def arch(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Fill the upper part of a circle that stands on ``y``."""
        corners = (x - radius, y - 1.4 * radius, x + radius, y + 0.6 * radius)
        self.draw.chord([corner * FINER for corner in corners], 156, 24, fill=colour)

    def gradient(self, top: float, bottom: float, above: Colour, below: Colour) -> None:
        """Fill the whole width with a gradient."""
        for y in range(round(top * FINER), round(bottom * FINER)):
            self.draw.line(
                [(0, y), (WIDTH * FINER, y)],
                fill=mixed(above, below, (y / FINER - top) / (bottom - top)),
            )

    def soften(self, radius: float) -> None:
        """Blur what is there, so that it lies behind what comes."""
        self.image = self.image.filter(ImageFilter.GaussianBlur(radius * FINER))
        self.draw = ImageDraw.Draw(self.image)

    def shade(
        self, left: float, top: float, right: float, bottom: float, strength: float, blur: float
    ) -> None:
        """Darken an ellipse with a soft edge."""
        mask = Image.new("L", self.image.size, 0)
        ImageDraw.Draw(mask).ellipse(
            (left * FINER, top * FINER, right * FINER, bottom * FINER), fill=round(255 * strength)
        )
        mask = mask.filter(ImageFilter.GaussianBlur(blur * FINER))
        self.image = Image.composite(Image.new("RGB", self.image.size, (14, 14, 24)), self.image, mask)
        self.draw = ImageDraw.Draw(self.image)


def mixed(first: Colour, second: Colour, part: float) -> Colour:
    """Return the colour that is ``part`` of the way from the first to the second."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(first, second, strict=True))
    return red, green, blue


def draw_background(canvas: Canvas, chance: random.Random) -> None:
    """Draw sky, hills, houses, trees and the street."""
    canvas.gradient(0, 400, (98, 154, 214), (246, 214, 178))
    canvas.disc(1050, 150, 46, (255, 244, 214))
    for _ in range(9):
        x, y = chance.uniform(0, WIDTH), chance.uniform(40, 190)
        for _ in range(12):
            tint = mixed((255, 255, 255), (238, 214, 206), chance.random())
            canvas.disc(x + chance.uniform(-90, 90), y + chance.uniform(-7, 7), chance.uniform(9, 22), tint)
    canvas.soften(7)
    hills = [(x, 352 - 40 * ((x * 7919 // 160) % 5) / 5) for x in range(0, WIDTH + 161, 160)]
    canvas.polygon([(0, 480), *hills, (WIDTH + 160, 480)], (122, 142, 132))
    canvas.soften(4)
    x = -30.0
    walls = ((181, 122, 96), (206, 186, 158), (150, 122, 112), (194, 158, 126), (132, 136, 148))
    while x < WIDTH:
        x += draw_house(canvas, chance, x, chance.choice(walls)) + chance.uniform(4, 26)
    for x in (70, 410, 905, 1205):
        draw_tree(canvas, chance, x + chance.uniform(-20, 20))
    canvas.soften(1.6)
    canvas.gradient(470, 520, (164, 160, 152), (140, 138, 134))
    canvas.gradient(520, HEIGHT, mixed(ROAD, (255, 236, 206), 0.12), mixed(ROAD, (0, 0, 0), 0.25))
    canvas.box(0, 516, WIDTH, 524, (190, 186, 176))
    for x in range(-60, WIDTH, 190):
        canvas.polygon([(x, 668), (x + 104, 668), (x + 92, 680), (x - 16, 680)], (232, 226, 206))


def draw_house(canvas: Canvas, chance: random.Random, x: float, wall: Colour) -> float:
    """Draw a house that stands on the pavement; return its width."""
    width, top = chance.uniform(110, 190), chance.uniform(230, 330)
    canvas.box(x, top, x + width, 480, wall)
    canvas.polygon(
        [(x - 8, top), (x + width / 2, top - chance.uniform(30, 64)), (x + width + 8, top)],
        mixed(wall, (60, 40, 44), 0.55),
    )
    columns = int(width // 42)
    for row in range(int((470 - top) // 52)):
        for column in range(columns):
            left = x + (width - columns * 42) / 2 + column * 42 + 9
            lit = chance.random() < 0.3
            pane = (255, 226, 150) if lit else mixed((70, 88, 110), (170, 196, 214), chance.random() * 0.6)
            canvas.box(left, top + 18 + row * 52, left + 24, top + 52 + row * 52, pane)
    return width


def draw_tree(canvas: Canvas, chance: random.Random, x: float) -> None:
    """Draw a tree in autumn."""
    canvas.polygon([(x - 7, 496), (x - 4, 350), (x + 5, 350), (x + 9, 496)], (84, 62, 50))
    for _ in range(90):
        angle_x, angle_y = chance.gauss(0, 34), chance.gauss(0, 40)
        leaf = mixed((70, 104, 58), (206, 132, 46), chance.random())
        canvas.disc(x + angle_x, 322 + angle_y, chance.uniform(7, 17), leaf)


def draw_bus(canvas: Canvas) -> None:
    """Draw the bus, seen from its right side."""
    canvas.shade(196, 570, 1110, 640, 0.75, 9)
    canvas.box(214, 262, 946, 560, YELLOW, 26)  # body
    canvas.box(226, 262, 934, 282, LIGHT_YELLOW, 16)  # light on the roof
    canvas.polygon(
        [(930, 300), (952, 300), (976, 402), (1082, 418), (1096, 446), (1096, 560), (930, 560)], YELLOW
    )
    canvas.polygon([(976, 402), (1082, 418), (1090, 432), (976, 424)], LIGHT_YELLOW)  # light on the bonnet
    canvas.box(214, 520, 1096, 566, SHADED_YELLOW, 8)
    for y in (408, 452, 500):
        canvas.box(214, y, 960, y + 6, BLACK)
    for window in range(8):
        draw_window(canvas, 238 + window * 76)
    canvas.box(858, 312, 922, 548, mixed(YELLOW, BLACK, 0.16), 6)  # door
    for left in (864, 893):
        canvas.box(left, 320, left + 24, 540, GLASS, 4)
        canvas.polygon([(left, 420), (left + 24, 380), (left + 24, 410), (left, 450)], (92, 118, 140))
    canvas.polygon([(934, 312), (950, 312), (972, 398), (934, 398)], GLASS)  # side of the windscreen
    canvas.polygon([(938, 340), (948, 330), (960, 372), (942, 392)], (104, 132, 152))
    canvas.box(1072, 452, 1098, 490, (250, 246, 224), 8)  # headlight
    canvas.box(1066, 532, 1112, 562, BLACK, 8)  # bumpers
    canvas.box(200, 532, 238, 562, BLACK, 8)
    canvas.box(206, 440, 222, 478, (176, 34, 30), 5)  # tail light
    canvas.box(250, 246, 286, 264, (196, 44, 34), 6)  # warning lights
    canvas.box(866, 246, 902, 264, (196, 44, 34), 6)
    draw_sign(canvas)
    for x in (372, 1010):
        canvas.arch(x, 566, 74, mixed(SHADED_YELLOW, BLACK, 0.72))  # wheel house
        canvas.disc(x, GROUND - 52, 56, BLACK)
        canvas.disc(x, GROUND - 52, 31, (178, 180, 184))
        canvas.disc(x, GROUND - 52, 24, (128, 130, 136))
        for dx, dy in ((0, -15), (14, -5), (9, 12), (-9, 12), (-14, -5)):
            canvas.disc(x + dx, GROUND - 52 + dy, 4, (60, 62, 66))


def draw_window(canvas: Canvas, left: float) -> None:
    """Draw one window, with the sky in it and a seat behind."""
    canvas.box(left - 3, 305, left + 61, 395, BLACK, 7)
    canvas.box(left, 308, left + 58, 392, GLASS, 5)
    canvas.polygon(
        [(left + 6, 372), (left + 40, 312), (left + 54, 312), (left + 16, 384)],
        mixed(GLASS, (190, 216, 236), 0.34),
    )
    canvas.box(left + 8, 366, left + 34, 392, mixed(GLASS, BLACK, 0.5), 6)
    canvas.box(left, 348, left + 58, 351, BLACK)


def draw_sign(canvas: Canvas) -> None:
    """Draw the folded stop sign and the lettering."""
    octagon = [(772, 428), (788, 428), (799, 439), (799, 455), (788, 466), (772, 466), (761, 455), (761, 439)]
    canvas.polygon(octagon, (186, 30, 30))
    canvas.box(768, 443, 792, 451, (250, 246, 240))
    font = ImageFont.load_default(34 * FINER)
    canvas.draw.text((474 * FINER, 459 * FINER), "SCHOOL BUS", fill=BLACK, font=font, stroke_width=FINER)


def finished(canvas: Canvas, chance: random.Random) -> Image.Image:
    """Return the picture in its size, with warm light and the grain of a camera."""
    image = canvas.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    warm = Image.linear_gradient("L").rotate(90).resize(image.size)
    glow = Image.merge("RGB", [warm.point(lambda v, part=part: v * part) for part in (0.12, 0.07, 0.0)])
    image = ImageChops.add(image, glow)
    grain = Image.frombytes("L", image.size, chance.randbytes(WIDTH * HEIGHT)).filter(
        ImageFilter.GaussianBlur(0.7)
    )
    return Image.blend(image, ImageChops.overlay(image, grain.convert("RGB")), 0.3)


def main() -> None:
    """Draw and save."""
    chance = random.Random(3)
    canvas = Canvas()
    draw_background(canvas, chance)
    draw_bus(canvas)
    image = finished(canvas, chance).filter(ImageFilter.GaussianBlur(0.4))
    image.save(Path(__file__).with_name("school-bus.jpg"), quality=88, optimize=True)


if __name__ == "__main__":
    main()
