"""No personal value leaves the person's rows and the sealed bytes."""

from typing import Any

import pytest

from retour.flows import order as flow
from retour.store.db import Database
from retour.store.vault import Vault
from tests.flows.order.shop import NOON, PERSON, Shop, a_refund, an_order, fetched

pytestmark = pytest.mark.anyio


async def test_no_personal_value_is_outside_the_persons_row(
    database: Database, vault: Vault, shop: Shop, owner: Any
) -> None:
    findings = ("sku_missing line-1",)
    async with database.tx(shop.tenant_id) as db:
        for refunds in ((), (a_refund(amount=5_000, quantity=9),)):
            await flow.mirror(
                db, vault, connection_id=shop.connection_id, at=NOON,
                fetched=fetched(an_order(refunds=refunds), findings=findings),
            )  # fmt: skip

    tables = await owner.fetch(
        "SELECT c.relname AS name FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
    )
    spilt = []
    for table in tables:
        async with database.tx(shop.tenant_id) as db:
            if table["name"] in ("person", "instance", "schema_migration"):
                continue
            rows = await db.fetch(f'SELECT t::text AS row FROM "{table["name"]}" t')
        everything = " ".join(row["row"] for row in rows).casefold()
        spilt += [
            (table["name"], value)
            for value in (PERSON.name, PERSON.email, PERSON.phone, PERSON.postcode)
            if value is not None and (value.casefold() in everything or value.encode().hex() in everything)
        ]

    assert {"event", "discrepancy", "sales_order"} <= {table["name"] for table in tables}
    assert spilt == []
