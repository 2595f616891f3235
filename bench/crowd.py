"""A hundred thousand returns as a shop has them: loaded by COPY, in every state, of many shoppers, with tags and notes."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

import asyncpg

from retour.core.search import words_of
from retour.store.db import set_codecs
from retour.store.ids import new_id

from .installation import Installation, Merchant

FIRST: Final = 1_000_000  # the number of the first
_NAMES: Final = (
    "Mara",
    "Jonas",
    "Ana",
    "Ben",
    "Ida",
    "Tom",
    "Nina",
    "Carl",
    "Eva",
    "Jan",
    "Sofia",
    "Per",
    "Lena",
    "Ola",
)
_FAMILIES: Final = (
    "Lindqvist",
    "Weber",
    "Keller",
    "Okafor",
    "Sand",
    "Aalto",
    "Roth",
    "Moe",
    "Lund",
    "Krol",
    "Marin",
    "Dahl",
)
_GOODS: Final = ("Trail jacket", "Merino socks", "Stoneware mug", "Rain coat", "Wool beanie", "Desk lamp", "Canvas bag")
_NOTES: Final = (
    "sleeves end above the wrist",
    "the seal is broken",
    "arrived late",
    "colour differs from the picture",
    "",
)
_TAGS: Final = ("vip", "photo missing", "wholesale", "call back")
# (status, who, why) by twentieths: two of three are done.
_STATES: Final = (
    *((("resolved", None, None),) * 13), ("requested", "agent", "decision_needed"), ("requested", "agent", "held"),
    ("approved", "warehouse", "awaiting_inspection"), ("approved", "finance", "effect_failed"),
    ("approved", "shopper", "awaiting_shipment"), ("approved", "carrier", "in_transit"),
    ("approved", "platform", "effect_in_flight"),
)  # fmt: skip

STAGES: Final = {
    "c_person": ("id uuid, name text, email text, folded text, words text[]", """
INSERT INTO person (tenant_id, id, store_id, name, email, email_folded, sealed_key)
SELECT $1, id, $2, name, email, folded, '' FROM c_person"""),
    "c_return": (
        ("id uuid, order_id uuid, person_id uuid, number bigint, status text, actor text, code text, at timestamptz,"
        " sku text, title text, note text, tracking text, tag text, priority text, words text[]"), """
WITH ordered AS (
  INSERT INTO sales_order (tenant_id, id, store_id, connection_id, person_id, far_ref, name, name_folded, currency,
                           shop_currency, total_minor, placed_at, far_updated_at, document)
  SELECT $1, order_id, $2, $3, person_id, order_id::text, '#' || number, number::text, 'EUR', 'EUR', 3800, at, at,
         (SELECT document FROM sales_order WHERE id = $4) FROM c_return),
counted AS (
  INSERT INTO order_line_counter (tenant_id, order_id, line_ref, ordered, fulfilled, in_return)
  SELECT $1, order_id, 'gid://shopify/LineItem/1', 2, 2, 1 FROM c_return),
asked AS (
  INSERT INTO rma (tenant_id, id, store_id, order_id, person_id, number, channel, status, method, policy_version_id,
                   decision, promised, requested_at, decided_at, resolved_at, blocked_actor, blocked_code, blocked_since,
                   priority)
  SELECT $1, c.id, $2, c.order_id, c.person_id, c.number, 'portal', c.status, 'own_carrier', p.policy_version_id, p.decision,
         p.promised, c.at, c.at, CASE WHEN c.actor IS NULL THEN c.at END, c.actor, c.code,
         CASE WHEN c.actor IS NOT NULL THEN c.at END, c.priority
    FROM c_return c CROSS JOIN (SELECT * FROM rma WHERE order_id = $4 LIMIT 1) p),
lines AS (
  INSERT INTO return_line (tenant_id, id, rma_id, order_id, line_ref, position, quantity, requested_quantity, reason, note,
                           resolution, decision)
  SELECT $1, gen_random_uuid(), id, order_id, 'gid://shopify/LineItem/1', 1, 1, 1, 'too_small', nullif(note, ''),
         'refund_original', status FROM c_return),
sent AS (
  INSERT INTO shipment (tenant_id, id, rma_id, carrier, tracking_number, status_at, created_at)
  SELECT $1, gen_random_uuid(), id, 'dhl', tracking, at, at FROM c_return),
tagged AS (INSERT INTO rma_tag (tenant_id, rma_id, tag) SELECT $1, id, tag FROM c_return WHERE tag IS NOT NULL),
paid AS (
  INSERT INTO settlement (tenant_id, id, rma_id, order_id, seq, batch_id, part, resolution, state, currency, total_minor,
                          plan, plan_hash, created_at, settled_at)
  SELECT $1, gen_random_uuid(), c.id, c.order_id, 1, gen_random_uuid(), 1, 'refund_original', 'settled', 'EUR', 3800,
         p.promised -> 'plans' -> 0, 'x', c.at, c.at
    FROM c_return c CROSS JOIN (SELECT promised FROM rma WHERE order_id = $4 LIMIT 1) p WHERE c.actor IS NULL)
INSERT INTO rma_word (tenant_id, word, number) SELECT $1, w, number FROM c_return, unnest(words) AS w"""),
}  # fmt: skip
PEOPLE_WORDS: Final = """
INSERT INTO person_word (tenant_id, word, person_id) SELECT $1, w, id FROM c_person, unnest(words) AS w"""


async def load(here: Installation, merchant: Merchant, *, pattern: UUID, count: int) -> list[dict[str, Any]]:
    """Load so many returns like that of the order `pattern`, and return a few of them to look for."""
    owner = await asyncpg.connect(here.urls.owner)
    await set_codecs(owner)
    await owner.execute("SELECT set_config('app.tenant', $1, false)", str(merchant.tenant_id))
    dice, samples = Random(7), list[dict[str, Any]]()
    for first in range(0, count, 10_000):
        shoppers = [_shopper(dice) for _ in range(min(10_000, count - first) * 2 // 3 + 1)]
        rows = list(_returns(dice, [who[0] for who in shoppers], first, min(10_000, count - first)))
        async with owner.transaction():
            await _copy(owner, "c_person", shoppers)
            await owner.execute(STAGES["c_person"][1], merchant.tenant_id, merchant.store_id)
            await owner.execute(PEOPLE_WORDS, merchant.tenant_id)
            await _copy(owner, "c_return", rows)
            await owner.execute(
                STAGES["c_return"][1], merchant.tenant_id, merchant.store_id, merchant.connection_id, pattern
            )
        by_id = {who[0]: who for who in shoppers}
        samples += [_sample(row, by_id[row[2]]) for row in rows[:: len(rows) // 4]]
    await owner.close()
    return samples


async def _copy(owner: Any, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    await owner.execute(f"CREATE TEMP TABLE {table} ({STAGES[table][0]}) ON COMMIT DROP")
    await owner.copy_records_to_table(table, records=rows)


def _shopper(dice: Random) -> tuple[Any, ...]:
    who, tail = new_id(), dice.randrange(1_000_000)
    name = f"{dice.choice(_NAMES)} {dice.choice(_FAMILIES)}{_syllables(dice)}"
    email = f"{name.split(maxsplit=1)[0].lower()}.{tail}@example.com"
    return who, name, email, email, list(words_of(name, email))


def _syllables(dice: Random) -> str:
    return "".join(dice.choice(("son", "berg", "man", "ova", "etti", "ski", "dal", "")) for _ in range(2))


def _returns(dice: Random, people: Sequence[UUID], first: int, count: int) -> Iterator[tuple[Any, ...]]:
    now = datetime.now(UTC)
    for n in range(first, first + count):
        status, actor, code = _STATES[dice.randrange(20)]
        at = now - timedelta(minutes=2 * (200_000 - n))
        title, note, tail = dice.choice(_GOODS), dice.choice(_NOTES), dice.randrange(3_000)
        sku = f"{''.join(word[0] for word in title.upper().split())}-{tail:04d}-{dice.choice('SML')}"
        tag = dice.choice(_TAGS) if dice.random() < 0.05 else None
        priority = "urgent" if dice.random() < 0.01 else "normal"
        yield (
            new_id(), new_id(), dice.choice(people), FIRST + n, status, actor, code, at, sku, title, note,
            f"JD{dice.randrange(10**14):014d}", tag, priority, list(words_of(sku, title, note)),
        )  # fmt: skip


def _sample(row: tuple[Any, ...], who: tuple[Any, ...]) -> dict[str, Any]:
    return {
        "number": f"R-{row[3]}", "order": f"#{row[3]}", "sku": row[8], "tracking": row[11], "name": who[1], "email": who[2],
        "person": who[0],
    }  # fmt: skip
