"""Files, loose text and parcels: each by its own door, and one and the same return afterwards."""

from pathlib import Path

import pytest

from retour.flows import intake as flow
from retour.flows.receiving.observing import Seen, Sight, observe_unannounced
from retour.store import intake as intakes
from retour.store.db import Database
from tests.core.intake.papers import an_order
from tests.flows.intake.source import Sender, a_sender

pytestmark = pytest.mark.anyio
HEAD = "id,created_at,order_number,customer_email,sku,quantity,reason\n"
MAIL = "canary.shopper@example.com"


@pytest.fixture
async def sender(database: Database, tmp_path: Path) -> Sender:
    sender = await a_sender(database, tmp_path)
    await sender.send(an_order())
    return sender


def files(sender: Sender) -> flow.Source:
    return flow.source_of_files(tenant_id=sender.tenant_id, store_id=sender.shop.store_id, actor="staff:ana")


async def bring(sender: Sender, text: str) -> list[tuple[str, str, str | None]]:
    done = []
    for one in flow.read_file(text):
        async with sender.database.tx(sender.tenant_id) as db:
            row = await flow.import_one(db, sender.vault, files(sender), one, hands=sender.hands, now=sender.now)
        done.append((row.id, row.outcome, row.why))
    return done


FILE = HEAD + (
    f"A,2026-02-28,#1001,{MAIL},SKU-line-1,1,too_small\n"
    f"B,2026-02-28,#1001,{MAIL},SKU-line-2,1,\n"
    "C,2026-02-28,#7,,SKU-line-2,1,\n"
    f"D,2026-02-28,#1001,{MAIL},SKU-line-1,2,\n"
    "E,never,#1001,,SKU-line-1,1,\n"
)


async def test_each_return_of_a_file_stands_by_itself_and_the_file_again_changes_nothing(sender: Sender) -> None:
    first = await bring(sender, FILE)
    before = await sender.events("return")
    again = await bring(sender, FILE)

    assert first == [
        ("A", "opened", None), ("B", "opened", None), ("C", "parked", "order_not_found"), ("D", "parked", "refused"),
        ("E", "refused", None),
    ]  # fmt: skip
    assert [outcome for _, outcome, _ in again] == ["unchanged"] * 4 + ["refused"]
    assert await sender.events("return") == before
    assert len(await sender.returns()) == 2


async def test_a_preview_says_what_the_import_will_and_leaves_nothing(sender: Sender) -> None:
    async with sender.database.tx(sender.tenant_id) as db:
        rows = await flow.preview(
            db, sender.vault, files(sender), flow.read_file(FILE), hands=sender.hands, now=sender.now
        )

    assert await sender.returns() == []
    assert await sender.intakes() == []
    assert [(row.id, row.outcome, row.why) for row in rows] == await bring(sender, FILE)


async def test_loose_text_is_a_draft_for_people_however_clear_it_is(sender: Sender) -> None:
    letter = {
        "schema": "retour.message/1", "id": "T-1", "sent_at": "2026-03-01T10:00:00Z", "from": MAIL,
        "text": "Order #1001: 1 x SKU-line-1 is too small", "channel": "mail",
    }  # fmt: skip

    told = await sender.send(letter)

    (waiting,) = await sender.intakes()
    assert told["outcome"] == "parked: draft"
    assert (waiting.why, waiting.channel, waiting.order_id is not None) == ("draft", "mail", True)
    assert await sender.returns() == []
    async with sender.database.tx(sender.tenant_id) as db:
        kept = await intakes.document(db, sender.vault, waiting.id)
        assert kept is not None
        assert [one.field for one in kept.read] == ["order_number", "sku", "quantity", "reason"]
        assert waiting.order_id is not None
        taken = await flow.choose(
            db, sender.vault, intake_id=waiting.id, choice=flow.Choice(waiting.order_id), hands=sender.hands,
            actor="staff:ana", now=sender.now,
        )  # fmt: skip
    (record,) = await sender.returns()
    assert taken.number == record.rma.number
    assert [(line.line_ref, line.reason) for line in record.rma.lines] == [("line-1", "too_small")]


async def test_a_parcel_without_a_return_becomes_the_receipt_of_the_one_it_belongs_to(sender: Sender) -> None:
    sight = Sight(Seen.UNANNOUNCED, 1, code="#1001", note=f"1 x SKU-line-1, from {MAIL}")
    async with sender.database.tx(sender.tenant_id) as db:
        seen = await observe_unannounced(
            db, store_id=sender.shop.store_id, sight=sight, actor="staff:jonas", now=sender.now
        )
        await flow.park_parcel(
            db, sender.vault, tenant_id=sender.tenant_id, store_id=sender.shop.store_id, observation_id=seen,
            code=sight.code, note=sight.note, hands=sender.hands, actor="staff:jonas", now=sender.now,
        )  # fmt: skip
    (waiting,) = await sender.intakes()
    assert (waiting.why, len(waiting.candidates)) == ("parcel", 1)
    assert waiting.order_id is not None

    async with sender.database.tx(sender.tenant_id) as db:
        await flow.choose(
            db, sender.vault, intake_id=waiting.id, choice=flow.Choice(waiting.order_id), hands=sender.hands,
            actor="staff:ana", now=sender.now,
        )  # fmt: skip

    (record,) = await sender.returns()
    assert record.rma.lines[0].received == ((1, 1),)
    async with sender.database.tx(sender.tenant_id) as db:
        assert await db.fetchval("SELECT state FROM discrepancy WHERE kind = 'goods_unannounced'") == "resolved"
        assert await db.fetchval("SELECT withdrawn_at FROM goods_observation") == sender.now
        assert await db.fetchval("SELECT channel FROM rma") == "warehouse"


async def test_a_parcel_noted_by_mistake_waits_no_longer(sender: Sender) -> None:
    async with sender.database.tx(sender.tenant_id) as db:
        seen = await observe_unannounced(
            db, store_id=sender.shop.store_id, sight=Sight(Seen.UNANNOUNCED, 1), actor="staff:jonas", now=sender.now
        )
        await flow.park_parcel(
            db, sender.vault, tenant_id=sender.tenant_id, store_id=sender.shop.store_id, observation_id=seen,
            code=None, note=None, hands=sender.hands, actor="staff:jonas", now=sender.now,
        )  # fmt: skip
        await flow.parcel_taken_back(db, observation_id=seen, actor="staff:jonas", now=sender.now)
        await flow.parcel_taken_back(db, observation_id=seen, actor="staff:jonas", now=sender.now)

    (gone,) = await sender.intakes()
    assert gone.state == "dismissed"
    assert await sender.events("intake") == ["intake.waiting", "intake.dismissed"]


async def test_what_the_policy_refuses_a_person_may_open_for_a_reason(sender: Sender) -> None:
    await sender.send(an_order(id="O-2", number="#1002", placed_at="2024-01-01T00:00:00Z", shipments=[
        {"id": "p", "shipped_at": "2024-01-02T00:00:00Z", "delivered_at": "2024-01-03T00:00:00Z",
         "units": [{"line": "line-1", "quantity": 2}]}]))  # fmt: skip
    await bring(sender, HEAD + f"Z,2026-02-28,#1002,{MAIL},SKU-line-1,1,\n")
    (waiting,) = await sender.intakes()
    assert (waiting.why, waiting.facts["code"]) == ("refused", "window_closed")
    assert waiting.order_id is not None

    async with sender.database.tx(sender.tenant_id) as db:
        await flow.choose(
            db, sender.vault, intake_id=waiting.id, hands=sender.hands, actor="staff:ana", now=sender.now,
            choice=flow.Choice(waiting.order_id, beyond="Goodwill for a good customer"),
        )  # fmt: skip

    assert len(await sender.returns()) == 1
