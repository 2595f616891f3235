"""An order that came by message: its return is inspected like any, and the merchant is told what to pay and put back."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from retour.core.platforms import Platforms
from retour.core.rma import Grade
from retour.flows import hand_over, receiving, refund, rma
from retour.store import order as orders
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.db import Database, Db
from retour.store.rma import ReturnRecord
from tests.core.intake.papers import a_return, an_order
from tests.flows.intake.source import Sender, a_sender

pytestmark = pytest.mark.anyio
NO_PLATFORM = Platforms({}, timedelta(seconds=1))


async def advance(sender: Sender, rma_id: UUID) -> None:
    async with sender.database.tx(sender.tenant_id) as db:
        await rma.advance(
            db, tenant_id=sender.tenant_id, rma_id=rma_id, platforms=NO_PLATFORM, policies=sender.hands.policies,
            now=sender.now,
        )  # fmt: skip


async def sender_return(sender: Sender, db: Db) -> ReturnRecord:
    found = await returns.load(db, await db.fetchval("SELECT id FROM rma"))
    assert found is not None
    return found


async def settle(sender: Sender, executor: Database, settlement_id: UUID) -> None:
    def nobody(*_: object) -> object:
        raise AssertionError("there is no platform to call")

    await refund.settle(
        executor, tenant_id=sender.tenant_id, settlement_id=settlement_id, connectors=nobody, open_credential=nobody,  # type: ignore[arg-type]
        policies=sender.hands.policies, platforms=NO_PLATFORM, clock=lambda: sender.now, hand_over=hand_over.hand_over,
    )  # fmt: skip


async def test_the_refund_is_handed_to_the_merchant_and_the_return_ends_with_their_reports(
    database: Database, executor_database: Database, tmp_path: Path
) -> None:
    sender = await a_sender(database, tmp_path)
    await sender.send(an_order())
    await sender.send(a_return(status="received"))
    (record,) = await sender.returns()
    rma_id = record.rma.id
    async with database.tx(sender.tenant_id) as db:
        verdict = receiving.Verdict(record.rma.lines[0].id, 1, Grade.SEALED)
        await receiving.inspect(
            db, rma_id=rma_id, verdicts=[verdict], actor="clerk", now=sender.now, policies=sender.hands.policies
        )
    await advance(sender, rma_id)
    async with database.tx(sender.tenant_id) as db:
        (row,) = await refunds.list_of_rma(db, rma_id)
    await settle(sender, executor_database, row.id)
    async with database.tx(sender.tenant_id) as db:
        (row,) = await refunds.list_of_rma(db, rma_id)
        assert (row.state, row.handed_to, row.plan.total.presentment) == ("handed_over", "merchant", 1_999)
        assert await db.fetchval("SELECT count(*) FROM effect") == 0
    paid = {"amount": "19.99", "currency": "EUR", "reference": "RF-1"}
    told = await sender.send(a_return(updated_at="2026-03-01T09:00:00Z", status="refunded", refund=paid))
    assert told["outcome"] == "followed"
    async with database.tx(sender.tenant_id) as db:
        (row,) = await refunds.list_of_rma(db, rma_id)
    assert (row.state, row.report_ref) == ("settled", "RF-1")
    await advance(sender, rma_id)
    async with database.tx(sender.tenant_id) as db:
        assert await db.fetchval("SELECT blocked_code FROM rma") == "awaiting_restock"
        judged = [inspection.id for inspection in (await sender_return(sender, db)).rma.inspections()]
        await receiving.restocked(
            db, rma_id=rma_id, inspection_ids=judged, location_ref="shelf", actor="clerk", now=sender.now
        )
    await advance(sender, rma_id)

    (record,) = await sender.returns()
    assert record.rma.status == "resolved"


async def test_a_later_message_brings_the_order_up_to_date_and_an_older_one_does_not(
    database: Database, tmp_path: Path
) -> None:
    sender = await a_sender(database, tmp_path)
    await sender.send(an_order())
    paid_back = [an_order()["payments"][0] | {"refunded": "20.00"}]

    await sender.send(an_order(updated_at="2026-02-27T09:00:00Z", payments=paid_back))
    late = await sender.send(an_order())

    assert late["outcome"] == "stale"
    async with database.tx(sender.tenant_id) as db:
        found = await orders.find_by_far_ref(db, sender.source_id, "O-1")
        outside = await db.fetchval("SELECT external_refunded_minor FROM payment_capture")
    assert found is not None
    assert found.version == 2
    assert outside == 2_000
