"""A shopper says where they are: the form shows the order's address, a gift's receiver starts with an empty one."""

from dataclasses import replace

import pytest

from retour.core.policy.outcome import MethodKind, MethodOffer, Methods
from retour.core.policy.template import template
from retour.core.postal import PostalAddress
from retour.flows import return_address
from retour.flows.return_address import Place
from retour.store.rma import address
from tests.doors.api.test_labels import work
from tests.doors.portal.conftest import Counter
from tests.doors.portal.test_drafting import all_returns, reviewed
from tests.doors.portal.test_gifts import by_link, says_nothing, through, with_credit
from tests.flows.order.shop import HOME, PERSON, fetched, later

pytestmark = pytest.mark.anyio
TYPED = {
    "name": "Ann Neu", "street-0": "Karl-Heine-Straße 9", "street-1": "Hinterhaus", "town": "Leipzig",
    "postcode": "04229", "country": "DE",
}  # fmt: skip
LEIPZIG = PostalAddress("Ann Neu", ("Karl-Heine-Straße 9", "Hinterhaus"), "Leipzig", "DE", "04229")


async def kept(counter: Counter) -> PostalAddress | None:
    (row,) = await all_returns(counter)
    async with counter.database.tx(counter.tenant_id) as db:
        return await address.of_return(db, counter.vault, row["id"])


async def test_a_shopper_who_moved_sees_the_address_before_and_keeps_another(counter: Counter) -> None:
    shopper = await counter.let_in()
    await reviewed(shopper)
    status = await shopper.send("/review")
    assert "Change address" in status.text

    page = await shopper.open(f"/{status.path}/address")
    assert HOME.street[0] in page.source
    wrong = await shopper.send(f"/{status.path}/address", TYPED | {"town": " ", "country": ""})
    assert (wrong.status, "Enter the town" in wrong.text) == (422, True)
    assert await kept(counter) is None
    country = await shopper.send(f"/{status.path}/address", TYPED | {"country": "Germany"})
    assert (country.status, "Choose a country" in country.text) == (422, True)

    done = await shopper.send(f"/{status.path}/address", TYPED)

    assert (done.heading, "Address changed" in done.text) == ("The shop is checking your request", True)
    assert await kept(counter) == LEIPZIG
    assert "Karl-Heine-Straße 9" in (await shopper.open(f"/{status.path}/address")).source


async def test_once_it_is_sent_the_address_stays(counter: Counter) -> None:
    shopper = await counter.let_in()
    await reviewed(shopper)
    status = await shopper.send("/review")
    await shopper.open(f"/{status.path}/address")
    async with counter.database.tx(counter.tenant_id) as db:
        await db.execute("UPDATE rma SET in_transit_at = now()")

    done = await shopper.send(f"/{status.path}/address", TYPED)
    gone = await shopper.open(f"/{status.path}/address")

    assert (done.path, gone.path) == (status.path, status.path)
    assert ("Change address" in gone.text, await kept(counter)) == (False, None)


async def test_the_receiver_of_a_gift_begins_with_an_empty_form_and_is_the_sender(counter: Counter) -> None:
    await with_credit(counter)
    shopper = await by_link(counter)
    status = await through(shopper)

    form = says_nothing(await shopper.open(f"/{status.path}/address"))
    seen = [value for value in (*HOME.street, HOME.town, HOME.postcode) if value in form.source]
    done = says_nothing(await shopper.send(f"/{status.path}/address", TYPED))

    assert (seen, done.path) == ([], status.path)
    assert await kept(counter) == LEIPZIG
    giver = await counter.let_in()
    assert (await giver.open(f"/{status.path}/address")).status == 404


async def test_a_shopper_whose_address_nobody_told_is_asked_for_it(counter: Counter) -> None:
    order = await counter.order(0)
    await counter.mirror(fetched(later(order), person=replace(PERSON, ship_to=None)))
    document = template(automatic=True)
    offered = Methods((MethodOffer(MethodKind.LABEL),))
    await counter.publish(
        document=replace(document, currency="EUR", defaults=replace(document.defaults, methods=offered))
    )
    await counter.do(
        lambda db: return_address.add(
            db, store_id=counter.store_id, place=Place("main", HOME), actor="owner", now=counter.clock.now()
        )
    )
    shopper = await counter.let_in()
    await reviewed(shopper)
    status = await shopper.send("/review")
    (row,) = await all_returns(counter)
    await work(counter.database, counter.vault, counter.shop, row["id"])

    page = await shopper.open(f"/{status.path}")
    assert "The shop does not know where you are." in page.text
    assert ("Enter your address" in page.text, "Waits for you: enter your address" in page.text) == (True, True)
    await shopper.open(f"/{status.path}/address")
    await shopper.send(f"/{status.path}/address", TYPED)
    await work(counter.database, counter.vault, counter.shop, row["id"])

    assert (await shopper.open(f"/{status.path}")).heading == "Send your parcel"
