"""Drafting a return: nothing is lost on Back, the policy is asked at every step, a changed amount is shown first."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from retour.core.policy.outcome import Eligibility, MethodKind, MethodOffer, Methods, Mode, NeverBecause
from retour.core.policy.template import template
from retour.store import views
from tests.doors.portal.conftest import Counter
from tests.doors.portal.shopper import Page, Shopper
from tests.flows.order.shop import a_refund, fetched

pytestmark = pytest.mark.anyio


def key_of(page: Page) -> str:
    """Return the first item that can be chosen."""
    found = re.search(r'id="item-([0-9a-f]{10})"', page.source)
    assert found is not None
    return found[1]


async def chosen(shopper: Shopper, quantity: str = "1") -> str:
    """Choose the first item and return its name in forms."""
    key = key_of(await shopper.open("/items"))
    page = await shopper.send("/items", {"item": key, f"quantity-{key}": quantity})
    assert page.path == "reasons", page.text
    return key


async def reviewed(shopper: Shopper, quantity: str = "1") -> str:
    """Draft a return up to the check."""
    key = await chosen(shopper, quantity)
    await shopper.send("/reasons", {f"reason-{key}": "changed_mind"})
    page = await shopper.send("/offers", resolution="refund_original")
    assert page.path == "review", page.text
    return key


async def all_returns(counter: Counter) -> list[Any]:
    async with counter.database.tx(counter.tenant_id) as db:
        return await views.returns(db, after_id=UUID(int=0), limit=50)


# --- step by step -------------------------------------------------------------------------------------------------------


async def test_nothing_chosen_is_said_at_the_summary_and_the_field(counter: Counter) -> None:
    shopper = await counter.let_in()

    page = await shopper.send("/items")

    assert page.status == 422
    assert page.source.count("Choose at least one item") == 2
    assert f'href="#item-{key_of(page)}"' in page.source
    assert "<title>Error:" in page.source


async def test_more_than_can_come_back_is_refused_and_what_was_chosen_stays(counter: Counter) -> None:
    shopper = await counter.let_in()
    key = key_of(shopper.page)

    page = await shopper.send("/items", {"item": key, f"quantity-{key}": "3"})

    assert page.status == 422
    assert "choose a number from 1 to 2" in page.text
    assert re.search(rf'id="item-{key}" checked', page.source)


@pytest.mark.parametrize("quantity", ["0", "-1", "1e3", "１", "", "99999999999999999999"])
async def test_a_quantity_that_is_none_is_refused(counter: Counter, quantity: str) -> None:
    shopper = await counter.let_in()
    key = key_of(shopper.page)

    assert (await shopper.send("/items", {"item": key, f"quantity-{key}": quantity})).status == 422


async def test_an_item_that_is_not_of_the_order_is_not_taken(counter: Counter) -> None:
    shopper = await counter.let_in()

    page = await shopper.send("/items", {"item": "0123456789"})

    assert (page.status, page.path) == (422, "items")


async def test_a_reason_is_asked_for_and_a_note_is_limited(counter: Counter) -> None:
    shopper = await counter.let_in()
    key = await chosen(shopper)

    missing = await shopper.send("/reasons", {f"note-{key}": "kept"})
    assert missing.status == 422
    assert "Choose a reason" in missing.text
    assert missing.form("/reasons").fields[f"note-{key}"] == ["kept"]
    long = await shopper.send("/reasons", {f"reason-{key}": "other", f"note-{key}": "x" * 1_001})
    assert "The note is too long (limit 1,000 characters)." in long.text


async def test_back_shows_every_answer_as_it_was(counter: Counter) -> None:
    shopper = await counter.let_in()
    key = await reviewed(shopper, quantity="2")

    items = await shopper.open("/items")
    assert items.form("/items").fields["item"] == [key]
    assert items.form("/items").fields[f"quantity-{key}"] == ["2"]
    reasons = await shopper.open("/reasons")
    assert reasons.form("/reasons").fields[f"reason-{key}"] == ["changed_mind"]
    offers = await shopper.open("/offers")
    assert offers.form("/offers").fields["resolution"] == ["refund_original"]
    assert (await shopper.open("/review")).path == "review"


@pytest.mark.parametrize("path", ["/reasons", "/offers", "/review", "/way"])
async def test_a_step_ahead_of_its_answers_leads_to_the_first_open_one(counter: Counter, path: str) -> None:
    shopper = await counter.let_in()

    assert (await shopper.open(path)).path == "items"


async def test_a_proof_that_lay_idle_is_asked_for_again_and_the_answers_stay(counter: Counter) -> None:
    shopper = await counter.let_in()
    key = await reviewed(shopper)
    counter.clock.ahead = timedelta(hours=2, minutes=5)

    page = await shopper.open("/review")
    assert page.heading == "Start a return"
    assert "Confirm once more that it is you; your answers are kept." in page.text
    await shopper.send(counter.base, number="#1001", contact="canary.shopper@example.com")
    await counter.work()
    await shopper.send("/code", code=await counter.code())

    assert (await shopper.open("/review")).path == "review"
    assert (await shopper.open("/items")).form("/items").fields["item"] == [key]


async def test_leaving_forgets_everything(counter: Counter) -> None:
    shopper = await counter.let_in()
    await reviewed(shopper)
    await shopper.open("/items")

    page = await shopper.send("/leave")

    assert page.heading == "Start a return"
    assert (await shopper.open("/review")).heading == "Start a return"


# --- the policy and the money ------------------------------------------------------------------------------------------


async def test_a_policy_that_changes_between_two_steps_has_its_say(counter: Counter) -> None:
    shopper = await counter.let_in()
    await reviewed(shopper)
    never = Eligibility(Mode.NEVER, because=NeverBecause.FINAL_SALE)
    document = template()
    await counter.publish(document=replace(document, defaults=replace(document.defaults, eligibility=never)))

    page = await shopper.send("/review")

    assert page.path == "items"
    assert page.text.count("sold as final sale on") >= 2
    assert await all_returns(counter) == []


async def test_without_a_policy_or_where_the_platform_masters_returns_the_shop_is_named(counter: Counter) -> None:
    shopper = await counter.let_in()
    await counter.do(
        lambda db: db.execute("UPDATE store SET return_master = 'platform' WHERE id = $1", counter.store_id)
    )

    page = await shopper.open("/items")

    assert (page.status, page.heading) == (200, "This shop opens returns on its own site.")


async def test_an_amount_that_changed_is_shown_with_its_rows_marked_before_anything_is_sent(counter: Counter) -> None:
    shopper = await counter.let_in()
    await reviewed(shopper, quantity="2")
    assert "€20.00" in shopper.page.text
    order = await counter.order(0)
    refunded = replace(order, refunds=(a_refund(amount=500),), updated_at=order.updated_at + timedelta(minutes=1))
    await counter.mirror(fetched(refunded))

    page = await shopper.send("/review")

    assert (page.status, page.path) == (409, "review")
    assert "The amount changed. Check it and send again." in page.text
    assert "€15.00" in page.text
    assert re.search(r"<tr class=\"paid changed\">", page.source)
    assert await all_returns(counter) == []
    sent = await shopper.send("/review")
    assert sent.path.startswith("R-")
    (row,) = await all_returns(counter)
    assert row["promised_minor"] == 1_500


async def test_eight_clicks_at_once_open_one_return(counter: Counter) -> None:
    shopper = await counter.let_in()
    await reviewed(shopper)
    form = shopper.page.form("/review")

    answers = await asyncio.gather(*(shopper.post(form.action, form.fields) for _ in range(8)))

    (row,) = await all_returns(counter)
    assert {answer.status_code for answer in answers} == {303}
    leads = {answer.headers["location"].rpartition("/")[2] for answer in answers}
    assert leads <= {f"R-{row['number']}", "list"}
    assert (await shopper.open("/list")).text.count("R-") == 1


async def test_what_another_return_took_meanwhile_is_told_at_the_item(counter: Counter) -> None:
    first, second = await counter.let_in(), await counter.let_in()
    await reviewed(first, quantity="2")
    await reviewed(second, quantity="2")
    assert (await first.send("/review")).path.startswith("R-")

    page = await second.send("/review")

    assert page.path == "items"
    assert "Already in a return, or paid back." in page.text
    assert len(await all_returns(counter)) == 1


async def test_the_way_back_is_asked_for_where_the_shop_offers_several(counter: Counter) -> None:
    document = template()
    methods = Methods((MethodOffer(MethodKind.LABEL), MethodOffer(MethodKind.DROP_OFF)))
    await counter.publish(document=replace(document, defaults=replace(document.defaults, methods=methods)))
    shopper = await counter.let_in()
    await reviewed(shopper)
    assert "With a label from the shop" in shopper.page.text

    way = await shopper.open("/way")
    assert way.heading == "How do the items come back?"
    assert (await shopper.send("/way")).path == "review"  # the first way is chosen already
    await shopper.open("/way")
    await shopper.send("/way", method="drop_off")
    await shopper.send("/review")

    (row,) = await all_returns(counter)
    assert row["method"] == "drop_off"


async def test_an_automatic_policy_says_at_once_to_send_the_parcel(counter: Counter) -> None:
    await counter.publish(automatic=True)
    shopper = await counter.let_in()
    await reviewed(shopper)

    page = await shopper.send("/review")

    assert page.heading == "Send your parcel"
    assert f"Write {page.path} on a note and put it into the parcel." in page.text


async def test_the_language_of_the_shopper_is_kept_for_the_mails(counter: Counter) -> None:
    shopper = await counter.let_in()
    await shopper.open("/items?lang=de")
    await reviewed(shopper)

    page = await shopper.send("/review")

    assert page.heading == "Der Shop prüft Ihre Anmeldung"
    async with counter.database.tx(counter.tenant_id) as db:
        assert await db.fetchval("SELECT language FROM rma") == "de"
