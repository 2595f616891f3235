"""A gift is returned by whoever got it: credit and mail are theirs, the giver hears nothing, no price is told."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import httpx2
import pytest

from retour.core.policy.outcome import ResolutionKind, ResolutionOffer, Resolutions
from retour.core.policy.template import template
from retour.flows import policy
from retour.store.db import Database
from retour.store.mail import Sender, save_sender
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop, send, wish
from tests.doors.api.conftest import code_of

pytestmark = pytest.mark.anyio

GIFT = {"email": "mila@example.com", "name": "Mila Moe"}
WHOSE = """
SELECT r.gift, p.email, p.far_ref, (SELECT array_agg(DISTINCT m.person_id = r.person_id) FROM mail m WHERE m.resource_id = r.id)
    AS to_receiver
  FROM rma r JOIN person p ON p.tenant_id = r.tenant_id AND p.id = r.person_id WHERE r.id = $1
"""


@pytest.fixture
async def shop(database: Database, vault: Vault) -> Shop:
    shop, now = await open_shop(database, vault), datetime.now(UTC)
    offers = Resolutions(
        (ResolutionOffer(ResolutionKind.REFUND_ORIGINAL), ResolutionOffer(ResolutionKind.STORE_CREDIT))
    )
    document = template()
    async with database.tx(shop.merchant.tenant_id) as db:
        store_id = shop.merchant.stores["main"]
        await save_sender(db, store_id, Sender(address="shop@example.com"), at=now)
        defaults = replace(document.defaults, resolutions=offers)
        await policy.publish(db, store_id=store_id, document=replace(document, defaults=defaults), actor="cli", now=now)
    return shop


def wanted(shop: Shop, resolution: str, **gift: str) -> dict[str, object]:
    body = wish(shop, gift={**GIFT, **gift})
    body["lines"][0]["resolution"] = resolution
    return body


async def test_the_receiver_gets_the_credit_and_the_mail_and_the_giver_nothing(
    http: httpx2.AsyncClient, shop: Shop, database: Database
) -> None:
    made = await send(http, shop, "/returns", wanted(shop, "store_credit"))

    assert made.status_code == 201, made.text
    async with database.tx(shop.merchant.tenant_id) as db:
        row = await db.fetchrow(WHOSE, UUID(made.json()["id"]))
    assert row is not None
    assert (row["gift"], row["email"], row["far_ref"], row["to_receiver"]) == (True, "mila@example.com", None, [True])


async def test_money_never_goes_back_to_the_giver_and_a_refusal_leaves_no_person(
    http: httpx2.AsyncClient, shop: Shop, database: Database
) -> None:
    refused = await send(http, shop, "/returns", wanted(shop, "refund_original"))
    nowhere = await send(http, shop, "/returns", wanted(shop, "store_credit", email="nowhere"))

    assert code_of(refused) == (422, "resolution_not_offered")
    assert refused.json()["field"] == "lines[0].resolution"
    assert code_of(nowhere) == (422, "invalid_email")
    async with database.tx(shop.merchant.tenant_id) as db:
        assert await db.fetchval("SELECT count(*) FROM person WHERE email = 'mila@example.com'") == 0
        assert await db.fetchval("SELECT count(*) FROM rma") == 0


async def test_what_was_never_sent_is_nobodys_gift(http: httpx2.AsyncClient, shop: Shop, database: Database) -> None:
    refused = await send(http, shop, "/returns", {**wanted(shop, "store_credit"), "kind": "cancellation"})

    assert code_of(refused) == (422, "invalid_kind")
    async with database.tx(shop.merchant.tenant_id) as db:
        assert await db.fetchval("SELECT count(*) FROM person WHERE email = 'mila@example.com'") == 0
        assert await db.fetchval("SELECT count(*) FROM rma") == 0
