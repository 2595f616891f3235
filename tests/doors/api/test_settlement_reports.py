"""How it went outside, told over the API: by those who look after money, once, and by nobody of another account."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from retour.core.account import Role
from retour.core.policy import template
from retour.core.policy.outcome import ResolutionKind, ResolutionOffer, Resolutions
from retour.flows import account as accounts
from retour.flows import rma
from retour.store.db import Database
from tests.doors.api.conftest import Merchant, code_of, open_account
from tests.stories.house import House, Units, a_house, now

pytestmark = pytest.mark.anyio


@pytest.fixture
async def handed(
    database: Database, executor_database: Database, owner: Any, tmp_path: Path
) -> Any:  # (merchant, house, settlement)
    """A settlement that waits for its report, with the keys of its account."""
    async with a_house(database, executor_database, owner, tmp_path / "keys") as house:
        document, kind = template(), ResolutionKind.GIFT_CARD
        offers = Resolutions((ResolutionOffer(kind),))
        await house.open(document=replace(document, defaults=replace(document.defaults, resolutions=offers)))
        order = await house.an_order()
        wish = rma.Wish(order.order.lines[0].ref, 1, "too_small", resolution=kind.value)
        rma_id = await house.ask(order, [wish])
        await house.approve(rma_id)
        await house.receive(rma_id, {0: 1})
        await house.inspect(rma_id, Units(0, 1))
        async with database.tx(house.tenant) as db:
            keys = {
                role: (await accounts.create_key(db, name=role.value, role=role, actor="cli", now=now())).text
                for role in Role
            }
        settlement = await house.settlement(rma_id)
        yield Merchant(house.tenant, {"acme": house.store}, keys), house, settlement.id


async def report(
    http: httpx2.AsyncClient, merchant: Merchant, settlement: UUID, wish: Any, role: Role = Role.AGENT, key: str = ""
) -> httpx2.Response:
    headers = merchant.headers(role, shop=None, idempotency_key=key or str(uuid4()))
    return await http.post(f"/settlements/{settlement}/report", json=wish, headers=headers)


async def test_whoever_paid_reports_it_and_a_second_report_changes_nothing(
    http: httpx2.AsyncClient, handed: tuple[Merchant, House, UUID]
) -> None:
    merchant, house, settlement = handed
    paid = {"outcome": "paid", "reference": "GC-77"}

    first = await report(http, merchant, settlement, paid, key="k1")
    replayed = await report(http, merchant, settlement, paid, key="k1")
    again = await report(http, merchant, settlement, {"outcome": "paid", "reference": "GC-78"})
    failed = await report(http, merchant, settlement, {"outcome": "failed", "reason": "no"})

    told = first.json()
    assert (first.status_code, told["state"], told["report_reference"]) == (200, "settled", "GC-77")
    assert (told["handed_to"], told["bonus_minor"], told["total_minor"]) == ("merchant", 0, 1999)
    assert replayed.json() == again.json() == told
    assert code_of(failed) == (409, "already_reported")
    await house.settle_down()
    read = await http.get(f"/returns/{told['return_id']}", headers=merchant.headers(Role.AGENT, shop=None))
    assert read.json()["status"] == "resolved"


async def test_what_failed_is_due_again_and_says_why(
    http: httpx2.AsyncClient, handed: tuple[Merchant, House, UUID]
) -> None:
    merchant, _, settlement = handed

    silent = await report(http, merchant, settlement, {"outcome": "failed"})
    failed = await report(http, merchant, settlement, {"outcome": "failed", "reason": "the service is down"})
    unknown = await report(http, merchant, settlement, {"outcome": "lost"})

    assert code_of(silent) == (422, "reason_missing")
    assert (failed.json()["state"], failed.json()["report_note"]) == ("due", "the service is down")
    assert code_of(unknown)[0] == 422


async def test_the_warehouse_and_other_accounts_report_nothing(
    http: httpx2.AsyncClient, handed: tuple[Merchant, House, UUID], database: Database
) -> None:
    merchant, house, settlement = handed
    other = await open_account(database)
    paid = {"outcome": "paid"}

    clerk = await report(http, merchant, settlement, paid, Role.WAREHOUSE)
    foreign = await report(http, other, settlement, paid, Role.OWNER)
    nobody = await http.post(f"/settlements/{settlement}/report", json=paid, headers={"Idempotency-Key": "x"})

    assert code_of(clerk) == (403, "forbidden")
    assert code_of(foreign) == (404, "settlement_not_found")
    assert nobody.status_code == 401
    async with database.tx(house.tenant) as db:
        assert await db.fetchval("SELECT state FROM settlement WHERE id = $1", settlement) == "handed_over"
    assert (await report(http, merchant, settlement, paid, Role.OWNER)).json()["state"] == "settled"
