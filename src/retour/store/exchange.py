"""Exchanges as rows: what a settlement's goods were exchanged for, and the value that the new lines carry."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from retour.core.exchange import Exchange, Worth
from retour.store.db import Db

PUT: Final = """
INSERT INTO exchange (tenant_id, settlement_id, order_id, figures, actor, at)
VALUES (current_tenant(), $1, $2, $3::text::jsonb, $4, $5)
"""
CARRY: Final = """
UPDATE sales_order SET carried = coalesce(carried, '{}') || $2::text::jsonb, version = version + 1
 WHERE tenant_id = current_tenant() AND id = $1
"""
GET: Final = """
SELECT order_id, figures::text AS figures FROM exchange WHERE tenant_id = current_tenant() AND settlement_id = $1
"""
CARRIED: Final = "SELECT carried::text FROM sales_order WHERE tenant_id = current_tenant() AND id = $1"
_FIGURES: Final = msgspec.json.Decoder(Exchange)
_WORTHS: Final = msgspec.json.Decoder(dict[str, Worth])


async def put(
    db: Db,
    *,
    settlement_id: UUID,
    order_id: UUID,
    done: Exchange,
    carried: Mapping[str, Worth],
    actor: str,
    at: datetime,
) -> None:
    """Keep an exchange, and let the lines of the new order (whose row is locked) carry its value from now on."""
    await db.execute(PUT, settlement_id, order_id, msgspec.json.encode(done).decode(), actor, at)
    await db.execute(CARRY, order_id, msgspec.json.encode(dict(carried)).decode())


async def of_settlement(db: Db, settlement_id: UUID) -> tuple[UUID, Exchange] | None:
    """Return the order that has the new articles and the figures, or nothing."""
    row = await db.fetchrow(GET, settlement_id)
    return (row["order_id"], _FIGURES.decode(row["figures"])) if row else None


async def carried(db: Db, order_id: UUID) -> dict[str, Worth]:
    """Return what the lines of an order carry, by line ref."""
    found = await db.fetchval(CARRIED, order_id)
    return _WORTHS.decode(found) if found else {}
