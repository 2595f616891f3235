"""An instant exchange: the new article goes out against a held card, which is released, captured, or asked for."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.hold import Decided, Hold
from retour.core.policy.outcome import InstantTerms, RefundTerms, ResolutionKind, ResolutionOffer
from retour.core.rma import Grade
from retour.flows import card_hold as flow
from retour.flows import exchange as exchange_flow
from retour.flows import rma
from retour.store import card_hold as rows
from retour.store import connection as connections
from retour.store.connection import Connection
from retour.store.ids import new_id
from tests.stories.house import House, Units, now, under
from tests.stories.test_exchange_orders import balances, made, new_order, shelved, terms, want
from tests.stories.test_handed_over import offering

pytestmark = pytest.mark.anyio

K = ResolutionKind
TEE = 1999
DAY = timedelta(days=1)
TERMS = InstantTerms(14, 10)
BACK = "https://shop.example/returns/acme/R-1"


async def opened(house: House, *, provider: bool = True, **more: Any) -> None:
    """Open the store with a policy that offers exchanges at once, and connect a provider of card payments."""
    how = terms(**{"instant": TERMS, **more})
    offers = (ResolutionOffer(K.REFUND_ORIGINAL), ResolutionOffer(K.EXCHANGE, exchange=how))
    await house.open(document=under(offering(*offers), refund_terms=RefundTerms(damaged_deduction_bp=3_000)))
    if provider:
        card = Connection(new_id(), house.store, "stripe", "acct", f"{house.address}/stripe", now())
        async with house.web.tx(house.tenant) as db:
            await connections.add(db, card)


async def approved(house: House, sku: str = "RT-SAME", price: str = "19.99", *, units: int = 1) -> tuple[Any, UUID]:
    """Return an order and its approved return of tees for an article of that price."""
    await shelved(house, sku, price)
    order = await house.an_order()
    wish = rma.Wish(order.order.lines[0].ref, units, "too_small", resolution=K.EXCHANGE.value)
    rma_id = await house.ask(order, [wish])
    await want(house, rma_id, sku)
    await house.approve(rma_id)
    return order, rma_id


async def ask(house: House, rma_id: UUID) -> Hold:
    """Let the shopper ask for the new article at once, and the page be opened."""
    await house.do(
        lambda db: flow.ask(db, rma_id=rma_id, back_url=BACK, actor="shopper", policies=house.policies, now=now())
    )
    await house.settle_down()
    return await hold(house, rma_id)


async def held(house: House, sku: str = "RT-SAME", price: str = "19.99", *, units: int = 1) -> tuple[Any, UUID]:
    """Return an order and a return whose new article was ordered against a card that is held."""
    order, rma_id = await approved(house, sku, price, units=units)
    await ask(house, rma_id)
    await confirm(house)
    return order, rma_id


async def confirm(house: House) -> None:
    """Let the shopper confirm the newest page."""
    await desk(house, confirm="last")
    for _ in range(2):
        await house.later()


async def hold(house: House, rma_id: UUID) -> Hold:
    async with house.web.tx(house.tenant) as db:
        return (await rows.list_of_rma(db, rma_id))[0]


async def desk(house: House, **wish: Any) -> dict[str, Any]:
    """Tell the provider's desk something, and return its books."""
    return await house.control("cards", wish)


async def cards(house: House) -> tuple[int, int, dict[str, int]]:
    """Return what is held and what was taken, in cents, and how often what was done."""
    books = await desk(house)
    return books["held"], books["captured"], books["counts"]


async def days_pass(house: House, days: float) -> None:
    """Let days go by for us and for the provider, looking at everything twice a day as the sweep would."""
    for _ in range(int(days * 2)):
        house.ahead += DAY / 2
        await desk(house, advance_s=43_200)
        for _ in range(2):  # what the first look plans is due at the moment that we have come to
            await house.later()


async def kinds(house: House, rma_id: UUID) -> list[str]:
    """Return what was told about the card, oldest first."""
    told = await house.rows(
        "SELECT type FROM event WHERE resource_id = $1 AND type LIKE 'return.instant%' ORDER BY seq", rma_id
    )
    return [row[0].rpartition(".")[2] for row in told]


async def come_back(house: House, rma_id: UUID, grade: Grade = Grade.SEALED, units: int = 1) -> None:
    await house.receive(rma_id, {0: units})
    await house.inspect(rma_id, Units(0, units, grade))
    await house.later()


async def test_the_new_article_goes_out_at_once_and_the_card_is_released_when_the_goods_come(house: House) -> None:
    await opened(house)
    _, rma_id = await approved(house)
    asked = await ask(house, rma_id)
    assert (asked.state.value, asked.amount_minor, asked.page_url is not None) == ("offered", TEE, True)
    assert await made(house) == {}

    await confirm(house)

    standing = await hold(house, rma_id)
    assert (standing.state.value, standing.send_by is not None) == ("authorised", True)
    assert (await new_order(house, rma_id)).state.value == "made"
    assert await cards(house) == (TEE, 0, {"pages": 1, "authorised": 1})
    assert await house.waits(rma_id) == ("shopper", "awaiting_shipment")

    await come_back(house, rma_id)

    assert (await hold(house, rma_id)).state.value == "released"
    assert await cards(house) == (0, 0, {"pages": 1, "authorised": 1, "released": 1})
    assert await house.status(rma_id) == "resolved"
    assert await made(house) == {"draft": 1, "order_from_draft": 1}
    assert await balances(house) == {"merchant:refunds": -TEE, "outside:exchange": TEE}
    assert await kinds(house, rma_id) == ["asked", "authorized", "released"]


async def test_nothing_is_sent_while_the_page_is_open_and_the_ordinary_way_stays_open(house: House) -> None:
    await opened(house)
    _, rma_id = await approved(house)
    await ask(house, rma_id)

    await come_back(house, rma_id)

    assert (await hold(house, rma_id)).state.value == "lapsed"
    assert await cards(house) == (0, 0, {"pages": 1})
    assert await made(house) == {"draft": 1, "order_from_draft": 1}
    assert await house.status(rma_id) == "resolved"


async def test_a_page_that_nobody_confirms_closes_and_may_be_asked_for_again(house: House) -> None:
    await opened(house)
    _, rma_id = await approved(house)
    await ask(house, rma_id)

    await days_pass(house, 1.5)

    first = await hold(house, rma_id)
    assert (first.state.value, first.problem) == ("lapsed", "not_confirmed")
    assert (await ask(house, rma_id)).id != first.id


async def test_what_is_held_is_what_the_shopper_was_given_for_a_dearer_and_a_cheaper_article(house: House) -> None:
    await opened(house)
    for sku, price in (("RT-VASE", "71.40"), ("RT-CUP", "12.00")):
        _, rma_id = await approved(house, sku, price)
        assert (await ask(house, rma_id)).amount_minor == TEE


async def test_goods_that_are_not_handed_over_in_time_are_charged_whole_as_a_sale(house: House) -> None:
    await opened(house)
    order, rma_id = await held(house)

    await days_pass(house, 14.5)

    done = await hold(house, rma_id)
    assert (done.state.value, done.captured_minor) == ("captured", TEE)
    held_now, captured, counts = await cards(house)
    assert (held_now, captured, counts["captured"]) == (0, TEE, 1)
    assert counts["authorised"] >= 3  # anew before each lapse
    assert "lapsed" not in counts
    assert await house.status(rma_id) == "expired"
    assert await made(house) == {"draft": 1, "order_from_draft": 1}
    assert await balances(house) == {
        "merchant:refunds": -TEE, "outside:exchange": TEE, "gateway:stripe": -TEE, "merchant:sales": TEE,
    }  # fmt: skip
    assert await house.refunded(order) == ("0.00", 0)


async def test_goods_on_their_way_are_waited_for_longer_and_charged_once_they_are_lost(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)
    await house.scan(rma_id)

    await days_pass(house, 16)
    assert (await hold(house, rma_id)).state.value == "authorised"
    await days_pass(house, 9)

    assert ((await hold(house, rma_id)).captured_minor, await house.status(rma_id)) == (TEE, "expired")


async def test_damaged_goods_are_charged_for_in_part_and_the_rest_is_free(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)

    await come_back(house, rma_id, Grade.DAMAGED)

    done = await hold(house, rma_id)
    assert (done.state.value, done.captured_minor) == ("captured", 600)  # 30 % of 19.99
    assert await cards(house) == (0, 600, {"pages": 1, "authorised": 1, "captured": 1})
    assert await house.status(rma_id) == "resolved"
    assert await balances(house) == {
        "merchant:refunds": -TEE, "outside:exchange": TEE, "gateway:stripe": -600, "merchant:sales": 600,
    }  # fmt: skip
    open_ = await house.rows("SELECT 1 FROM discrepancy WHERE kind = 'paid_before_inspection' AND resolved_at IS NULL")
    assert open_ == []


async def test_of_two_units_the_one_that_is_missing_is_charged(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house, units=2)
    await come_back(house, rma_id)

    await days_pass(house, 26)

    assert (await hold(house, rma_id)).captured_minor == TEE
    assert (await cards(house))[1] == TEE


async def test_an_authorisation_about_to_lapse_is_made_anew_and_the_one_before_is_let_go(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)
    first = await hold(house, rma_id)

    await days_pass(house, 6)

    again = await hold(house, rma_id)
    assert again.state.value == "authorised"
    assert again.intent_ref != first.intent_ref
    assert again.lapses_at is not None
    assert first.lapses_at is not None
    assert again.lapses_at > first.lapses_at
    assert await cards(house) == (TEE, 0, {"pages": 1, "authorised": 2, "released": 1})


async def test_a_card_that_refuses_the_second_time_is_asked_for_and_another_one_takes_its_place(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)
    await desk(house, faults=[{"where": "authorise", "how": "decline"}])

    await days_pass(house, 6)

    asked = await hold(house, rma_id)
    assert (asked.state.value, asked.owes, asked.problem) == ("dunning", "confirm", "insufficient_funds")
    assert asked.page_url is not None
    assert await house.waits(rma_id) == ("shopper", "card_refused")
    await confirm(house)
    assert ((await hold(house, rma_id)).state.value, (await cards(house))[0]) == ("authorised", TEE)
    await come_back(house, rma_id)
    assert ((await hold(house, rma_id)).state.value, await cards(house)) == (
        "released", (0, 0, {"pages": 2, "authorised": 2, "released": 2})
    )  # fmt: skip


async def test_what_could_not_be_captured_is_asked_for_and_paid_on_a_page(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)
    await desk(house, faults=[{"where": "capture", "how": "decline"}])
    await days_pass(house, 14.5)
    asked = await hold(house, rma_id)
    assert (asked.state.value, asked.owes, asked.owed_minor) == ("dunning", "pay", TEE)

    await confirm(house)

    done = await hold(house, rma_id)
    assert (done.state.value, done.captured_minor) == ("captured", TEE)
    held_now, captured, counts = await cards(house)
    assert (held_now, captured, counts["paid"], counts.get("captured", 0)) == (0, TEE, 1, 0)
    assert (await balances(house))["merchant:sales"] == TEE


async def test_nobody_answers_then_a_person_decides_and_the_shopper_may_still_pay(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)
    await desk(house, faults=[{"where": "authorise", "how": "decline", "times": 99}])

    await days_pass(house, 16.5)

    gone = await hold(house, rma_id)
    assert gone.state.value in ("dunning", "failed")
    await days_pass(house, 10)
    assert (await hold(house, rma_id)).state.value == "failed"
    assert await house.waits(rma_id) == ("agent", "card_failed")
    mails = await house.rows(
        "SELECT data ->> 'because' FROM event WHERE resource_id = $1 AND type = 'return.reminded' ORDER BY seq", rma_id
    )
    assert [row[0] for row in mails].count("card_refused") >= 3
    await house.do(
        lambda db: flow.decide(
            db, rma_id=rma_id, do=Decided.RELEASE, amount_minor=None, reason="written off", actor="staff:1", now=now()
        )
    )
    await house.settle_down()
    assert ((await hold(house, rma_id)).state.value, (await cards(house))[1]) == ("released", 0)


async def test_a_return_cancelled_before_anything_was_sent_cancels_the_order_and_frees_the_card(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)

    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="staff:1", now=now()))
    await house.settle_down()
    await house.later()

    assert (await new_order(house, rma_id)).state.value == "cancelled"
    assert await cards(house) == (0, 0, {"pages": 1, "authorised": 1, "released": 1})
    assert (await hold(house, rma_id)).state.value == "released"
    assert await balances(house) == {}


async def test_a_return_cancelled_after_the_article_was_sent_is_charged(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)
    new = await new_order(house, rma_id)
    await house.control("fulfil", {"order": new.order_ref})

    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="staff:1", now=now()))
    await house.settle_down()
    await house.later()

    assert ((await hold(house, rma_id)).captured_minor, (await cards(house))[1]) == (TEE, TEE)


async def test_staff_captures_a_part_by_hand_and_never_more_than_is_held(house: House) -> None:
    await opened(house)
    _, rma_id = await held(house)

    async def decide(minor: int | None, reason: str = "agreed by phone") -> None:
        await house.do(
            lambda db: flow.decide(
                db, rma_id=rma_id, do=Decided.CAPTURE, amount_minor=minor, reason=reason, actor="staff:1", now=now()
            )
        )
        await house.settle_down()

    for minor, reason, code in ((TEE + 1, "x", "out_of_range"), (500, " ", "invalid_text")):
        with pytest.raises(Refused) as no:
            await decide(minor, reason)
        assert (no.value.code, (await cards(house))[1]) == (code, 0)
    await decide(500)
    await house.later()
    assert ((await hold(house, rma_id)).captured_minor, (await cards(house))[:2]) == (500, (0, 500))
    with pytest.raises(Refused) as no:
        await decide(None)
    assert no.value.code == "move_not_allowed"


@pytest.mark.parametrize("lacks", ["terms", "provider", "article"])
async def test_it_is_not_offered_without_terms_a_provider_or_an_article(house: House, lacks: str) -> None:
    await opened(house, instant=None if lacks == "terms" else InstantTerms(), provider=lacks != "provider")
    order = await house.an_order()
    wish = rma.Wish(order.order.lines[0].ref, 1, "too_small", resolution=K.EXCHANGE.value)
    rma_id = await house.ask(order, [wish])
    if lacks != "article":
        await shelved(house, "RT-SAME", "19.99")
        await want(house, rma_id, "RT-SAME")
    await house.approve(rma_id)

    with pytest.raises(Refused) as no:
        await ask(house, rma_id)

    assert (no.value.code, (await cards(house))[2]) == ("instant_not_offered", {})


async def test_what_is_held_is_for_the_article_that_was_named_and_neither_is_changed_meanwhile(house: House) -> None:
    await opened(house)
    _, rma_id = await approved(house)
    await ask(house, rma_id)
    before = await hold(house, rma_id)

    with pytest.raises(Refused) as no:
        await house.do(
            lambda db: exchange_flow.want(
                db, rma_id=rma_id, line_id=before.line_ids[0], article="RT-DEAR", actor="staff:1", now=now()
            )
        )

    assert (before.state.value, no.value.code) == ("offered", "card_hold_open")
    assert await hold(house, rma_id) == before
    assert await offered_articles(house, rma_id) == ()


async def offered_articles(house: House, rma_id: UUID) -> tuple[object, ...]:
    async with house.web.tx(house.tenant) as db:
        return (await exchange_flow.changeable(db, rma_id=rma_id, policies=house.policies)).lines
