"""Asking for an order: what matches is sent a code, everything else leaves no trace that a shopper could see."""

import asyncio
from typing import Any

import pytest

from retour.core.errors import Refused
from retour.core.order import Person
from retour.core.visit import CodeAnswer, VisitState
from retour.flows import visit as flow
from retour.store import discrepancy
from tests.flows.order.shop import an_order, fetched
from tests.flows.visit.conftest import Counter, sha256, without_mail

pytestmark = pytest.mark.anyio

CODES = "SELECT count(*) FROM visit_code"


@pytest.mark.parametrize(
    "contact",
    ["canary.shopper@example.com", " CANARY.Shopper@example.com ", "0170 5550123", "+49 170 5550123", "10115 b"],
)
async def test_a_matching_address_number_or_postcode_is_sent_a_code(counter: Counter, contact: str) -> None:
    saved = await counter.order()

    visit = await counter.ask(contact=contact)

    assert visit.state is VisitState.SENT
    assert [person for person, _ in counter.sent] == [saved.record.person_id]
    assert len(counter.code) == 8


@pytest.mark.parametrize(
    ("number", "contact"),
    [
        ("#1001", "else@example.com"),
        ("#1002", "canary.shopper@example.com"),
        ("#1001", "5550123"),
        ("", ""),
        ("#1001", ""),
    ],
)
async def test_what_does_not_match_is_sent_nothing(counter: Counter, number: str, contact: str) -> None:
    await counter.order()

    visit = await counter.ask(number, contact)

    assert visit.state is VisitState.UNMATCHED
    assert counter.sent == []


async def test_asking_writes_the_same_rows_whether_the_order_exists_or_not(counter: Counter) -> None:
    await counter.order()

    known = await counter.ask(browser="known", worker=False)
    unknown = await counter.ask("#4711", browser="unknown", worker=False)

    assert (known.state, unknown.state) == (VisitState.ASKED, VisitState.ASKED)
    assert len(known.asked_sealed or b"") == len(unknown.asked_sealed or b"")
    async with counter.database.tx(counter.shop.tenant_id) as db:
        assert await db.fetchval(CODES) == 2


async def test_a_repeat_within_the_minute_sends_no_second_code(counter: Counter) -> None:
    await counter.order()

    first = await counter.ask()
    again = await counter.ask()

    assert again.id == first.id
    assert len(counter.sent) == 1


async def test_a_corrected_number_is_asked_for_at_once(counter: Counter) -> None:
    await counter.order()

    wrong = await counter.ask("#1007")
    right = await counter.ask("#1001")

    assert (wrong.state, right.state, right.id) == (VisitState.UNMATCHED, VisitState.SENT, wrong.id)


async def test_a_new_code_can_be_asked_for_after_a_minute_and_ends_the_old_one(counter: Counter) -> None:
    await counter.order()
    visit, ask_again = await counter.ask(), lambda: counter.do(
        lambda db: flow.ask_again(
            db, counter.vault, tenant_id=counter.shop.tenant_id, visit=visit, language="en", address="192.0.2.1",
            now=counter.now,
        )
    )  # fmt: skip
    counter.later(seconds=18)
    with pytest.raises(Refused) as refused:
        await ask_again()
    assert (refused.value.code, refused.value.facts) == ("too_soon", {"wait_s": 42})
    counter.later(seconds=42)

    await ask_again()
    await counter.look_up(visit.id)

    old, new = (code for _, code in counter.sent)
    assert (await counter.type(visit, old)).answer is CodeAnswer.WRONG
    assert (await counter.type(visit, new)).answer is CodeAnswer.FITS


async def test_an_order_that_only_the_platform_knows_is_fetched(counter: Counter) -> None:
    counter.far["#2001"] = fetched(an_order(ref="gid://order/2001", name="#2001"))

    visit = await counter.ask("#2001")

    assert counter.far_asked == ["#2001"]
    assert visit.state is VisitState.SENT
    assert len(counter.sent) == 1


async def test_a_platform_that_cannot_be_reached_is_asked_again(counter: Counter) -> None:
    counter.unreachable = True
    visit = await counter.ask("#2001")
    assert visit.state is VisitState.ASKED
    counter.unreachable, counter.far["#2001"] = False, fetched(an_order(ref="gid://order/2001", name="#2001"))
    await counter.look_up(visit.id)  # not due yet
    assert counter.sent == []
    counter.later(seconds=8)
    await counter.look_up(visit.id)  # the number was asked for within the minute
    counter.later(seconds=60)

    await counter.look_up(visit.id)

    assert counter.far_asked == ["#2001", "#2001"]
    assert len(counter.sent) == 1


async def test_nobody_waits_longer_than_ten_minutes_for_the_platform(counter: Counter) -> None:
    counter.unreachable = True
    visit = await counter.ask("#2001")
    counter.later(minutes=10)

    await counter.look_up(visit.id)

    after = await counter.visit()
    assert after is not None
    assert after.state is VisitState.UNMATCHED


async def test_one_unknown_number_is_asked_for_once_a_minute_by_however_many(counter: Counter) -> None:
    for n in range(5):
        await counter.ask("#9999", browser=f"b{n}", address=f"192.0.2.{n}")

    assert counter.far_asked == ["#9999"]


async def test_without_an_address_the_staff_is_asked_with_what_was_typed_sealed(counter: Counter) -> None:
    saved = await counter.order(without_mail())

    visit = await counter.ask(contact="0170 5550123")

    assert (visit.state, counter.sent) == (VisitState.STAFF, [])
    async with counter.database.tx(counter.shop.tenant_id) as db:
        (shown,) = await discrepancy.list_open(db, resource_id=saved.record.id)
    assert (shown.kind, shown.owner, shown.store_id) == ("shopper_asks", "agent", counter.shop.store_id)
    assert "5550123" not in str(shown.details)
    typed = flow.read_typed(counter.vault, shown.details, tenant_id=counter.shop.tenant_id, order_id=saved.record.id)
    assert (typed.number, typed.contact) == ("#1001", "0170 5550123")


async def test_look_ups_from_one_address_are_slowed_after_25(counter: Counter) -> None:
    for n in range(25):
        await counter.ask(f"#{n}", browser=f"b{n}", worker=False)

    with pytest.raises(Refused) as refused:
        await counter.ask("#25", browser="b25", worker=False)

    assert (refused.value.code, refused.value.facts) == ("too_many_requests", {"wait_s": 12})
    assert (await counter.ask("#26", browser="c", address="192.0.2.9", worker=False)).state is VisitState.ASKED
    counter.later(seconds=12)
    assert (await counter.ask("#25", browser="b25", worker=False)).state is VisitState.ASKED


async def test_codes_for_one_order_are_slowed_and_still_sent(counter: Counter) -> None:
    await counter.order()
    for n in range(4):
        await counter.ask(browser=f"b{n}", address=f"192.0.2.{n}")

    fifth = await counter.ask(browser="real", address="198.51.100.7")

    assert (fifth.state, len(counter.sent)) == (VisitState.ASKED, 4)
    counter.later(minutes=1)
    await counter.look_up(fifth.id)
    assert len(counter.sent) == 5
    counter.later(minutes=9, seconds=30)  # a code that was sent late lives its ten minutes all the same
    assert (await counter.type(fifth, counter.code)).answer is CodeAnswer.FITS


async def test_two_workers_at_once_send_one_code(counter: Counter) -> None:
    await counter.order()
    visit = await counter.ask(worker=False)

    await asyncio.gather(*(counter.look_up(visit.id) for _ in range(4)))

    assert len(counter.sent) == 1


async def test_visits_that_are_over_are_forgotten_with_their_codes(counter: Counter) -> None:
    await counter.order()
    await counter.ask()
    counter.later(hours=25)

    await counter.do(lambda db: flow.forget_expired(db, now=counter.now))

    async with counter.database.tx(counter.shop.tenant_id) as db:
        left: Any = [await db.fetchval(f"SELECT count(*) FROM {t}") for t in ("visit", "visit_code", "visit_limit")]
    assert left == [0, 0, 0]


async def test_another_tenant_finds_no_visit(counter: Counter, database: Any) -> None:
    await counter.order()
    await counter.ask()

    async with database.tx(counter.shop.store_id) as db:  # some other tenant
        assert await db.fetchval("SELECT count(*) FROM visit WHERE token_sha256 = $1", sha256("one")) == 0


async def test_a_shopper_without_a_platform_ref_is_matched_too(counter: Counter) -> None:
    await counter.order(Person(email="guest@example.com"))

    assert (await counter.ask(contact="guest@example.com")).state is VisitState.SENT
