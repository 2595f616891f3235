"""The money of a return as a paper: in the reader's language, from data alone, the same bytes for the same data."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from retour.core.errors import Refused
from retour.core.look import Logo, Look
from retour.core.promise import Kept, Part
from retour.web import papers
from retour.web.explanation import Account, explanation_data, explanation_pdf
from tests.core.builders import both
from tests.web.pdf_text import text_of
from tests.web.readers import a_reader
from tests.web.test_explained import a_plan, the_order, units

pytestmark = pytest.mark.anyio
LOOK = Look(UUID(int=1), "fjellhus", "Fjellhus", brand_hex="#1f4d3a")


def an_account(*, title: str = "Trail jacket", is_paid: bool = True) -> Account:
    order = the_order()
    order = replace(order, lines=tuple(replace(line, title=title) for line in order.lines))
    promised = a_plan(units(order, "jacket"), units(order, "socks"))
    paid = a_plan(units(order, "jacket"), units(order, "socks"), fee=390)
    told = Kept(promised.total, paid.total, (Part("fee", "restocking_fee", both(-390)),), is_over=True)
    return Account("R-10042", order, [promised], [paid] if is_paid else [], told)


async def test_it_tells_every_row_and_that_they_add_up() -> None:
    pdf = await explanation_pdf(an_account(), look=LOOK, reader=a_reader())

    said = " ".join(text_of(pdf).split())
    for part in (
        "Fjellhus", "Return R-10042: your money explained", "Trail jacket", "€129.00", "Handling fee of the shop",
        "−€3.90", "€124.80", "Promised and paid", "What you were promised", "€128.70", "All rows together: €124.80.",
    ):  # fmt: skip
        assert part in said, part


@pytest.mark.parametrize(("language", "amount"), [("en", "€124.80"), ("de", "124,80\N{NO-BREAK SPACE}€"), ("ar", "€")])
async def test_it_speaks_the_readers_language(language: str, amount: str) -> None:
    pdf = await explanation_pdf(an_account(), look=LOOK, reader=a_reader(language))

    said = text_of(pdf).replace("\u00a0", " ")
    assert amount.replace("\u00a0", " ") in said
    assert a_reader(language).dir == explanation_data(an_account(), look=LOOK, reader=a_reader(language))["direction"]


async def test_the_same_data_gives_the_same_bytes() -> None:
    first = await explanation_pdf(an_account(), look=LOOK, reader=a_reader())
    second = await explanation_pdf(an_account(), look=LOOK, reader=a_reader())

    assert first == second
    assert first[:5] == b"%PDF-"


@pytest.mark.parametrize(
    "title",
    [
        '#panic("x") *bold* _it_',
        "= Heading #set text(red)",
        "$ 1/0 $ <label> @ref \\ `raw`",
        ']#read("/etc/passwd")[',
        "#",
    ],
)
async def test_what_somebody_wrote_is_never_markup(title: str) -> None:
    pdf = await explanation_pdf(an_account(title=title), look=replace(LOOK, name=title[:80]), reader=a_reader())

    assert title.split(maxsplit=1)[0] in text_of(pdf).replace("\r\n", " ")


async def test_before_anything_is_paid_it_tells_the_promise() -> None:
    data = explanation_data(an_account(is_paid=False), look=None, reader=a_reader())

    assert [table["title"] for table in data["tables"]] == ["If everything arrives as you described it."]
    assert data["shop"] == ""
    assert await papers.render("explanation", data)


def a_picture(size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "green").save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" + b"broken", a_picture((4_001, 1)), b"RIFF0000WEBPnothing"])
async def test_a_logo_that_cannot_be_drawn_is_left_out(content: bytes) -> None:
    look = replace(LOOK, logo=Logo("image/png", content))

    assert await explanation_pdf(an_account(), look=look, reader=a_reader()) == await explanation_pdf(
        an_account(), look=LOOK, reader=a_reader()
    )


async def test_a_logo_stands_in_place_of_the_name() -> None:
    pdf = await explanation_pdf(
        an_account(), look=replace(LOOK, logo=Logo("image/png", a_picture((300, 80)))), reader=a_reader()
    )

    assert b"/Subtype/Image" in pdf
    assert b"/Subtype/Image" not in await explanation_pdf(an_account(), look=LOOK, reader=a_reader())


async def test_a_paper_that_takes_too_long_is_refused() -> None:
    data: dict[str, Any] = explanation_data(an_account(), look=LOOK, reader=a_reader())

    with pytest.raises(Refused) as refused:
        await papers.render("explanation", data, time_s=0.0)

    assert refused.value.code == "paper_not_ready"


def test_the_templates_are_shipped_beside_the_code() -> None:
    assert (Path(papers.__file__).parent / "explanation.typ").is_file()
