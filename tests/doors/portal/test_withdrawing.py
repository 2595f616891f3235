"""Withdrawing from a contract as a browser without script does it: two steps, no sign-in, the same for every number."""

import re
from uuid import UUID

import pytest

from retour.core.withdrawal import Statement
from retour.store import withdrawal as withdrawals
from retour.store.ids import new_id
from tests.doors.portal.conftest import Counter
from tests.doors.portal.shopper import Page, Shopper
from tests.flows.order.shop import CANARY

pytestmark = pytest.mark.anyio

COUNT = "SELECT count(*) FROM withdrawal"
MAIL = "SELECT count(*) FROM mail WHERE kind = 'withdrawal_received'"


async def filled_in(shopper: Shopper, number: str = "#1001", goods: str = "") -> Page:
    await shopper.open("/withdraw")
    return await shopper.send("/withdraw", name="Cara Canary", number=number, contact=CANARY, goods=goods)


async def count(counter: Counter, statement: str = COUNT) -> int:
    found: int = await counter.do(lambda db: db.fetchval(statement))
    return found


async def test_the_function_stands_on_the_first_page_and_in_the_foot_of_every_page(counter: Counter) -> None:
    shopper = await counter.browser()
    start = await shopper.open()

    assert start.links.count(f"{counter.base}/withdraw") == 2
    assert "Withdraw from contract here" in start.text
    items = await counter.let_in()
    assert f"{counter.base}/withdraw" in items.page.links


async def test_a_shop_may_lead_to_the_function_from_elsewhere(counter: Counter) -> None:
    await counter.do(lambda db: db.execute("UPDATE look SET withdrawal_link = false"))
    shopper = await counter.browser()
    start = await shopper.open()
    form = await shopper.open("/withdraw")

    assert f"{counter.base}/withdraw" not in start.links
    assert (form.status, f"{counter.base}/withdraw" in form.links) == (200, False)
    assert (await filled_in(shopper)).heading == "Confirm withdrawal"


async def test_two_steps_state_it_and_confirm_it_and_the_acknowledgement_says_what_and_when(counter: Counter) -> None:
    shopper = await counter.browser()

    check = await filled_in(shopper, goods="the left sock")
    assert (check.heading, check.status, await count(counter)) == ("Confirm withdrawal", 200, 0)
    assert "I withdraw from a part of the contract #1001." in check.text

    received = await shopper.send("/withdraw/confirm")

    assert (received.heading, received.status) == ("Your withdrawal was received", 200)
    assert f"A confirmation is on its way to {CANARY}. Keep it." in received.text
    assert "the left sock" in received.text
    async with counter.database.tx(counter.tenant_id) as db:
        kept = await withdrawals.get(db, counter.vault, UUID(received.path), tenant_id=counter.tenant_id)
    assert kept is not None
    assert (kept.said, kept.channel, kept.language) == (
        Statement("Cara Canary", "#1001", CANARY, "the left sock"), "portal", "en",
    )  # fmt: skip
    assert f'<time datetime="{kept.received_at.isoformat()}">' in received.source
    assert await count(counter, MAIL) == 1


async def test_it_reads_the_same_whether_the_order_exists_or_not(counter: Counter) -> None:
    pages = []
    for number in ("#1001", "#9999"):
        shopper = await counter.browser()
        await filled_in(shopper, number)
        page = await shopper.send("/withdraw/confirm")
        pages.append(re.sub(r"Reference *[0-9a-f]{12}|#\d{4}|\d+ \w+, \d\d:\d\d", "", page.text))

    assert pages[0] == pages[1]


async def test_a_confirmation_sent_twice_is_one_withdrawal(counter: Counter) -> None:
    shopper = await counter.browser()
    check = await filled_in(shopper)
    form = check.form("/withdraw/confirm")

    answers = [await shopper.post(form.action, form.fields) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert (await count(counter), await count(counter, MAIL)) == (1, 1)


async def test_what_is_missing_is_said_at_its_field_and_what_was_typed_stays(counter: Counter) -> None:
    shopper = await counter.browser()
    await shopper.open("/withdraw")

    page = await shopper.send("/withdraw", name="", number=" ", contact="nowhere", goods="two socks")

    assert page.status == 422
    for said in ("Enter your name.", "Enter the number of the order or contract.", "Enter an e-mail address such as"):
        assert said in page.text
    assert page.form("/withdraw").fields["goods"] == ["two socks"]
    assert await count(counter) == 0


async def test_change_leads_back_with_everything_typed(counter: Counter) -> None:
    shopper = await counter.browser()
    check = await filled_in(shopper)
    (_, change) = [form for form in check.forms if "/withdraw" in form.action]

    answer = await shopper.post(change.action, change.fields)

    assert 'value="Cara Canary"' in answer.text
    assert await count(counter) == 0


async def test_the_acknowledgement_is_shown_to_the_browser_that_made_the_statement_alone(counter: Counter) -> None:
    shopper, other = await counter.browser(), await counter.browser()
    await filled_in(shopper)
    received = await shopper.send("/withdraw/confirm")

    await other.open()
    for path in (f"/withdraw/{received.path}", f"/withdraw/{new_id()}", "/withdraw/x"):
        assert (await other.open(path)).status == 404
    assert (await shopper.open(f"/withdraw/{received.path}")).status == 200


async def test_an_id_of_somebody_elses_statement_makes_a_new_one(counter: Counter) -> None:
    shopper, other = await counter.browser(), await counter.browser()
    await filled_in(shopper)
    first = await shopper.send("/withdraw/confirm")
    await filled_in(other)

    page = await other.send("/withdraw/confirm", {"id": first.path})

    assert page.path != first.path
    assert await count(counter) == 2


async def test_a_shopper_who_is_in_need_not_type_what_is_known(counter: Counter) -> None:
    shopper = await counter.let_in()

    page = await shopper.open("/withdraw")

    fields = page.form("/withdraw").fields
    assert (fields["name"], fields["number"], fields["contact"]) == (["Cara Canary"], ["#1001"], [CANARY])


async def test_too_many_from_one_network_are_told_to_wait_and_lose_nothing(counter: Counter) -> None:
    shopper = await counter.browser()
    for _ in range(6):
        await filled_in(shopper)
        await shopper.send("/withdraw/confirm")
    await filled_in(shopper)

    page = await shopper.send("/withdraw/confirm")

    assert (page.status, page.heading) == (429, "Confirm withdrawal")
    assert "Nothing is lost: confirm again in" in page.text
    assert int(page.headers["retry-after"]) > 0
    assert await count(counter) == 6
