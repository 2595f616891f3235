"""The day a return was asked for elsewhere is the day its window is counted to; nobody gains or loses by the way it came."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from retour.flows import intake
from retour.store.db import Database
from tests.core.intake.papers import a_return, an_order
from tests.flows.intake.source import Sender, a_sender

pytestmark = pytest.mark.anyio
IN_TIME = "2026-01-20T10:00:00Z"  # 17 days after the parcel came


def an_old_order() -> dict[str, Any]:
    """Return an order that was delivered eight weeks before."""
    paper = an_order(placed_at="2026-01-01T00:00:00Z", updated_at="2026-01-04T00:00:00Z")
    paper["shipments"][0] |= {"shipped_at": "2026-01-02T00:00:00Z", "delivered_at": "2026-01-03T00:00:00Z"}
    paper["payments"][0]["paid_at"] = "2026-01-01T00:00:00Z"
    return paper


@pytest.mark.parametrize(
    ("decides", "created_at", "outcome"),
    [
        (True, IN_TIME, "opened"),
        (True, "2026-02-25T10:00:00Z", "parked: refused"),
        (True, "2025-12-01T10:00:00Z", "parked: refused"),  # before the order: not to be believed
        (False, IN_TIME, "parked: refused"),  # whoever does not decide does not set the day either
    ],
)
async def test_a_return_of_a_system_that_decides_is_judged_by_the_day_it_was_asked_for_there(
    database: Database, tmp_path: Path, decides: bool, created_at: str, outcome: str
) -> None:
    sender = await a_sender(database, tmp_path, decides=decides)
    await sender.send(an_old_order())

    told = await sender.send(a_return(created_at=created_at))

    assert told["outcome"] == outcome
    assert [record.rma.requested_at for record in await sender.returns()] == [sender.now] * (outcome == "opened")


async def test_the_days_that_a_return_waits_for_a_person_are_not_the_shoppers(
    database: Database, tmp_path: Path
) -> None:
    sender = await a_sender(database, tmp_path, decides=False)
    await sender.send(an_order())
    await sender.send(a_return(order={}))
    (waiting,) = await sender.intakes()
    sender.now += timedelta(days=60)

    async with sender.database.tx(sender.tenant_id) as db:
        taken = await intake.choose(
            db, sender.vault, intake_id=waiting.id, choice=intake.Choice(await only_order(sender, db)), hands=sender.hands,
            actor="agent", now=sender.now,
        )  # fmt: skip

    assert taken.outcome == "opened"


async def only_order(sender: Sender, db: Any) -> Any:
    return await db.fetchval("SELECT id FROM sales_order")
