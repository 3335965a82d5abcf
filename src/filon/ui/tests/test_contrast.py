"""WCAG 2.2 AA computed from frontend/src/styles/tokens.css: 4.5:1 for words, 3:1 for edges that tell a control."""

import math
import re
from itertools import product
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[4] / "frontend" / "src" / "styles" / "tokens.css"
PAIR = re.compile(r"--([a-z0-9-]+): light-dark\(oklch\(([^()]*)\), oklch\(([^()]*)\)\);")
GROUNDS = ("canvas", "surface", "raised", "sunken", "hover")
WORDS = ("ink", "ink-2", "ink-3", "accent-ink", "good", "warn", "bad", "cool")


def linear(oklch):
    """Linear sRGB of "L% C H", clipped to what a screen shows."""
    lightness, chroma, hue = (float(part.strip("%")) for part in oklch.split())
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    lightness /= 100
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short
    return [min(max(part, 0), 1) for part in (red, green, blue)]


def contrast(one, other):
    luminance = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (linear(one), linear(other)))
    return (luminance[1] + 0.05) / (luminance[0] + 0.05)


@pytest.fixture(params=["light", "dark"])
def colours(request):
    found = PAIR.findall(TOKENS.read_text("utf-8"))
    assert len(found) > 20
    return {name: light if request.param == "light" else dark for name, light, dark in found}


def test_black_on_white_is_twenty_one_to_one():
    assert contrast("0% 0 0", "100% 0 0") == pytest.approx(21, abs=0.01)


@pytest.mark.parametrize(("word", "ground"), list(product(WORDS, GROUNDS)))
def test_words_are_legible_on_every_ground(colours, word, ground):
    assert contrast(colours[word], colours[ground]) >= 4.5


@pytest.mark.parametrize("tone", ["accent", "good", "warn", "bad", "cool"])
def test_words_are_legible_on_the_soft_ground_of_their_own_tone(colours, tone):
    word = "accent-ink" if tone == "accent" else tone
    assert contrast(colours[word], colours[f"{tone}-soft"]) >= 4.5
    assert contrast(colours["ink-2"], colours[f"{tone}-soft"]) >= 4.5


def test_words_are_legible_on_the_primary_button(colours):
    assert contrast(colours["on-accent"], colours["accent"]) >= 4.5
    assert contrast(colours["on-accent"], colours["accent-hover"]) >= 4.5


@pytest.mark.parametrize("ground", ["canvas", "surface", "raised"])
def test_edges_of_controls_and_marks_stand_out(colours, ground):
    assert contrast(colours["edge"], colours[ground]) >= 3
    assert contrast(colours["accent"], colours[ground]) >= 3
