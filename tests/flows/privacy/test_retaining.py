"""Once a day what is older than its class is kept for goes; what is open stays, and so does every figure."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.privacy import TERMS, Keep
from retour.flows import privacy
from retour.store import due
from retour.store.ids import new_id
from retour.store.privacy import rows
from retour.store.privacy.tombstone import Tombstones
from tests.flows.privacy.canary import Canary

pytestmark = pytest.mark.anyio
HELD = """
SELECT (SELECT count(*) FROM inbox WHERE body_sealed IS NOT NULL)::int AS inbox,
       (SELECT count(*) FROM sales_order WHERE raw_sealed IS NOT NULL)::int AS documents,
       (SELECT count(*) FROM intake WHERE length(sealed) > 0)::int AS intakes,
       (SELECT count(*) FROM photo)::int AS photos,
       (SELECT count(*) FROM label WHERE length(content_sealed) > 0)::int AS labels
"""


async def held(canary: Canary) -> dict[str, int]:
    async with canary.house.web.tx(canary.house.tenant) as db:
        row = await db.fetchrow(HELD)
    assert row is not None
    return dict(row)


async def forget(canary: Canary, erased: set[tuple[UUID, UUID]] | None = None) -> dict[str, int]:
    return await privacy.forget_old(
        canary.house.web, tenant_id=canary.house.tenant, erased=lambda _: erased or set(), clock=canary.clock
    )


async def read_inbox(canary: Canary) -> None:
    """Say that what was received was worked on."""
    async with canary.house.web.tx(canary.house.tenant) as db:
        await db.execute("UPDATE inbox SET done_at = $1", canary.clock())


async def test_each_class_goes_after_its_own_time_and_no_figure_changes(canary: Canary) -> None:
    await canary.known_everywhere()
    await read_inbox(canary)
    assert await held(canary) == {"inbox": 1, "documents": 1, "intakes": 1, "photos": 1, "labels": 1}
    sums = await canary.sums()

    canary.at = canary.clock() + timedelta(days=89)
    early = await forget(canary)
    canary.at += timedelta(days=2)
    first = await forget(canary)
    after_first = await held(canary)
    again = await forget(canary)
    canary.at += timedelta(days=91)
    second = await forget(canary)
    canary.at += timedelta(days=184)
    third = await forget(canary)

    assert early == {}
    assert first == {"inbox": 1, "labels": 1}
    assert after_first == {"inbox": 0, "documents": 1, "intakes": 1, "photos": 1, "labels": 0}
    assert again == {}, "once a day"
    assert second == {"intakes": 1}
    assert third == {"documents": 1, "photos": 1}
    assert await canary.sums() == sums
    assert await canary.events() == ["privacy.forgotten"] * 3


async def test_what_is_open_is_never_forgotten(canary: Canary) -> None:
    order = await canary.an_order()
    await canary.house.approved(order, {0: 1})
    before = await held(canary)

    canary.at = canary.clock() + timedelta(days=4000)
    counts = await forget(canary)

    assert counts == {}
    assert await held(canary) == before == {"inbox": 0, "documents": 1, "intakes": 0, "photos": 0, "labels": 1}


async def test_people_are_erased_by_themselves_only_where_the_merchant_chose_so(canary: Canary) -> None:
    await canary.known_everywhere()
    canary.at = canary.clock() + timedelta(days=1000)
    assert Keep.PEOPLE.value not in await forget(canary)

    await change(canary, {Keep.PEOPLE: 400})
    canary.at += timedelta(days=1)
    counts = await forget(canary)
    (request,) = await waiting(canary)
    await canary.work(request)

    assert counts[Keep.PEOPLE.value] == 1
    assert await canary.found() == {}


async def test_who_was_erased_before_a_backup_is_erased_again_after_it_is_restored(canary: Canary) -> None:
    await canary.an_order()
    Tombstones(canary.erased).write(
        canary.house.tenant, canary.person_id, new_id()
    )  # as an erasure after the backup left it
    Tombstones(canary.erased).write(canary.house.store, canary.house.store, new_id())

    counts = await forget(canary, Tombstones(canary.erased).of(canary.house.tenant))
    (request,) = await waiting(canary)
    await canary.work(request)

    assert counts == {"people": 1}
    assert await canary.found() == {}


async def test_a_merchant_chooses_days_within_bounds(canary: Canary) -> None:
    kept = await change(canary, {Keep.INBOX: 30, Keep.PHOTOS: None})
    same = await change(canary, {Keep.INBOX: 30})
    for keep, days in ((Keep.INBOX, 6), (Keep.EXPORTS, None), (Keep.STORE_GRACE, 26)):
        with pytest.raises(Refused) as refused:
            await change(canary, {keep: days})
        assert (refused.value.code, refused.value.field) == ("invalid_days", keep.value)

    assert kept == {keep: term.days for keep, term in TERMS.items()} | {Keep.INBOX: 30, Keep.PHOTOS: None}
    assert same == kept
    assert await canary.events() == ["privacy.terms_changed"]


async def test_the_sweep_finds_whose_day_has_come(canary: Canary) -> None:
    async with canary.house.web.tx(None) as db:
        before = await due.retention(db, most=1000, overdue=timedelta(0))
    await forget(canary)
    async with canary.house.web.tx(None) as db:
        after = await due.retention(db, most=1000, overdue=timedelta(0))

    tenant = canary.house.tenant
    assert (tenant, tenant) in before
    assert (tenant, tenant) not in after


async def change(canary: Canary, days: dict[Keep, int | None]) -> Any:
    async with canary.house.web.tx(canary.house.tenant) as db:
        return await privacy.change_terms(
            db, tenant_id=canary.house.tenant, days=days, actor=canary.staff, now=canary.clock()
        )


async def waiting(canary: Canary) -> list[UUID]:
    async with canary.house.web.tx(canary.house.tenant) as db:
        return [request.id for request in await rows.list_(db)]
