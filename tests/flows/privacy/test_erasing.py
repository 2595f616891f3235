"""An erasure takes out everything that identifies a person, everywhere, and changes no figure."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.mail import MailKind
from retour.core.order import Order
from retour.core.privacy import LOOK_AGAIN, RequestState
from retour.core.withdrawal import Statement
from retour.flows import privacy
from retour.store import discrepancy, mail
from retour.store import withdrawal as withdrawals
from retour.store.db import Database
from retour.store.ids import new_id
from retour.store.intake import photos as intake_photos
from retour.store.order import record
from retour.store.privacy.tombstone import Tombstones
from tests.flows.privacy.canary import EMAIL, NAME, STREET, Canary
from tests.flows.privacy.test_columns import ERASED, named
from tests.stories.house import Units, a_house

pytestmark = pytest.mark.anyio


# Sealed, hashed, folded for finding, or a figure of the person: no text of the canary's can be read in them.
SEALED = named(
    """
    inbox.body_sealed intake.sealed intake_photo.sealed label.content_sealed mail.sealed_address mail.sealed_data
    person.far_ref person.home_country person.postcode_folded person.sealed_key person_key.key person_word.word rma.address_sealed
    photo.sealed privacy_archive.sealed return_line.decision
    sales_order.raw_sealed sales_order.ship_to_sealed shopper_list.hint shopper_list.key withdrawal.sealed
    """
)


class Stopped(Exception):  # noqa: N818 - a process that dies
    """The process died here."""


@pytest.fixture
async def elsewhere(
    database: Database, executor_database: Database, owner: Any, tmp_path: Path
) -> AsyncIterator[Canary]:
    """Another merchant with the same shopper."""
    async with a_house(database, executor_database, owner, tmp_path / "keys") as house:
        other = Canary(house, tmp_path / "erased-elsewhere")
        await other.open()
        await other.known_everywhere()
        yield other


async def test_nothing_in_any_column_names_an_erased_person_and_no_figure_changes(
    canary: Canary, elsewhere: Canary
) -> None:
    await canary.known_everywhere()
    before, sums = await canary.found(), await canary.sums()
    there, sums_there = await elsewhere.found(), await elsewhere.sums()
    assert ERASED - SEALED - before.keys() == set()

    done = await canary.work(await canary.ask(privacy.ask_erasure))

    assert done.state is RequestState.DONE
    assert await canary.found() == {}
    assert await canary.sums() == sums
    assert (await elsewhere.found(), await elsewhere.sums()) == (there, sums_there)
    assert await canary.events() == ["privacy.asked", "privacy.erased"]
    assert {person for person, _ in Tombstones(canary.erased).of(canary.house.tenant)} == {canary.person_id}


async def test_an_order_is_read_and_paid_codes_stay_whatever_its_shopper_is_called(canary: Canary) -> None:
    house = canary.house
    order = await house.an_order(customer="Card", email="card@else.example", phone="2026")
    canary.orders.append(order)
    await house.returned(order, {0: 2})
    before, sums = await _order(canary), await canary.sums()

    done = await canary.work(await canary.ask(privacy.ask_erasure))

    assert done.state is RequestState.DONE
    assert await _order(canary) == before
    assert await canary.sums() == sums


async def test_what_was_sealed_for_a_person_has_no_key_any_more(canary: Canary) -> None:
    await canary.known_everywhere()

    await canary.work(await canary.ask(privacy.ask_erasure))

    async with canary.house.web.tx(canary.house.tenant) as db:
        left = await db.fetchrow(
            "SELECT (SELECT sealed_key FROM person WHERE id = $1) AS key, (SELECT count(*) FROM photo) AS photos,"
            " (SELECT count(*) FROM person_key) AS keys, (SELECT count(*) FROM shopper_list) AS listed,"
            " (SELECT count(*) FROM person_word) AS words, (SELECT count(*) FROM rma_word) AS return_words,"
            " (SELECT count(*) FROM sales_order WHERE raw_sealed IS NOT NULL OR ship_to_sealed IS NOT NULL) AS documents,"
            " (SELECT count(*) FROM label WHERE length(content_sealed) > 0) AS labels,"
            " (SELECT count(*) FROM inbox WHERE body_sealed IS NOT NULL) AS bodies",
            canary.person_id,
        )
    assert left is not None
    assert dict(left) == {
        "key": b"", "photos": 0, "keys": 0, "listed": 0, "words": 0, "return_words": 0, "documents": 0, "labels": 0,
        "bodies": 0,
    }  # fmt: skip


async def test_an_erasure_waits_for_an_open_return_which_is_still_paid(canary: Canary) -> None:
    order = await canary.an_order()
    rma_id = await canary.house.approved(order, {0: 1})

    waiting = await canary.work(request := await canary.ask(privacy.ask_erasure))
    names = await canary.found()
    again = await canary.work(request)
    await canary.house.receive(rma_id, {0: 1})
    await canary.house.inspect(rma_id, Units(0, 1))
    paid = [s.state.value for s in await canary.house.settlements(rma_id)]
    await canary.later(LOOK_AGAIN)
    done = await canary.work(request)

    assert (waiting.state, waiting.why, waiting.facts) == (RequestState.WAITING, "return_open", {"returns": 1})
    assert waiting.answer_by - waiting.asked_at == timedelta(days=30)
    assert again.due_at == waiting.due_at, "it is not looked at before its time"
    assert "person.email" in names
    assert paid == ["settled"]
    assert done.state is RequestState.DONE
    assert await canary.found() == {}
    assert await canary.events() == ["privacy.asked", "privacy.postponed", "privacy.erased"]


async def test_an_erasure_that_waits_longer_than_the_law_allows_is_shown_until_it_is_done(canary: Canary) -> None:
    order = await canary.an_order()
    rma_id = await canary.house.ask(order, {0: 1})
    request = await canary.ask(privacy.ask_erasure)

    await canary.later(timedelta(days=30))
    await canary.work(request)
    shown = await _shown(canary)
    await canary.house.do(lambda db: _cancelled(db, rma_id))
    await canary.house.settle_down()
    await canary.later(LOOK_AGAIN)
    done = await canary.work(request)

    assert shown == ["erasure_overdue"]
    assert done.state is RequestState.DONE
    assert await _shown(canary) == []


async def test_an_erasure_goes_on_where_its_process_died(canary: Canary) -> None:
    await canary.known_everywhere()
    request = await canary.ask(privacy.ask_erasure)

    def dies(_tenant: UUID, _person: UUID, _request: UUID) -> None:
        raise Stopped

    by = canary.answerer
    dying = replace(by, mark=dies)
    with pytest.raises(Stopped):
        await privacy.answer(dying, tenant_id=canary.house.tenant, request_id=request)
    in_between = await canary.request(request)
    names = await canary.found()
    await canary.later(timedelta(minutes=10))
    done = await canary.work(request)

    assert in_between.state is RequestState.ERASING
    assert "person.email" in names
    assert done.state is RequestState.DONE
    assert await canary.found() == {}


async def test_an_erased_person_is_erased_once(canary: Canary) -> None:
    await canary.an_order()
    first = await canary.work(request := await canary.ask(privacy.ask_erasure))
    told = await canary.events()

    again = await canary.work(request)
    with pytest.raises(Refused) as refused:
        await canary.ask(privacy.ask_erasure)

    assert again == first
    assert refused.value.code == "person_erased"
    assert await canary.events() == told


async def test_a_request_that_waits_is_one_and_can_be_taken_back(canary: Canary) -> None:
    await canary.an_order()
    request = await canary.ask(privacy.ask_erasure)
    assert await canary.ask(privacy.ask_erasure) == request

    async with canary.house.web.tx(canary.house.tenant) as db:
        await privacy.cancel(db, request_id=request, actor=canary.staff, now=canary.clock())
    after = await canary.work(request)

    assert after.state is RequestState.CANCELLED
    assert "person.email" in await canary.found([EMAIL])
    async with canary.house.web.tx(canary.house.tenant) as db:
        with pytest.raises(Refused) as refused:
            await privacy.cancel(db, request_id=request, actor=canary.staff, now=canary.clock())
    assert refused.value.code == "request_over"


async def test_the_next_order_of_an_erased_person_is_that_of_somebody_new(canary: Canary) -> None:
    order = await canary.an_order()
    await canary.work(await canary.ask(privacy.ask_erasure))

    async with canary.house.web.tx(canary.house.tenant) as db:
        await db.execute("UPDATE sales_order SET synced_at = now()")
    await canary.house.mirror(order.order.ref)
    seen_again = await canary.found([EMAIL])
    fresh = await canary.an_order()

    assert seen_again == {}, "an order that is read again brings nobody back"
    assert fresh.person_id != order.person_id


async def test_what_nobody_was_found_for_is_opened_and_goes_if_it_names_the_person(canary: Canary) -> None:
    await canary.an_order()
    theirs, others = await _unassigned(canary, NAME), await _unassigned(canary, "Bo Fremd")

    done = await canary.work(await canary.ask(privacy.ask_erasure))

    assert done.state is RequestState.DONE
    async with canary.house.web.tx(canary.house.tenant) as db:
        rows = await db.fetch(
            "SELECT i.id, i.state, i.reason, length(i.sealed) > 0 AS kept,"
            " (SELECT count(*) FROM intake_photo f WHERE f.intake_id = i.id) AS pictures FROM intake i"
        )
        statements = await db.fetch("SELECT id, length(sealed) > 0 AS kept FROM withdrawal")
    assert {tuple(row.values()) for row in rows} == {
        (theirs[0], "dismissed", "[erased]", False, 0), (others[0], "waiting", None, True, 1),
    }  # fmt: skip
    assert {tuple(row.values()) for row in statements} == {(theirs[1], False), (others[1], True)}
    assert await canary.events("intake.%") == ["intake.dismissed"]


async def test_an_erasure_waits_for_a_withdrawal_that_names_the_person_and_is_not_decided(canary: Canary) -> None:
    await canary.an_order()
    _, stated = await _unassigned(canary, NAME, closed=False)

    waiting = await canary.work(await canary.ask(privacy.ask_erasure))

    assert (waiting.state, waiting.why, waiting.facts) == (RequestState.WAITING, "withdrawal_open", {"withdrawals": 1})
    async with canary.house.web.tx(canary.house.tenant) as db:
        assert await db.fetchval("SELECT length(sealed) > 0 FROM withdrawal WHERE id = $1", stated)


@pytest.mark.parametrize("known", [True, False], ids=["of the person", "of nobody yet"])
async def test_an_erasure_waits_until_a_withdrawal_is_answered_to_the_address_that_was_typed(
    canary: Canary, *, known: bool
) -> None:
    house, order = canary.house, await canary.an_order()
    _, stated = await _unassigned(canary, NAME)
    async with house.web.tx(house.tenant) as db:
        if known:
            await db.execute("UPDATE withdrawal SET person_id = $1 WHERE id = $2", order.person_id, stated)
        answer = await mail.plan(
            db, house.vault, tenant_id=house.tenant, kind=MailKind.WITHDRAWAL_ANSWERED, to=EMAIL,
            resource_kind="withdrawal", resource_id=stated, at=canary.clock(), store_id=house.store,
            secret={"number": "#1", "at": canary.clock().isoformat(), "reason": "no order"},
        )  # fmt: skip

    waiting = await canary.work(request := await canary.ask(privacy.ask_erasure))
    async with house.web.tx(house.tenant) as db:
        kept = await db.fetchval("SELECT sealed_address IS NOT NULL FROM mail WHERE id = $1", answer)
        await db.execute(
            "UPDATE mail SET state = 'failed', sealed_address = NULL, sealed_data = NULL WHERE id = $1", answer
        )
    await canary.later(LOOK_AGAIN)
    done = await canary.work(request)

    assert (waiting.state, waiting.why, waiting.facts) == (RequestState.WAITING, "call_running", {"calls": 1})
    assert kept
    assert done.state is RequestState.DONE
    async with house.web.tx(house.tenant) as db:
        assert await db.fetchval("SELECT length(sealed) FROM withdrawal WHERE id = $1", stated) == 0


async def _unassigned(canary: Canary, name: str, *, closed: bool = True) -> tuple[UUID, UUID]:
    """Keep an intake that waits, with a picture, and a statement of somebody of that name that no order was found for."""
    house, intake_id, stated, at = canary.house, new_id(), new_id(), canary.clock()
    email = EMAIL if name == NAME else "x@example.com"
    async with house.web.tx(house.tenant) as db:
        sealed = house.vault.lock(
            json.dumps({"from": name, "street": STREET}).encode(), tenant_id=house.tenant, purpose=f"intake:{intake_id}"
        )
        await db.execute(
            "INSERT INTO intake (tenant_id, id, store_id, source, channel, external_id, state, why, sealed, received_at,"
            " changed_at) VALUES (current_tenant(), $1, $2, 'mail:x', 'mail', $3, 'waiting', 'no_order', $4, $5, $5)",
            intake_id, house.store, str(intake_id), sealed, at,
        )  # fmt: skip
        await intake_photos.add(
            db, house.vault, tenant_id=house.tenant, intake_id=intake_id, content=b"webp", sha256=b"x" * 32, width=1,
            height=1, at=at,
        )  # fmt: skip
        await withdrawals.add(
            db, house.vault, tenant_id=house.tenant, id=stated, store_id=house.store, channel="portal", actor="shopper",
            token_sha256=None, language="en", said=Statement(name, "#1", email), content_sha256="a" * 64, at=at,
            stated_on=at.date(),
        )  # fmt: skip
        if closed:
            await db.execute(
                "UPDATE withdrawal SET state = 'closed', decided_by = 'staff:x', reason = 'no order' WHERE id = $1",
                stated,
            )
    return intake_id, stated


async def _order(canary: Canary) -> Order:
    async with canary.house.web.tx(canary.house.tenant) as db:
        found = await record.load(db, canary.orders[0].id)
    assert found is not None
    return found.order


async def _shown(canary: Canary) -> list[str]:
    async with canary.house.web.tx(canary.house.tenant) as db:
        found = await discrepancy.list_open(db, resource_kind="privacy_request")
    return [one.kind for one in found]


async def _cancelled(db: Any, rma_id: UUID) -> None:
    from retour.flows import rma

    await rma.cancel(db, rma_id=rma_id, actor="agent", now=(await db.fetchval("SELECT now()")))
