"""What the receiver of a gift does with the link of their mail: answers the shop, and says which parcel it is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from retour.core.policy.template import template
from retour.flows import rma
from retour.store.rma import questions
from tests.doors.portal.conftest import Counter
from tests.doors.portal.test_gifts import OFFERS, by_link, own_link, says_nothing, through

pytestmark = pytest.mark.anyio


async def test_the_receiver_answers_and_enters_a_parcel_by_the_link_of_their_mail(counter: Counter) -> None:
    document = template()
    await counter.publish(document=replace(document, defaults=replace(document.defaults, resolutions=OFFERS)))
    sent = await through(await by_link(counter))
    rma_id = await counter.do(lambda db: db.fetchval("SELECT id FROM rma"))
    link = await own_link(counter)
    counter.clock.ahead = timedelta(hours=30)
    now = counter.clock.now()
    await counter.do(lambda db: rma.ask(db, rma_id=rma_id, question="Is it sealed?", actor="agent", now=now))

    shopper = await counter.browser()
    await shopper.open(link)
    assert says_nothing(await shopper.open(f"/{sent.path}")).heading == "The shop has a question"
    answered = says_nothing(await shopper.send(f"/{sent.path}/answer", answer="Yes, it is"))
    await counter.do(lambda db: rma.approve(db, rma_id=rma_id, actor="agent", now=now))
    later = await counter.browser()
    await later.open(link)
    await later.open(f"/{sent.path}/parcel")
    says_nothing(await later.send("/parcel", carrier="ups", tracking_number="1z 999 aa1 01 2345 6784"))

    assert "Yes, it is" in answered.text
    async with counter.database.tx(counter.tenant_id) as db:
        (kept,) = await questions.of_return(db, rma_id)
        parcels = await db.fetch("SELECT carrier, tracking_number FROM shipment WHERE rma_id = $1", rma_id)
    assert (kept.answer, kept.outcome) == ("Yes, it is", "answered")
    assert [tuple(row.values()) for row in parcels] == [("ups", "1Z999AA10123456784")]
