"""A scan leads where it should and counts once; what fits nowhere is kept; what can be undone is undone."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from retour.core.errors import Refused
from retour.core.rma import Grade
from retour.flows import rma, shipping
from retour.flows.receiving import Verdict, scanning
from retour.flows.receiving.observing import Seen, Sight
from retour.flows.receiving.scanning import Did, SentAgain
from retour.store import dock as store
from retour.store.db import Database
from retour.store.vault import Vault
from tests.flows.receiving.a_dock import MORNING, SKU, Dock, a_dock

pytestmark = pytest.mark.anyio


async def number_of(dock: Dock, rma_id: object) -> int:
    return (await dock.see(rma_id)).rma.number  # type: ignore[arg-type]


async def test_a_return_is_found_by_its_number_its_parcel_and_its_order(dock: Dock) -> None:
    rma_id = await dock.a_return()
    async with dock.database.tx(dock.tenant_id) as db:
        await shipping.add_shipment(
            db, rma_id=rma_id, carrier="dhl", tracking_number="JJD000123", actor="shopper", now=MORNING
        )
    number = await number_of(dock, rma_id)

    for raw in (f"R-{number}", str(number), "jjd 000-123", "#1001", "1001", f"https://shop.example/returns/R-{number}"):
        came = await dock.scan(raw)
        assert (came.did, came.rma_id) == (Did.FOUND, rma_id), raw


async def test_an_order_with_two_returns_asks_which(dock: Dock) -> None:
    ids = {await dock.a_return(), await dock.a_return()}

    came = await dock.scan("#1001")

    assert came.did is Did.SEVERAL
    assert {match.rma_id for match in came.matches} == ids


async def test_what_leads_nowhere_says_so(dock: Dock, vault: Vault) -> None:
    stranger = await a_dock(dock.database, vault)
    theirs = await number_of(stranger, await stranger.a_return())

    assert (await dock.scan("#1002")).did is Did.NO_RETURN
    assert (await dock.scan("nobody knows")).did is Did.UNKNOWN
    assert (await dock.scan(f"R-{theirs}")).did is Did.UNKNOWN


async def test_scanning_articles_receives_them_one_by_one(dock: Dock) -> None:
    rma_id = await dock.a_return(2)

    first = await dock.scan(SKU.lower(), within=rma_id)
    second = await dock.scan(SKU, within=rma_id)
    third = await dock.scan(SKU, within=rma_id)

    assert [first.did, second.did, third.did] == [Did.RECEIVED, Did.RECEIVED, Did.ALL_HERE]
    assert await dock.here(rma_id) == 2
    assert await dock.differences() == {}


async def test_the_same_code_within_two_seconds_is_one_scan(dock: Dock) -> None:
    rma_id = await dock.a_return(2)
    at = MORNING + timedelta(minutes=5)

    await dock.scan(SKU, within=rma_id, step=dock.step(at=at))
    again = await dock.scan(SKU, within=rma_id, step=dock.step(at=at + timedelta(seconds=1.9)))

    assert (again.did, again.repeated) == (Did.RECEIVED, True)
    assert await dock.here(rma_id) == 1
    later = await dock.scan(SKU, within=rma_id, step=dock.step(at=at + timedelta(seconds=2.1)))
    assert (later.did, later.repeated) == (Did.RECEIVED, False)
    assert await dock.here(rma_id) == 2
    last = await dock.scan(SKU, within=rma_id, step=dock.step(at=at + timedelta(seconds=3)))
    assert (last.did, last.repeated) == (Did.RECEIVED, True)


async def test_the_same_post_twice_counts_once(dock: Dock) -> None:
    rma_id = await dock.a_return(3)

    first = await dock.arrive(rma_id, 2, step=dock.step(nonce="the-same-one"))
    again = await dock.arrive(rma_id, 2, step=dock.step(nonce="the-same-one"))

    assert (first.did, first.repeated, again.did, again.repeated) == (Did.RECEIVED, False, Did.RECEIVED, True)
    assert again.scan_id == first.scan_id
    assert await dock.here(rma_id) == 2
    assert len(await dock.fetch("SELECT id FROM dock_scan")) == 1


async def test_two_posts_at_the_same_moment_count_once(dock: Dock) -> None:
    rma_id = await dock.a_return(3)
    await dock.line(rma_id)

    done = await asyncio.gather(
        *(dock.arrive(rma_id, step=dock.step(nonce="at-once-1", at=MORNING)) for _ in range(4)),
        return_exceptions=True,
    )

    assert all(isinstance(came, SentAgain) or getattr(came, "did", None) is Did.RECEIVED for came in done), done
    assert await dock.here(rma_id) == 1


async def test_a_nonce_of_one_person_is_not_anothers(dock: Dock) -> None:
    rma_id = await dock.a_return(2)
    await dock.scan(SKU, within=rma_id, step=dock.step(nonce="same-words"))
    dock.clerk = uuid4()

    assert (await dock.scan(SKU, within=rma_id, step=dock.step(nonce="same-words"))).repeated is False
    assert await dock.here(rma_id) == 2


async def test_who_was_slower_is_told(dock: Dock) -> None:
    rma_id = await dock.a_return(2)
    await dock.arrive(rma_id)

    with pytest.raises(Refused) as refused:
        await dock.arrive(rma_id, here=0)

    assert (refused.value.code, refused.value.status) == ("state_changed", 409)
    assert await dock.here(rma_id) == 1


async def test_another_returns_code_leads_there_and_a_strange_article_is_not_on_it(dock: Dock) -> None:
    rma_id, other = await dock.a_return(), await dock.a_return(order=1)

    jumped = await dock.scan(f"R-{await number_of(dock, other)}", within=rma_id)
    strange = await dock.scan("4006381333931", within=rma_id)

    assert (jumped.did, jumped.rma_id) == (Did.FOUND, other)
    assert (strange.did, strange.rma_id) == (Did.NOT_ON_IT, rma_id)
    assert await dock.differences() == {}


async def test_an_article_nobody_approved_is_asked_about_and_kept_without_being_counted(dock: Dock) -> None:
    rma_id = await dock.a_return(approved=False)

    came = await dock.scan(SKU, within=rma_id)
    await dock.observe(rma_id, Seen.NOT_EXPECTED, line_id=came.line_id, code=SKU)

    assert came.did is Did.CLOSED
    assert await dock.here(rma_id) == 0
    assert await dock.differences() == {"goods_not_expected": 1}


async def test_what_is_extra_is_kept_summed_and_taken_back(dock: Dock) -> None:
    rma_id = await dock.a_return()
    first = await dock.observe(rma_id, units=2, code="X-1", note="green mug")
    second = await dock.observe(rma_id, units=1)
    assert await dock.differences() == {"goods_not_on_return": 3}

    undone = await dock.undo(first.scan_id)

    assert undone.did is Did.TAKEN_BACK
    assert await dock.differences() == {"goods_not_on_return": 1}
    await dock.undo(second.scan_id)
    assert await dock.differences() == {}
    with pytest.raises(Refused) as refused:
        await dock.undo(second.scan_id)
    assert refused.value.code == "state_changed"
    told = await dock.fetch("SELECT data FROM event WHERE type = 'return.observed' ORDER BY seq")
    assert [bool(row["data"].get("taken_back")) for row in told] == [False, False, True, True]


async def test_a_receipt_by_mistake_is_corrected_beside_it_and_stays(dock: Dock) -> None:
    rma_id = await dock.a_return(2)
    came = await dock.arrive(rma_id, 2)

    corrected = await dock.undo(came.scan_id, step=dock.step(nonce="undo-that"))
    again = await dock.undo(came.scan_id, step=dock.step(nonce="undo-that"))

    assert (corrected.did, again.repeated) == (Did.CORRECTED, True)
    assert await dock.here(rma_id) == 2
    assert await dock.differences() == {"receipt_miscounted": 2}
    await dock.undo(corrected.scan_id)
    assert await dock.differences() == {}


async def test_nobody_undoes_the_scans_of_others_or_a_verdict(dock: Dock) -> None:
    rma_id = await dock.a_return()
    came = await dock.arrive(rma_id)
    judged = await judge(dock, rma_id, 1)

    with pytest.raises(Refused) as verdict:
        await dock.undo(judged.scan_id)
    dock.clerk = uuid4()
    with pytest.raises(Refused) as other:
        await dock.undo(came.scan_id)

    assert (verdict.value.code, other.value.code) == ("move_not_allowed", "scan_not_found")


async def judge(dock: Dock, rma_id: object, unit: int, nonce: str | None = None) -> scanning.Came:
    line = await dock.line(rma_id)  # type: ignore[arg-type]
    async with dock.database.tx(dock.tenant_id) as db:
        return await scanning.judge(
            db, step=dock.step(nonce=nonce), rma_id=rma_id, unit=unit,  # type: ignore[arg-type]
            verdict=Verdict(line.id, 1, Grade.SEALED, location_ref="A-1"), code=SKU, policies=dock.policies,
        )  # fmt: skip


async def test_units_are_judged_one_by_one_and_each_once(dock: Dock) -> None:
    rma_id = await dock.a_return(2)
    await dock.arrive(rma_id, 2)

    assert (await judge(dock, rma_id, 1, "verdict-1")).did is Did.INSPECTED
    assert (await judge(dock, rma_id, 1, "verdict-1")).repeated is True
    with pytest.raises(Refused) as slower:
        await judge(dock, rma_id, 1)
    assert slower.value.code == "already_inspected"
    assert (await judge(dock, rma_id, 2)).did is Did.INSPECTED

    record = await dock.see(rma_id)
    assert scanning.next_unit(record) is None
    assert len(record.rma.inspections()) == 2


async def test_a_parcel_without_a_return_is_kept_for_somebody_to_look(dock: Dock) -> None:
    async with dock.database.tx(dock.tenant_id) as db:
        came = await scanning.observe_unannounced(
            db, step=dock.step(), store_id=dock.shop.merchant.stores["main"],
            sight=Sight(Seen.UNANNOUNCED, 1, code="1Z999", note="no label inside"),
        )  # fmt: skip
    assert await dock.differences() == {"goods_unannounced": 1}

    await dock.undo(came.scan_id)

    assert await dock.differences() == {}


async def test_finishing_moves_nothing_and_is_written_down(dock: Dock) -> None:
    rma_id = await dock.a_return(2)
    await dock.arrive(rma_id)

    async with dock.database.tx(dock.tenant_id) as db:
        came = await scanning.finish(db, step=dock.step(), rma_id=rma_id)

    assert came.did is Did.FINISHED
    record = await dock.see(rma_id)
    assert (scanning.expected(record), await dock.here(rma_id)) == (2, 1)


@pytest.mark.parametrize("units", [0, -1, 10_001])
async def test_no_units_cannot_be_seen(dock: Dock, units: int) -> None:
    rma_id = await dock.a_return()

    with pytest.raises(Refused) as refused:
        await dock.observe(rma_id, units=units)

    assert refused.value.code == "quantity_not_positive"
    assert await dock.differences() == {}
    assert await dock.fetch("SELECT id FROM dock_scan") == []


async def test_nothing_of_nothing(dock: Dock) -> None:
    with pytest.raises(Refused) as no_code:
        await dock.scan(" \r\n")
    with pytest.raises(Refused) as no_return:
        await dock.scan("R-1", within=uuid4())

    assert (no_code.value.code, no_return.value.code) == ("code_missing", "return_not_found")


async def test_the_last_ten_are_the_persons_own(dock: Dock, database: Database) -> None:
    rma_id = await dock.a_return()
    for n in range(12):
        await dock.scan(f"unknown {n}")
    await dock.scan(f"R-{await number_of(dock, rma_id)}")

    async with database.tx(dock.tenant_id) as db:
        last = await store.last_scans(db, staff_id=dock.clerk)
        others = await store.last_scans(db, staff_id=uuid4())

    assert (len(last), last[0].did, last[0].number) == (10, "found", await number_of(dock, rma_id))
    assert last[1].code == "unknown 11"
    assert others == []


async def test_a_cancelled_return_takes_nothing_in(dock: Dock) -> None:
    rma_id = await dock.a_return()
    async with dock.database.tx(dock.tenant_id) as db:
        await rma.cancel(db, rma_id=rma_id, actor="agent", now=MORNING)

    assert (await dock.scan(SKU, within=rma_id)).did is Did.CLOSED
    assert await dock.here(rma_id) == 0
