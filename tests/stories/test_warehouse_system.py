"""A warehouse system: told what to expect, believed when it reports, refused by field, and never twice."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from retour.connectors.carrier.webhooks import CarrierInbound
from retour.connectors.warehouse.webhooks import WarehouseInbound
from retour.core.rma import Disposition
from retour.core.warehouse import REPORTS
from retour.flows import partner, rma, shipping
from retour.flows.receiving.reported import take_report
from retour.flows.webhook import Answer, Documents, Mailbox, read_inbox
from retour.store.ids import new_id
from tests.stories.house import TEE, House, now, under
from tests.stories.test_labels import blocker

pytestmark = pytest.mark.anyio
MUG = {"sku": "RT-MUG-SET", "price": "8.50", "quantity": 1}


@dataclass
class Warehouse:
    """A warehouse that signs what it sends, and the inbox that takes it."""

    house: House
    id: UUID
    secret: bytes
    platform: str = "warehouse"

    async def send(
        self, schema: str, *, known_as: str | None = None, age: timedelta = timedelta(), **body: Any
    ) -> Answer:
        raw = json.dumps({"schema": schema, **body}).encode()
        message_id, at = known_as or str(new_id()), str(int((now() - age).timestamp()))
        made = hmac.new(self.secret, f"{message_id}.{at}.".encode() + raw, hashlib.sha256).digest()
        headers = {
            "webhook-id": message_id, "webhook-timestamp": at, "webhook-signature": f"v1,{base64.b64encode(made).decode()}",
        }  # fmt: skip
        inbounds = {"warehouse": WarehouseInbound(), "carrier": CarrierInbound()}
        mailbox = Mailbox(self.house.web, self.house.vault, inbounds)  # type: ignore[arg-type]
        return await mailbox.receive(platform=self.platform, connection_id=self.id, headers=headers, raw=raw, at=now())

    async def work(self) -> list[tuple[str | None, str | None]]:
        """Work on what is due and return (outcome, problem) of every entry that is not done, or was just done."""
        house = self.house
        async with house.web.tx(house.tenant) as db:
            due = await db.fetch(
                "SELECT id FROM inbox WHERE tenant_id = current_tenant() AND done_at IS NULL ORDER BY received_at"
            )

        async def report(db: Any, entry: Any, raw: bytes) -> Any:
            return await take_report(db, entry, raw, policies=house.policies, now=now())

        async def track(db: Any, said: Any) -> None:
            await shipping.track(db, said=said, now=now())

        for row in due:
            await read_inbox(
                house.web, house.vault, tenant_id=house.tenant, inbox_id=row["id"], read=None, mirror=None,  # type: ignore[arg-type]
                on_tracking=track, clock=now, documents=Documents(REPORTS, report),
            )  # fmt: skip
        await house.settle_down()
        async with house.web.tx(house.tenant) as db:
            rows = await db.fetch(
                "SELECT outcome, problem FROM inbox WHERE tenant_id = current_tenant() AND id = ANY ($1) ORDER BY received_at",
                [row["id"] for row in due],
            )
        return [(row["outcome"], row["problem"]) for row in rows]

    async def reports(self, schema: str, **body: Any) -> tuple[str | None, str | None]:
        assert await self.send(schema, **body) is Answer.KEPT
        return (await self.work())[-1]


async def connect(house: House, kind: str = "warehouse") -> Warehouse:
    async with house.web.tx(house.tenant) as db:
        added, secret = await partner.add(
            db, house.vault, tenant_id=house.tenant, store_id=house.store, kind=kind, name=f"Main {kind}",
            actor="owner", now=now(),
        )  # fmt: skip
    return Warehouse(house, added.id, base64.b64decode(secret.removeprefix("whsec_")), kind)


@pytest.fixture
async def far(house: House) -> Warehouse:
    await house.open(restocks_by="warehouse")
    return await connect(house)


async def number(house: House, rma_id: UUID) -> str:
    return f"R-{(await house.see(rma_id)).rma.number}"


async def told(house: House, rma_id: UUID) -> list[Any]:
    return [e.data["lines"] for e in await house.events(rma_id) if e.type == "return.expected"]


async def moved(house: House) -> list[Any]:
    return await house.rows(
        "SELECT (SELECT count(*) FROM receipt), (SELECT count(*) FROM inspection), (SELECT count(*) FROM restock),"
        " (SELECT count(*) FROM settlement), (SELECT count(*) FROM event WHERE resource_kind = 'return'),"
        " (SELECT count(*) FROM goods_observation)"
    )


async def test_an_approved_return_is_announced_once_and_again_when_it_shrinks(house: House, far: Warehouse) -> None:
    rma_id = await house.ask(await house.an_order(TEE, MUG), {0: 2, 1: 1})
    assert await told(house, rma_id) == []

    await house.approve(rma_id)
    await house.advance(rma_id)

    tee, mug = (await house.see(rma_id)).rma.lines
    ((first, second),) = await told(house, rma_id)
    assert (first["line_id"], first["sku"], first["quantity"]) == (str(tee.id), "RT-TEE-BLK-M", 2)
    assert (second["line_id"], second["sku"], second["quantity"]) == (str(mug.id), "RT-MUG-SET", 1)

    await house.receive(rma_id, {0: 1})
    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="agent", now=now()))
    await house.settle_down()

    announced = await told(house, rma_id)
    assert [[(line["sku"], line["quantity"]) for line in lines] for lines in announced[1:]] == [[("RT-TEE-BLK-M", 1)]]


async def test_without_a_warehouse_nobody_is_told(house: House) -> None:
    await house.open()
    rma_id = await house.approved(await house.an_order(TEE), {0: 2})

    assert await told(house, rma_id) == []


async def test_a_return_goes_from_receipt_to_restock_by_reports_alone(house: House, far: Warehouse) -> None:
    rma_id = await house.approved(await house.an_order(TEE), {0: 2})
    at = {"return": await number(house, rma_id)}

    received = await far.reports(
        "retour.receipt/1", **at, location="Bin 4", lines=[{"sku": "RT-TEE-BLK-M", "quantity": 2}]
    )
    inspected = await far.reports(
        "retour.inspection/1", **at, lines=[{"sku": "RT-TEE-BLK-M", "quantity": 2, "grade": "sealed"}]
    )
    assert await blocker(house, rma_id) == ("warehouse", "awaiting_restock")
    restocked = await far.reports(
        "retour.restock/1", **at, location="Shelf 9", lines=[{"sku": "RT-TEE-BLK-M", "quantity": 2}]
    )

    assert (received, inspected, restocked) == (("recorded", None),) * 3
    assert await house.status(rma_id) == "resolved"
    ret = (await house.see(rma_id)).rma
    assert [(i.disposition, i.restocked) for i in ret.inspections()] == [(Disposition.RESTOCK, True)]
    actors = {e.type: e.actor for e in await house.events(rma_id)}
    assert {actors[t] for t in ("return.received", "return.inspected", "return.restocked")} == {
        "warehouse:Main warehouse"
    }


async def test_replays_change_nothing_under_the_same_id_or_another(house: House, far: Warehouse) -> None:
    rma_id = await house.approved(await house.an_order(TEE), {0: 2})
    body = {"return": await number(house, rma_id), "lines": [{"sku": "RT-TEE-BLK-M", "quantity": 2}]}
    assert await far.send("retour.receipt/1", known_as="evt-1", **body) is Answer.KEPT
    assert await far.work() == [("recorded", None)]
    before = await moved(house)

    again = await far.send("retour.receipt/1", known_as="evt-1", **body)
    other = await far.reports("retour.receipt/1", **body)

    assert (again, other) == (Answer.DUPLICATE, ("nothing_new", None))
    assert await moved(house) == before


async def test_an_old_or_forged_message_is_not_authentic_and_not_kept(house: House, far: Warehouse) -> None:
    rma_id = await house.approved(await house.an_order(TEE), {0: 2})
    body = {"return": await number(house, rma_id), "lines": [{"sku": "RT-TEE-BLK-M", "quantity": 2}]}

    late = await far.send("retour.receipt/1", age=timedelta(minutes=6), **body)
    far.secret = b"another"
    forged = await far.send("retour.receipt/1", **body)

    assert (late, forged) == (Answer.NOT_AUTHENTIC, Answer.NOT_AUTHENTIC)
    assert await far.work() == []


async def test_a_verdict_before_its_receipt_waits_for_it(house: House, far: Warehouse) -> None:
    rma_id = await house.approved(await house.an_order(TEE), {0: 2})
    at = {"return": await number(house, rma_id)}
    line = {"sku": "RT-TEE-BLK-M", "quantity": 2}

    early = await far.reports("retour.inspection/1", **at, lines=[{**line, "grade": "opened"}])
    await far.reports("retour.receipt/1", **at, lines=[line])
    await house.owner.execute("SELECT set_config('app.tenant', $1, false)", str(house.tenant))
    await house.owner.execute("UPDATE inbox SET due_at = clock_timestamp() WHERE tenant_id = $1", house.tenant)
    later = await far.work()

    assert early == (None, "more_than_received")
    assert later == [("recorded", None)]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([{"sku": "NO-SUCH", "quantity": 1}], "line_unknown lines[0]"),
        ([{"line_id": str(UUID(int=1)), "quantity": 1}], "line_unknown lines[0]"),
    ],
)
async def test_a_line_that_the_return_lacks_is_refused_and_shown(
    house: House, far: Warehouse, lines: Any, problem: str
) -> None:
    rma_id = await house.approved(await house.an_order(TEE), {0: 2})
    before = await moved(house)

    told = await far.reports("retour.receipt/1", **{"return": await number(house, rma_id)}, lines=lines)

    assert told == ("refused", problem)
    assert await moved(house) == before
    assert await house.rows("SELECT kind, details ->> 'problem' FROM discrepancy") == [("webhook_unreadable", problem)]


async def test_a_carrier_speaks_the_published_format(house: House) -> None:
    await house.open(document=under())
    carrier = await connect(house, "carrier")
    rma_id = await house.approved(await house.an_order(TEE), {0: 2})

    await carrier.send(
        "retour.tracking/1", carrier="DHL", tracking_number="jd 0001", status="in_transit",
        reference=await number(house, rma_id), occurred_at=now().isoformat(timespec="seconds"),
    )  # fmt: skip
    await carrier.work()

    ret = (await house.see(rma_id)).rma
    assert [(s.carrier, s.tracking_number, s.status.value) for s in ret.shipments] == [("dhl", "JD0001", "in_transit")]


async def test_a_part_that_is_reported_twice_under_two_ids_is_one_part_if_it_says_when(
    house: House, far: Warehouse
) -> None:
    rma_id = await house.approved(await house.an_order(TEE), {0: 2})
    part = {"return": await number(house, rma_id), "lines": [{"sku": "RT-TEE-BLK-M", "quantity": 1}]}
    at, later = (now() + timedelta(minutes=n) for n in (-9, -1))
    first = {**part, "complete": False, "occurred_at": at.isoformat()}
    judged = {**part, "lines": [{**part["lines"][0], "grade": "sealed"}], "occurred_at": later.isoformat()}
    assert await far.reports("retour.receipt/1", **first) == ("recorded", None)
    assert await far.reports("retour.inspection/1", **judged) == ("recorded", None)
    before = await moved(house)

    receipt = await far.reports("retour.receipt/1", **dict(reversed(first.items())))
    inspection = await far.reports("retour.inspection/1", **judged)

    assert (receipt, inspection) == (("nothing_new", None), ("nothing_new", None))
    assert await moved(house) == before
    assert await house.rows("SELECT sum(total_minor)::int FROM settlement") == [(1_999,)]
    other = {**first, "occurred_at": later.isoformat()}
    assert await far.reports("retour.receipt/1", **other) == ("recorded", None)
    assert await house.rows("SELECT sum(upper(ordinals) - lower(ordinals))::int FROM receipt") == [(2,)]


async def test_a_restock_before_its_verdict_puts_nothing_back(house: House, far: Warehouse) -> None:
    rma_id = await house.approved(await house.an_order(TEE), {0: 1})
    line = {"sku": "RT-TEE-BLK-M", "quantity": 1}
    at = {"return": await number(house, rma_id)}
    await far.reports("retour.receipt/1", **at, lines=[line])
    before = await moved(house)

    early = await far.reports("retour.restock/1", **at, lines=[line], location="Shelf 9")

    assert early == (None, "not_inspected")
    assert await moved(house) == before
    judged = {**line, "grade": "damaged", "disposition": "dispose"}
    assert (await far.reports("retour.inspection/1", **at, lines=[judged]))[0] == "recorded"
    assert await house.rows("SELECT count(*) FROM restock") == [(0,)]
    assert await far.reports("retour.restock/1", **at, lines=[line], location="Shelf 9") == (None, "not_inspected")
    assert await house.rows("SELECT count(*) FROM restock") == [(0,)]
