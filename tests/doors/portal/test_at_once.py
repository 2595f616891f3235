"""The new article at once on the shopper's page: offered in plain words, confirmed elsewhere, told as the card stands."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from retour.core.hold import Hold
from retour.core.policy.outcome import ExchangeTerms, InstantTerms, ResolutionKind, ResolutionOffer, Resolutions
from retour.core.policy.template import template
from retour.core.rma.hold import ELSEWHERE, HoldState, Owes
from retour.flows import exchange as exchange_flow
from retour.flows import rma
from retour.store import card_hold as rows
from retour.store import connection as connections
from retour.store import rma as returns
from retour.store.connection import Connection
from retour.store.policy import PolicyCache
from tests.doors.portal.conftest import Counter
from tests.doors.portal.shopper import Shopper

pytestmark = pytest.mark.anyio
S = HoldState
OFFER = "Send my new article now"


async def exchanging(counter: Counter, *, instant: bool = True) -> tuple[Shopper, str, UUID]:
    """Return a shopper with an approved exchange whose new article is named."""
    terms = ExchangeTerms(instant=InstantTerms(10) if instant else None)
    offered = Resolutions((ResolutionOffer(ResolutionKind.EXCHANGE, exchange=terms),))
    document = template(automatic=True)
    await counter.publish(document=replace(document, defaults=replace(document.defaults, resolutions=offered)))
    now, order, rma_id = counter.clock.now(), await counter.order(0), uuid4()
    wish = rma.Wish(order.lines[0].ref, 1, "other", resolution="exchange")
    asking = rma.Asking(counter.store_id, counter.shop.orders[0], (wish,), "portal")
    policies = PolicyCache()
    await counter.do(lambda db: rma.request_return(db, asking, id=rma_id, actor="shopper", now=now, policies=policies))
    record = await counter.do(lambda db: returns.load(db, rma_id))
    line = record.rma.lines[0].id
    await counter.do(
        lambda db: exchange_flow.want(db, rma_id=rma_id, line_id=line, article="LAMP", actor="staff:1", now=now)
    )
    known = await counter.do(connections.connections)
    if not any(one.platform == "stripe" for one in known):
        card = Connection(uuid4(), counter.store_id, "stripe", "acct", "https://api.stripe.com", now)
        await counter.do(lambda db: connections.add(db, card))
    return await counter.let_in(), f"R-{record.rma.number}", rma_id


async def stands(counter: Counter, rma_id: UUID, **different: Any) -> Hold:
    """Let the newest hold of a return stand otherwise."""
    known: list[Hold] = await counter.do(lambda db: rows.list_of_rma(db, rma_id))
    hold = replace(known[0], **different)
    await counter.do(lambda db: rows.save(db, hold))
    return hold


async def test_the_offer_is_made_in_plain_words_and_asked_for_once(counter: Counter) -> None:
    shopper, number, rma_id = await exchanging(counter)
    page = await shopper.open(f"/{number}")
    assert OFFER in page.text
    assert "you have 10 days to hand them over" in page.text

    done = await shopper.send(f"/{number}/at-once")
    again = await shopper.open(f"/{number}")

    assert "The page for your card is being prepared." in done.text
    assert f"{shopper.base}/{number}/at-once" not in again.source
    (hold,) = await counter.do(lambda db: rows.list_of_rma(db, rma_id))
    assert (hold.state, hold.back_url) == (S.ASKED, f"http://127.0.0.1{counter.base}/{number}")


async def test_each_state_is_told_with_its_amount_and_its_way(counter: Counter) -> None:
    shopper, number, rma_id = await exchanging(counter)
    await shopper.open(f"/{number}")
    await shopper.send(f"/{number}/at-once")
    now = counter.clock.now()
    page = {"page_ref": "cs_1", "page_url": "https://pay.example/cs_1", "page_until": now + timedelta(hours=1)}
    held = {"intent_ref": "pi_1", "authorised_at": now, "lapses_at": now + timedelta(days=7)}

    await stands(counter, rma_id, state=S.OFFERED, amount_minor=1_999, **page)
    offered = await shopper.open(f"/{number}")
    await stands(counter, rma_id, state=S.AUTHORISED, send_by=now + timedelta(days=10), **held)
    standing = await shopper.open(f"/{number}")
    await stands(counter, rma_id, state=S.DUNNING, owes=Owes.CONFIRM, dunning_since=now)
    refused = await shopper.open(f"/{number}")
    await stands(
        counter, rma_id, state=S.DUNNING, owes=Owes.PAY, owed_minor=600, page_ref=None, page_url=None, page_until=None
    )
    owing = await shopper.open(f"/{number}")
    asked = await shopper.send(f"/{number}/at-once")
    await stands(counter, rma_id, state=S.CAPTURED, captured_minor=600, due_at=None)
    charged = await shopper.open(f"/{number}")
    await stands(counter, rma_id, problem=ELSEWHERE)
    elsewhere = await shopper.open(f"/{number}")
    await stands(counter, rma_id, state=S.RELEASED, captured_minor=0)
    free = await shopper.open(f"/{number}")

    assert "https://pay.example/cs_1" in offered.links
    assert "Nothing is taken: it is only held until your items are back." in offered.text
    assert "is held on your card" in standing.text
    assert "Your card was refused" in refused.text
    assert "https://pay.example/cs_1" in refused.links
    assert "Pay now" in owing.text
    assert "The page for your card is being prepared." in asked.text
    assert "was charged to your card" in charged.text
    assert "Your items did not come back in time or in order" in charged.text
    assert "The shop has charged it. Please ask the shop if you did not expect it." in elsewhere.text
    assert "Your items did not come back" not in elsewhere.text
    assert "Your card is free again" in free.text
    (hold,) = await counter.do(lambda db: rows.list_of_rma(db, rma_id))
    assert hold.wants_page


async def test_without_the_policys_word_nothing_is_offered_and_a_form_of_it_changes_nothing(counter: Counter) -> None:
    shopper, number, rma_id = await exchanging(counter, instant=False)
    page = await shopper.open(f"/{number}")
    assert OFFER not in page.text

    answer = await shopper.http.post(f"{shopper.base}/{number}/at-once", data={})

    assert answer.status_code in (302, 303, 403)
    assert await counter.do(lambda db: rows.list_of_rma(db, rma_id)) == []
