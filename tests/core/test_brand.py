"""A merchant's colour: every pair of its palette is legible, whatever the colour."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from retour.core.brand import (
    DARK,
    LIGHT,
    MARK,
    NEAR_BLACK,
    TEXT,
    WHITE,
    Ground,
    Shades,
    contrast,
    palette,
    read_colour,
)
from retour.core.errors import Refused

COLOURS = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")


def illegal_pairs(shades: Shades, ground: Ground) -> list[str]:
    plain = (ground.canvas, ground.surface, ground.sunken)
    wanted = [
        *((f"on {name}", shades.on, getattr(shades, name), TEXT) for name in ("fill", "hover")),
        *((f"edge on {other}", shades.edge, other, MARK) for other in plain),
        *((f"text on {other}", shades.text, other, TEXT) for other in (*plain, ground.hover, shades.tint)),
    ]
    return [said for said, one, other, least in wanted if contrast(one, other) < least]


@pytest.mark.property
@given(COLOURS)
@example("#000000")
@example("#ffffff")
@example("#ffff00")
@example("#757575")
@example("#7f7d7b")
@example("#ff0000")
@example("#0000ff")
def test_no_colour_makes_an_illegible_pair(colour: str) -> None:
    made = palette(colour)

    assert illegal_pairs(made.light, LIGHT) == []
    assert illegal_pairs(made.dark, DARK) == []


def test_colours_spread_over_the_cube_stay_themselves_in_both_themes_nearly_always() -> None:
    steps = range(0, 256, 51)
    colours = [f"#{r:02x}{g:02x}{b:02x}" for r in steps for g in steps for b in steps]

    made = {colour: palette(colour) for colour in colours}

    assert [c for c in colours if illegal_pairs(made[c].light, LIGHT) + illegal_pairs(made[c].dark, DARK)] == []
    untouched = [c for c in colours if made[c].light.fill == c == made[c].dark.fill]
    assert len(untouched) / len(colours) > 0.95


def test_a_dark_green_keeps_its_fill_and_gets_lighter_edges_and_text_in_the_dark() -> None:
    made = palette("#1F4D3A")

    assert made.light == Shades("#1f4d3a", WHITE, "#103f2d", "#1f4d3a", "#e4f6ed", "#1f4d3a")
    assert made.dark == Shades("#1f4d3a", WHITE, "#103f2d", "#416f5a", "#0d3223", "#6d9c86")


def test_a_pale_yellow_stays_pale_with_dark_words_and_an_edge_that_shows() -> None:
    light = palette("#fff3b0").light

    assert (light.fill, light.on) == ("#fff3b0", NEAR_BLACK)
    assert contrast(light.fill, LIGHT.surface) < MARK
    assert contrast(light.edge, LIGHT.surface) >= MARK


def test_a_near_black_brand_turns_into_ink_on_a_dark_page() -> None:
    made = palette("#111111")

    assert (made.light.fill, made.light.on) == ("#111111", WHITE)
    assert (made.dark.fill, made.dark.on) == (DARK.ink, NEAR_BLACK)


def test_a_grey_too_light_for_white_and_too_dark_for_black_is_darkened() -> None:
    light = palette("#777777").light

    assert light.on == WHITE
    assert light.fill != "#777777"
    assert TEXT <= contrast(light.fill, WHITE) < TEXT + 0.2


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#ffffff", "#ffffff") == pytest.approx(1.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("typed", "read"), [("#1F4D3A", "#1f4d3a"), (" 1f4d3a ", "#1f4d3a"), ("#fa0", "#ffaa00"), ("FA0", "#ffaa00")]
)
def test_a_colour_is_read_as_people_write_it(typed: str, read: str) -> None:
    assert read_colour(typed) == read


@pytest.mark.parametrize("typed", ["", "green", "#12345", "#1234567", "rgb(0,0,0)", "#12345g"])
def test_what_is_no_colour_is_refused_at_its_field(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        read_colour(typed)

    assert (refused.value.code, refused.value.field) == ("malformed_colour", "brand_hex")
