"""Repairs over the API: begun, sent on, refunded instead; every refusal by its code."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from retour.core.policy.outcome import ResolutionKind, ResolutionOffer, Resolutions
from retour.core.policy.template import template
from retour.flows import policy
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop, read, send
from tests.doors.api.conftest import code_of

pytestmark = pytest.mark.anyio

HAND = """
UPDATE settlement SET state = 'handed_over', handed_to = 'merchant', handed_at = now() WHERE rma_id = $1 RETURNING id
"""


@pytest.fixture
async def shop(database: Database, vault: Vault) -> Shop:
    shop = await open_shop(database, vault, automatic=True)
    offers = Resolutions((ResolutionOffer(ResolutionKind.REPAIR), ResolutionOffer(ResolutionKind.REFUND_ORIGINAL)))
    document = template(automatic=True)
    async with database.tx(shop.merchant.tenant_id) as db:
        store_id = shop.merchant.stores["main"]
        changed = replace(document, defaults=replace(document.defaults, resolutions=offers))
        await policy.publish(db, store_id=store_id, document=changed, actor="cli", now=datetime.now(UTC))
    return shop


async def a_repair(http: httpx2.AsyncClient, shop: Shop, database: Database) -> str:
    """Return the id of a repair whose goods are here."""
    line = {"line_ref": "line-1", "quantity": 1, "reason": "defective", "resolution": "repair"}
    wish: dict[str, Any] = {"order_id": str(shop.order_id), "kind": "claim", "lines": [line]}
    made = (await send(http, shop, "/returns", wish)).json()
    found = {"line_id": made["lines"][0]["id"], "quantity": 1, "grade": "opened"}
    taken = await send(http, shop, f"/returns/{made['id']}/take-in", {"lines": [found], "location_ref": "A-1"})
    assert taken.status_code == 200, taken.text
    async with database.tx(shop.merchant.tenant_id) as db:
        return str(await db.fetchval(HAND, made["id"]))


async def test_a_repair_is_begun_and_sent_back(http: httpx2.AsyncClient, shop: Shop, database: Database) -> None:
    at = f"/settlements/{await a_repair(http, shop, database)}"

    begun = await send(http, shop, f"{at}/begin-repair", {})
    again = await send(http, shop, f"{at}/begin-repair", {})
    half = await send(http, shop, f"{at}/send-back", {"carrier": "UPS"})
    done = await send(http, shop, f"{at}/send-back", {"carrier": "UPS", "tracking_number": "1z 999"})
    late = await send(http, shop, f"{at}/refund-instead", {"reason": "broken"})

    assert begun.json()["begun_at"] is not None
    assert [code_of(one) for one in (again, half, late)] == [
        (409, "already_begun"), (422, "invalid_tracking_number"), (409, "already_reported"),
    ]  # fmt: skip
    told = done.json()
    assert (told["state"], told["outcome"], told["sent_carrier"], told["sent_number"]) == (
        "settled", "sent_back", "ups", "1Z999",
    )  # fmt: skip


async def test_a_repair_that_cannot_be_done_is_refunded(
    http: httpx2.AsyncClient, shop: Shop, database: Database
) -> None:
    at = f"/settlements/{await a_repair(http, shop, database)}"

    done = await send(http, shop, f"{at}/refund-instead", {"reason": "No spare part."})

    assert (done.json()["state"], done.json()["outcome"]) == ("reversed", "refunded")
    rows = await read(http, shop, f"/returns/{done.json()['return_id']}/settlements")
    assert [(s["resolution"], s["state"]) for s in rows["settlements"]] == [
        ("repair", "reversed"), ("refund_original", "quoted"),
    ]  # fmt: skip
