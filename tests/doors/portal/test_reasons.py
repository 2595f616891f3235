"""Reasons in two levels in the portal: the shop's own words, only those that fit the article, and what each of them asks."""

from typing import Any

import pytest

from retour.core.why import Applies, Ask, AskKind, Choice, Standard
from retour.flows import why as reasons
from retour.store import views, why
from tests.doors.portal.conftest import Counter
from tests.doors.portal.test_drafting import all_returns, chosen
from tests.doors.portal.test_photos import sent
from tests.flows.photo.test_encoding import a_picture

pytestmark = pytest.mark.anyio
SIZE = Ask(
    "size", AskKind.CHOICE, {"en": "Which size fits?", "de": "Welche Größe passt?"},
    (Choice("m", {"en": "Medium", "de": "Mittel"}), Choice("l", {"en": "Large", "de": "Groß"})),
)  # fmt: skip


async def add(counter: Counter, code: str, *, parent: str | None = "fit", **more: Any) -> None:
    async with counter.database.tx(counter.tenant_id) as db:
        known = {one.code: one for one in await why.of_store(db, counter.store_id)}
        texts = {"en": code.title(), "de": f"{code.title()} auf Deutsch"}
        said = reasons.Said(
            **{"texts": texts, "parent_id": known[parent].id if parent else None, "standard_group": Standard.FIT} | more
        )
        await reasons.create(db, store_id=counter.store_id, code=code, said=said, actor="test", now=counter.clock.now())


async def test_groups_and_reasons_stand_on_the_page_without_script(counter: Counter) -> None:
    await add(counter, "narrow")
    shopper = await counter.let_in()
    key = await chosen(shopper)

    page = shopper.page

    assert (
        page.text.index("It does not fit") < page.text.index("Narrow") < page.text.index("Something is wrong with it")
    )
    assert page.source.count(f'name="reason-{key}"') == 9
    page = await shopper.send("/reasons", {f"reason-{key}": "narrow"})
    assert page.path == "offers"
    assert "Narrow" in page.text


async def test_a_reason_for_other_articles_is_not_offered_and_not_taken(counter: Counter) -> None:
    await add(counter, "narrow", applies=Applies(types=("Shoes",)))
    shopper = await counter.let_in()
    key = await chosen(shopper)
    assert "Narrow" not in shopper.page.text

    for code in ("narrow", "fit", "nonsense"):
        page = await shopper.send("/reasons", {f"reason-{key}": code})
        assert (page.status, page.source.count("Choose a reason")) == (422, 2)


async def test_what_a_reason_asks_is_asked_in_the_shoppers_language_and_kept(counter: Counter) -> None:
    await add(counter, "narrow", questions=(SIZE,), note_required=True)
    shopper = await counter.let_in()
    key = await chosen(shopper)
    await shopper.open("/reasons", **{"accept-language": "de"})

    asked = await shopper.send("/reasons", {f"reason-{key}": "narrow"})

    assert asked.status == 422
    assert "Which size fits?" in asked.text
    german = await shopper.open("/reasons?lang=de")
    assert "Welche Größe passt?" in german.text
    assert "Mittel" in german.source
    await shopper.open("/reasons?lang=en")
    page = await shopper.send("/reasons", {f"answer-{key}-size": "l", f"note-{key}": "Tight at the toes"})
    assert page.path == "offers"
    await shopper.send("/offers", resolution="refund_original")
    await shopper.send("/review")
    (row,) = await all_returns(counter)
    assert (b'"reason": "narrow"' in row["lines"].encode(), "Tight at the toes" in row["lines"]) == (True, True)
    answers = await counter.do(lambda db: db.fetchval("SELECT answers FROM return_line"))
    assert answers == {"size": "l"}
    assert "Narrow" in (await shopper.open(f"/R-{row['number']}")).text


async def test_a_photo_that_a_reason_asks_for_is_demanded_in_its_words(counter: Counter) -> None:
    await add(counter, "torn", parent=None, questions=(Ask("seam", AskKind.PHOTO, {"en": "Show the seam."}),))
    shopper = await counter.let_in()
    key = await chosen(shopper)

    asked = await sent(shopper, {f"reason-{key}": "torn"})

    assert asked.status == 422
    assert "Show the seam. The shop needs 1 photo." in asked.text
    page = await sent(shopper, {f"reason-{key}": "torn"}, (f"photo-{key}", a_picture()))
    assert page.path == "offers"


async def test_choosing_a_reason_that_asks_more_shows_it_without_a_word_of_reproach(counter: Counter) -> None:
    await add(counter, "narrow", questions=(SIZE,))
    shopper = await counter.let_in()
    key = await chosen(shopper)

    page = await sent(shopper, {f"reason-{key}": "narrow", f"note-{key}": "Typed", "do": f"ask-{key}"})

    assert page.status == 200
    assert "Which size fits?" in page.text
    assert "Typed" in page.source
    assert "error-summary" not in page.source
    assert await counter.do(lambda db: views.returns(db, after_id=counter.store_id.__class__(int=0), limit=1)) == []
