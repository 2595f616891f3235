"""Simulations over a real past: exact figures, nothing else touched, whatever happens to the worker."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from retour.core.errors import Refused
from retour.core.policy import template
from retour.core.policy.outcome import Eligibility
from retour.core.policy.outcome import Mode as Opens
from retour.core.policy.template.pieces import counted
from retour.core.rma import Grade
from retour.core.simulation import Against, Change, Counts, Fate, Figures, Mode, Money
from retour.flows import simulation as flow
from retour.store import simulation as simulations
from retour.store.db import Database
from retour.store.simulation import work
from retour.store.vault import Vault
from tests.flows.simulation.a_past import TODAY, Past, a_past, charging, checksums

pytestmark = pytest.mark.anyio
SAME = template(automatic=True)
NEVER = replace(SAME, defaults=replace(SAME.defaults, eligibility=Eligibility(Opens.NEVER)))
CSV = b"""order,placed_on,delivered_on,requested_on,sku,quantity,price_paid,reason,refunded
#1,2026-01-02,2026-01-05,2026-01-10,S1,1,10.00,too_small,10.00
#2,2026-01-02,2026-01-05,2026-03-10,S1,2,10.00,other,
"""


async def _returned(past: Past) -> None:
    await past.a_return(0)
    await past.a_return(1, 2, "damaged")
    await past.inspected(await past.a_return(2), Grade.OPENED)


async def test_a_fee_lowers_every_refund_by_its_share(past: Past) -> None:
    await _returned(past)

    found = await past.simulated(charging(1_000))

    (books,) = found.books
    assert (found.read, found.affected, found.listed, found.requoted, found.not_quoted) == (3, 3, 3, 3, 0)
    assert found.changes == {"pays_less": 3}
    assert books.before.counts == books.after.counts == Counts(returns=3, automatic=3)
    assert books.before.figures == Figures(lines=3, units=4, automatic=3, value_minor=4_000, refund_minor=4_000)
    assert books.after.figures == replace(books.before.figures, refund_minor=3_600, fee_minor=400)
    assert {row.key: (row.before.refund_minor, row.after.refund_minor) for row in books.by["reason"]} == {
        "too_small": (2_000, 1_800), "damaged": (2_000, 1_800),
    }  # fmt: skip
    assert [(row.key, row.changed) for row in books.by["country"]] == [("", 3)]
    entries = await past.listed()
    assert (entries[0].before, entries[0].after) == (
        Money(refund_minor=1_000), Money(refund_minor=900, fee_minor=100),
    )  # fmt: skip
    assert {one.order_name for one in entries} == {"#1001", "#1002", "#1003"}
    assert all(one.reference.startswith("R-") and one.rma_id for one in entries)


async def test_the_same_policy_changes_nothing_and_quotes_nothing(past: Past) -> None:
    await _returned(past)

    found = await past.simulated(SAME)

    assert (found.read, found.affected, found.requoted, found.changes) == (3, 0, 0, {})
    assert await past.listed() == []


async def test_processes_apart_find_what_the_worker_finds_itself(past: Past) -> None:
    await _returned(past)

    alone = await past.simulated(charging(1_000))
    listed = await past.listed()
    apart = await past.simulated(charging(1_000), short=0)

    assert apart == alone
    assert sorted(one.reference for one in await past.listed()) == sorted(one.reference for one in listed)


async def test_what_is_refused_is_listed_with_its_rule_and_reason(past: Past) -> None:
    await _returned(past)

    found = await past.simulated(NEVER)

    assert (found.changes, found.requoted) == ({"refused": 3, "pays_less": 3}, 0)
    assert found.books[0].after.figures.refund_minor == 0
    first = (await past.listed(Change.REFUSED, limit=1))[0]
    (line,) = first.lines
    assert (first.fate_before, first.fate_after) == (Fate.AUTOMATIC, Fate.REFUSED)
    assert (line.after.code, line.after.message) == ("never_eligible", "This article cannot be returned.")
    assert [(why.group, why.before["mode"], why.after["mode"]) for why in line.why] == [
        ("eligibility", "window", "never")
    ]
    assert await past.listed(Change.ALLOWED) == []


async def test_days_bound_what_is_read(past: Past) -> None:
    await past.a_return(0)
    yesterday = (TODAY - timedelta(days=2)).date()

    found = await past.simulated(SAME, until_on=yesterday)

    assert (found.read, found.books) == (0, ())


async def test_orders_that_nobody_returned_show_whose_window_opens_or_closes(past: Past) -> None:
    await past.a_return(0)
    later = (TODAY + timedelta(days=20)).date()
    shorter = replace(SAME, defaults=replace(SAME.defaults, eligibility=counted(14)))

    found = await past.simulated(shorter, mode=Mode.ORDERS, judged_on=later)

    assert (found.read, found.changes, found.against) == (3, {"refused": 3, "pays_less": 3}, Against.VERSION)
    assert found.books[0].before.figures.units == 6
    assert [one.reference for one in await past.listed()] == ["#1004", "#1003", "#1002"]


async def test_a_file_is_replayed_and_forgotten(past: Past, owner: Any) -> None:
    longer = replace(SAME, defaults=replace(SAME.defaults, eligibility=counted(100)))

    found = await past.simulated(longer, mode=Mode.IMPORTED, imported=CSV)

    assert (found.read, found.changes) == (2, {"allowed": 1, "pays_more": 1})
    assert (found.books[0].before.figures.refund_minor, found.books[0].after.figures.refund_minor) == (1_000, 3_000)
    assert await owner.fetchval("SELECT imported FROM simulation WHERE id = $1", past.last) is None


async def test_nothing_but_the_two_tables_is_written(past: Past, owner: Any) -> None:
    await _returned(past)
    simulation_id = await past.start(charging(1_000))
    before = await checksums(owner)

    await past.run(simulation_id, short=0)

    assert await checksums(owner) == before
    assert len(before) > 40


async def test_another_account_reads_neither_the_past_nor_the_simulation(
    past: Past, database: Database, vault: Vault
) -> None:
    await _returned(past)
    other = await a_past(database, vault)

    assert (await other.simulated(charging(1_000))).read == 0
    mine = await past.start(SAME)
    async with database.tx(other.tenant_id) as db:
        assert await simulations.get(db, mine, now=TODAY) is None
        with pytest.raises(Refused, match="no such simulation"):
            await flow.cancel(db, simulation_id=mine, store_id=None, now=TODAY)
    await other.run(mine)
    assert (await past.row(mine)).state == "queued"


async def test_a_draft_and_the_published_version_are_named_by_id(past: Past) -> None:
    from retour.flows import policy

    await past.a_return(0)
    async with past.database.tx(past.tenant_id) as db:
        draft = await policy.start_draft(db, store_id=past.store_id, actor="staff:1", now=TODAY, document=charging(500))

    found = await past.simulated(None, version_id=draft.id, against=Against.VERSION)

    assert (found.against, found.changes) == (Against.VERSION, {"pays_less": 1})
    assert found.books[0].after.figures.fee_minor == 50
    row = await past.row(past.last)
    assert (row.candidate_version_id, row.name) == (draft.id, f"version {draft.version}")


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"until_on": (TODAY - timedelta(days=99)).date()}, "range_invalid"),
        ({"from_on": (TODAY - timedelta(days=9_999)).date()}, "range_invalid"),
        ({"mode": Mode.IMPORTED}, "file_missing"),
        ({"imported": CSV}, "file_not_expected"),
        ({"mode": Mode.IMPORTED, "imported": b"\xff"}, "file_invalid"),
        ({"mode": Mode.IMPORTED, "imported": b"order\n"}, "file_invalid"),
        ({"version_id": "00000000-0000-0000-0000-000000000000"}, "policy_missing"),
        ({"against": Against.VERSION, "baseline_version_id": "00000000-0000-0000-0000-000000000000"}, "policy_not_found"),
    ],
)  # fmt: skip
async def test_what_cannot_be_run_is_refused_and_not_kept(past: Past, how: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        await past.start(SAME, **how)

    assert refused.value.code == code
    async with past.database.tx(past.tenant_id) as db:
        assert await simulations.list_of_store(db, past.store_id, now=TODAY, limit=10) == []


async def test_a_cancelled_simulation_stops_and_keeps_no_result(past: Past) -> None:
    await _returned(past)
    simulation_id = await past.start(charging(1_000))
    async with past.database.tx(past.tenant_id) as db:
        await flow.cancel(db, simulation_id=simulation_id, store_id=past.store_id, now=TODAY)

    await past.run(simulation_id)

    row = await past.row(simulation_id)
    assert (row.state, row.result, row.is_over) == ("cancelled", None, True)
    async with past.database.tx(past.tenant_id) as db:
        with pytest.raises(Refused, match="cancelled"):
            await flow.cancel(db, simulation_id=simulation_id, store_id=None, now=TODAY)


async def test_who_lost_the_lease_writes_nothing_any_more(past: Past) -> None:
    await _returned(past)
    simulation_id = await past.start(charging(1_000))
    async with past.database.tx(past.tenant_id) as db:
        lost = await work.take(db, simulation_id, now=TODAY, lease_until=TODAY)
    assert lost is not None

    await past.run(simulation_id, at=TODAY + timedelta(seconds=31))

    entry = work.Entry(1, "R-0", None, "refused", 0, 0, "{}")
    async with past.database.tx(past.tenant_id) as db:
        await work.add_affected(db, lost, [entry])
        assert not await work.progress(db, lost, done=1, total=1, lease_until=TODAY)
        assert not await work.fail(db, lost, "late", at=TODAY)
    row = await past.row(simulation_id)
    assert (row.state, row.done, row.total) == ("done", 3, 3)
    past.last = simulation_id
    assert len(await past.listed()) == 3


async def test_a_simulation_that_no_worker_survives_is_given_up(past: Past) -> None:
    simulation_id = await past.start(SAME)
    async with past.database.tx(past.tenant_id) as db:
        for _ in range(3):
            assert await work.take(db, simulation_id, now=TODAY, lease_until=TODAY) is not None

    await past.run(simulation_id)

    row = await past.row(simulation_id)
    assert (row.state, row.failure) == ("failed", "given_up")


async def test_a_policy_of_the_past_that_cannot_be_read_any_more_is_told(past: Past, owner: Any) -> None:
    await past.a_return(0)
    simulation_id = await past.start(SAME)
    await owner.execute("ALTER TABLE policy_version DISABLE TRIGGER policy_version_guard")
    await owner.execute("SELECT set_config('app.tenant', $1, false)", past.tenant_id.hex)
    await owner.execute("UPDATE policy_version SET document = '{}' WHERE store_id = $1", past.store_id)
    await owner.execute("ALTER TABLE policy_version ENABLE TRIGGER policy_version_guard")

    await past.run(simulation_id)

    assert ((await past.row(simulation_id)).state, (await past.row(simulation_id)).failure) == (
        "failed",
        "missing_field",
    )


async def test_simulations_are_removed_by_hand_or_when_their_time_is_over(past: Past, owner: Any) -> None:
    await _returned(past)
    await past.simulated(charging(1_000))
    first = past.last
    await past.simulated(charging(1_000))

    async with past.database.tx(past.tenant_id) as db:
        newest, oldest = await simulations.list_of_store(db, past.store_id, now=TODAY, limit=10)
        assert (newest.id, oldest.id, newest.result) == (past.last, first, None)
        assert await simulations.list_of_store(db, past.store_id, now=TODAY, limit=10, before_id=first) == []
        await flow.remove(db, simulation_id=first, store_id=past.store_id, now=TODAY)
        await flow.forget_expired(db, now=TODAY + timedelta(days=29))
        assert [row.id for row in await simulations.list_of_store(db, past.store_id, now=TODAY, limit=10)] == [
            past.last
        ]
        await flow.forget_expired(db, now=TODAY + timedelta(days=30))
        assert await simulations.get(db, past.last, now=TODAY) is None
    assert await owner.fetchval("SELECT count(*) FROM simulation_affected WHERE tenant_id = $1", past.tenant_id) == 0
