"""Signed links over HTTP: they let in at once, wait for an order that is still on its way, or lead to the form."""

from dataclasses import replace
from datetime import timedelta

import pytest

from retour.flows import visit as flow
from tests.doors.portal.conftest import Counter
from tests.flows.order.shop import PERSON, an_order, fetched

pytestmark = pytest.mark.anyio


async def link(counter: Counter, order: str, *, days: int = 30) -> str:
    """Return the path of a signed link below the portal."""
    async with counter.database.tx(counter.tenant_id) as db:
        address = await flow.portal_link(
            db, counter.vault, tenant_id=counter.tenant_id, store_id=counter.store_id, order=order, public_url="",
            now=counter.clock.now(), days=days,
        )  # fmt: skip
    return address.removeprefix(counter.base)


async def test_a_link_lets_in_at_once_and_its_address_is_left_behind(counter: Counter) -> None:
    shopper = await counter.browser()

    page = await shopper.open(await link(counter, "#1001"))

    assert (page.path, page.heading) == ("items", "What is going back?")
    assert "sign=" not in page.url


async def test_a_link_that_is_no_good_leads_to_the_form(counter: Counter) -> None:
    good = await link(counter, "#1001")
    for bad in (good.replace("1001", "1002"), "/link", "/link?order=x&until=x&sign=x", good[:-1]):
        shopper = await counter.browser()
        page = await shopper.open(bad)
        assert page.status == 403, bad
        assert "This link is over or incomplete. Find your order here instead." in page.text
        assert (await shopper.open("/items")).heading == "Start a return"


async def test_a_link_is_never_slowed(counter: Counter) -> None:
    for _ in range(27):
        shopper = await counter.browser(x_forwarded_for="203.0.113.77")
        assert (await shopper.open(await link(counter, "#1001"))).path == "items"


async def test_a_link_waits_for_its_order_without_script(counter: Counter) -> None:
    shopper = await counter.browser()
    counter.far["#3001"] = fetched(an_order(ref="gid://order/3001", name="#3001"))

    waiting = await shopper.open(await link(counter, "#3001"))
    assert waiting.heading == "Fetching your order"
    assert f'<meta http-equiv="refresh" content="3; url={counter.base}/waiting">' in waiting.source
    await counter.work()

    assert (await shopper.open("/waiting")).path == "items"


async def test_a_link_to_an_unknown_order_says_so(counter: Counter) -> None:
    shopper = await counter.browser()
    await shopper.open(await link(counter, "#3002"))
    await counter.work()

    page = await shopper.open("/waiting")

    assert page.status == 404
    assert "The shop does not know this order yet." in page.text


async def test_a_shopper_without_a_mailbox_reads_the_same_page(counter: Counter) -> None:
    order = await counter.order(0)
    await counter.mirror(fetched(order, person=replace(PERSON, email=None)))
    shopper = await counter.browser()

    page = await counter.ask(shopper, contact="0170 5550123")

    assert page.heading == "Check your e-mail"
    assert (await shopper.send("/code", code="12345678")).status == 422
    async with counter.database.tx(counter.tenant_id) as db:
        assert await db.fetchval("SELECT kind FROM discrepancy") == "shopper_asks"


async def test_a_code_of_another_shape_is_explained_without_costing_a_try(counter: Counter) -> None:
    shopper = await counter.browser()
    await counter.ask(shopper)
    for _ in range(7):
        page = await shopper.send("/code", code="123")
        assert "Enter the code from the mail. It has 8 digits." in page.text

    assert (await shopper.send("/code", code=await counter.code())).path == "items"


async def test_a_code_is_sent_again_after_a_minute(counter: Counter) -> None:
    shopper = await counter.browser()
    await counter.ask(shopper)
    first = await counter.code()

    early = await shopper.send("/again")
    assert early.status == 429
    assert "You can ask for another code in " in early.text
    counter.clock.ahead = timedelta(seconds=61)
    assert (await shopper.send("/again")).path == "code"
    await counter.work()

    assert await counter.code() != first
    assert (await shopper.send("/code", code=await counter.code())).path == "items"


async def test_an_expired_code_keeps_the_answers_and_offers_another(counter: Counter) -> None:
    shopper = await counter.browser()
    await counter.ask(shopper)
    code = await counter.code()
    counter.clock.ahead = timedelta(minutes=11)

    page = await shopper.send("/code", code=code)

    assert "This code has expired. Your answers are kept. Send a new one." in page.text
    assert any(form.action.endswith("/code/again") for form in page.forms)
