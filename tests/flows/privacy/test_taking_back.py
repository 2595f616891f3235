"""Until an erasure has begun it can be taken back, and then nothing of it has happened; afterwards it cannot."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.privacy import RequestState
from retour.flows import privacy
from retour.store.privacy import rows
from retour.store.privacy.tombstone import Tombstones
from tests.flows.privacy.canary import EMAIL, Canary
from tests.flows.privacy.test_retaining import forget
from tests.waiting import until

pytestmark = pytest.mark.anyio


class Stopped(Exception):  # noqa: N818 - a process that dies
    """The process died here."""


async def cancel(canary: Canary, request: UUID) -> None:
    async with canary.house.web.tx(canary.house.tenant) as db:
        await privacy.cancel(db, request_id=request, actor=canary.staff, now=canary.clock())


async def test_what_was_taken_back_before_it_began_dropped_nothing_and_never_happens(canary: Canary) -> None:
    order = await canary.an_order()
    body = await canary.received(EMAIL.encode())
    request, owner = await canary.ask(privacy.ask_erasure), canary.house.owner
    await owner.execute("SELECT set_config('app.tenant', $1, false)", str(canary.house.tenant))

    async def it_waits() -> bool:
        waiting: bool = await owner.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return waiting

    async with owner.transaction():  # somebody holds the order, so that the erasure waits before it begins
        await owner.fetch("SELECT id FROM sales_order WHERE id = $1 FOR UPDATE", order.id)
        working = asyncio.create_task(canary.work(request))
        await until(it_waits)
        await cancel(canary, request)
    after = await working
    counts = await forget(canary, Tombstones(canary.erased).of(canary.house.tenant))

    assert after.state is RequestState.CANCELLED
    assert Tombstones(canary.erased).of(canary.house.tenant) == set()
    assert await canary.kept(body)
    assert counts == {}
    assert await canary.events() == ["privacy.asked", "privacy.cancelled"]
    assert "person.email" in await canary.found([EMAIL])


async def test_an_erasure_that_has_begun_cannot_be_taken_back_and_goes_on(canary: Canary) -> None:
    await canary.an_order()
    request, by = await canary.ask(privacy.ask_erasure), canary.answerer

    def written_down(tenant: UUID, person: UUID, of: UUID) -> None:
        by.mark(tenant, person, of)
        raise Stopped

    with pytest.raises(Stopped):
        await privacy.answer(replace(by, mark=written_down), tenant_id=canary.house.tenant, request_id=request)
    begun = await canary.request(request)
    with pytest.raises(Refused) as refused:
        await cancel(canary, request)
    again = await canary.ask(privacy.ask_erasure)
    counts = await forget(canary, Tombstones(canary.erased).of(canary.house.tenant))
    await canary.later(timedelta(minutes=10))
    done = await canary.work(request)

    assert (begun.state, refused.value.code) == (RequestState.ERASING, "request_over")
    assert again == request, "it is under way already"
    assert counts == {}
    assert done.state is RequestState.DONE
    assert await canary.found([EMAIL]) == {}


async def test_a_return_that_is_opened_while_a_person_is_erased_is_ended_first(canary: Canary) -> None:
    order = await canary.an_order()
    request, by = await canary.ask(privacy.ask_erasure), canary.answerer

    def dies(_tenant: UUID, _person: UUID, _request: UUID) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        await privacy.answer(replace(by, mark=dies), tenant_id=canary.house.tenant, request_id=request)
    await canary.house.ask(order, {0: 1})
    await canary.later(timedelta(minutes=10))
    waiting = await canary.work(request)

    assert (waiting.state, waiting.why, waiting.facts) == (RequestState.ERASING, "return_open", {"returns": 1})
    assert "person.email" in await canary.found([EMAIL])


async def test_a_line_of_a_request_that_was_taken_back_erases_nobody(canary: Canary) -> None:
    """As where a backup was restored in which the request still waited, and somebody took it back."""
    await canary.an_order()
    request = await canary.ask(privacy.ask_erasure)
    Tombstones(canary.erased).write(canary.house.tenant, canary.person_id, request)
    await cancel(canary, request)

    counts = await forget(canary, Tombstones(canary.erased).of(canary.house.tenant))

    assert counts == {}
    async with canary.house.web.tx(canary.house.tenant) as db:
        assert [one.state for one in await rows.list_(db)] == [RequestState.CANCELLED]
