"""Refunds and quantities that the platform shows and we did not cause: admitted as far as they fit, never refused."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from retour.core.money import NOTHING, Sides
from retour.core.order import Capture, PlatformRefund, TenderKind
from retour.core.refund import Plan
from retour.flows import order as flow
from retour.store import discrepancy
from retour.store.db import Database
from retour.store.order import Mirrored
from retour.store.vault import Vault
from tests.flows.order.shop import NOON, Shop, a_line, a_refund, a_return, an_order, fetched

pytestmark = pytest.mark.anyio


async def mirrored(database: Database, vault: Vault, shop: Shop, **changes: Any) -> Mirrored:
    what = fetched(an_order(**changes))
    async with database.tx(shop.tenant_id) as db:
        return await flow.mirror(db, vault, connection_id=shop.connection_id, fetched=what, at=NOON)


async def captures(database: Database, shop: Shop) -> dict[str, tuple[int, int, int, int]]:
    async with database.tx(shop.tenant_id) as db:
        rows = await db.fetch(
            "SELECT ref, captured_minor, reserved_minor, refunded_minor, external_refunded_minor FROM payment_capture"
        )
    return {row["ref"]: tuple(row.values())[1:] for row in rows}


async def counters(database: Database, shop: Shop) -> dict[str, tuple[int, ...]]:
    async with database.tx(shop.tenant_id) as db:
        rows = await db.fetch(
            "SELECT line_ref, ordered, fulfilled, cancelled, in_return, refunded_without_return FROM order_line_counter"
        )
    return {row["line_ref"]: tuple(row.values())[1:] for row in rows}


async def open_kinds(database: Database, shop: Shop) -> dict[str, dict[str, Any]]:
    async with database.tx(shop.tenant_id) as db:
        return {d.kind: dict(d.details) for d in await discrepancy.list_open(db)}


async def our_refund(
    database: Database, shop: Shop, order_id: UUID, *, amount: int, state: str = "intent", reference: str = "RTR-1",
    far_id: str | None = None, minutes: int = 0,
) -> UUID:  # fmt: skip
    """Plan a refund of ours on cap-1 with its reservation, and move it to a state by the allowed way."""
    effect = uuid4()
    async with database.tx(shop.tenant_id) as db:
        await db.execute(
            "INSERT INTO effect (tenant_id, id, connection_id, order_id, kind, business_ref, reference, target,"
            " amount_minor, currency, request_hash, idem_key, moves_money, quiet_period, trusted_window, due_at,"
            " created_at, state, far_id)"
            " VALUES ($1, $2, $3, $4, 'refund_tender', $5, $6, '{}', $7, 'EUR', ''::bytea, $5, true,"
            " interval '1 second', interval '0', $8, $9, $10, $11)",
            shop.tenant_id, effect, shop.connection_id, order_id, str(effect), reference, amount, NOON,
            NOON + timedelta(minutes=minutes), state, far_id,
        )  # fmt: skip
        await db.execute(
            "INSERT INTO effect_leg (tenant_id, effect_id, n, order_id, capture_ref, amount_minor)"
            " VALUES ($1, $2, 1, $3, 'cap-1', $4)",
            shop.tenant_id, effect, order_id, amount,
        )  # fmt: skip
        if state != "failed":
            await db.execute("UPDATE payment_capture SET reserved_minor = reserved_minor + $1", amount)
    return effect


async def state_of(database: Database, shop: Shop, effect: UUID) -> str:
    async with database.tx(shop.tenant_id) as db:
        return str(await db.fetchval("SELECT state FROM effect WHERE id = $1", effect))


async def test_a_refund_made_outside_counts_against_the_capture_and_the_line(
    database: Database, vault: Vault, shop: Shop
) -> None:
    await mirrored(database, vault, shop, refunds=(a_refund(amount=1_000, quantity=1),))

    assert await captures(database, shop) == {"cap-1": (2_000, 0, 0, 1_000)}
    assert await counters(database, shop) == {"line-1": (2, 2, 0, 0, 1)}
    assert await open_kinds(database, shop) == {}


@pytest.mark.parametrize(
    ("far_id", "note"), [("refund-1", None), (None, "RTR-1"), (None, "please see [RTR-1], thanks")]
)
async def test_our_own_refund_is_known_by_its_id_or_its_reference(
    database: Database, vault: Vault, shop: Shop, far_id: str | None, note: str | None
) -> None:
    record = (await mirrored(database, vault, shop)).record
    await our_refund(database, shop, record.id, amount=700, state="unknown", far_id=far_id)

    await mirrored(database, vault, shop, refunds=(a_refund(amount=700, quantity=1, note=note),))

    assert await captures(database, shop) == {"cap-1": (2_000, 700, 0, 0)}
    assert await counters(database, shop) == {"line-1": (2, 2, 0, 0, 0)}


@pytest.mark.parametrize(
    ("refunds", "outside"),
    [
        ((a_refund(amount=700, note="RTR-10"),), 700),  # another reference that begins like ours
        ((a_refund(amount=700, note="RTR-1"), a_refund("again", amount=700, note="RTR-1", minutes=5)), 700),
        ((a_refund(amount=900, note="RTR-1"),), 200),  # more than we asked for
    ],
)
async def test_what_is_not_exactly_our_refund_was_made_outside(
    database: Database, vault: Vault, shop: Shop, refunds: Sequence[PlatformRefund], outside: int
) -> None:
    record = (await mirrored(database, vault, shop)).record
    await our_refund(database, shop, record.id, amount=700, state="sending")

    await mirrored(database, vault, shop, refunds=tuple(refunds))

    assert await captures(database, shop) == {"cap-1": (2_000, 700, 0, outside)}


async def test_a_refund_that_we_hold_for_failed_counts_as_made_outside(
    database: Database, vault: Vault, shop: Shop
) -> None:
    record = (await mirrored(database, vault, shop)).record
    await our_refund(database, shop, record.id, amount=700, state="failed")

    await mirrored(database, vault, shop, refunds=(a_refund(amount=700, note="RTR-1"),))

    assert await captures(database, shop) == {"cap-1": (2_000, 0, 0, 700)}


async def test_our_unsent_refunds_give_way_newest_first_and_no_more_than_needed(
    database: Database, vault: Vault, shop: Shop
) -> None:
    record = (await mirrored(database, vault, shop)).record
    old = await our_refund(database, shop, record.id, amount=600, reference="RTR-1")
    new = await our_refund(database, shop, record.id, amount=800, reference="RTR-2", minutes=1)

    saved = await mirrored(database, vault, shop, refunds=(a_refund(amount=1_200),))

    assert saved.withdrawn == (new,)
    assert await state_of(database, shop, old) == "intent"
    assert await state_of(database, shop, new) == "cancelled"
    assert await captures(database, shop) == {"cap-1": (2_000, 600, 0, 1_200)}
    assert list(await open_kinds(database, shop)) == ["refund_gave_way"]


async def test_what_does_not_fit_beside_a_refund_under_way_is_a_discrepancy_with_the_true_figures(
    database: Database, vault: Vault, shop: Shop
) -> None:
    record = (await mirrored(database, vault, shop)).record
    sent = await our_refund(database, shop, record.id, amount=1_500, state="sending")

    await mirrored(database, vault, shop, refunds=(a_refund(amount=1_200),))

    assert await state_of(database, shop, sent) == "sending"
    assert await captures(database, shop) == {"cap-1": (2_000, 1_500, 0, 500)}
    assert (await open_kinds(database, shop))["refunded_outside_too_much"]["captures"] == [
        {
            "capture_ref": "cap-1", "captured_minor": 2_000, "reserved_minor": 1_500, "refunded_minor": 0,
            "refunded_outside_minor": 1_200, "admitted_minor": 500, "excess_minor": 700,
        }
    ]  # fmt: skip


async def test_a_pending_refund_that_fails_frees_the_capture_again(
    database: Database, vault: Vault, shop: Shop
) -> None:
    await mirrored(database, vault, shop, refunds=(a_refund(amount=2_500, status="pending"),))
    assert await captures(database, shop) == {"cap-1": (2_000, 0, 0, 2_000)}
    assert list(await open_kinds(database, shop)) == ["refunded_outside_too_much"]

    await mirrored(database, vault, shop, refunds=(a_refund(amount=2_500, status="failed"),))

    assert await captures(database, shop) == {"cap-1": (2_000, 0, 0, 0)}
    assert await open_kinds(database, shop) == {}


async def test_money_that_names_no_capture_is_laid_where_there_is_room(
    database: Database, vault: Vault, shop: Shop
) -> None:
    two = tuple(Capture(ref, TenderKind.CARD, "card", 1_000, NOON) for ref in ("cap-1", "cap-2"))

    await mirrored(database, vault, shop, captures=two, refunds=(a_refund(amount=1_300, capture=None),))

    assert await captures(database, shop) == {"cap-1": (1_000, 0, 0, 1_000), "cap-2": (1_000, 0, 0, 300)}


async def test_a_capture_counts_what_went_back_even_without_a_refund_object(
    database: Database, vault: Vault, shop: Shop
) -> None:
    capture = replace(an_order().captures[0], refunded=300, pending=50)

    await mirrored(database, vault, shop, captures=(capture,))

    assert await captures(database, shop) == {"cap-1": (2_000, 0, 0, 350)}


async def test_a_capture_that_shrinks_below_what_we_reserved_keeps_the_reservation(
    database: Database, vault: Vault, shop: Shop
) -> None:
    record = (await mirrored(database, vault, shop)).record
    await our_refund(database, shop, record.id, amount=1_500, state="unknown")

    await mirrored(database, vault, shop, captures=())

    assert await captures(database, shop) == {"cap-1": (1_500, 1_500, 0, 0)}
    assert (await open_kinds(database, shop))["refunded_outside_too_much"]["captures"][0]["captured_minor"] == 0


async def test_units_in_a_return_are_never_pushed_out_by_what_the_platform_shows(
    database: Database, vault: Vault, shop: Shop
) -> None:
    await mirrored(database, vault, shop)
    async with database.tx(shop.tenant_id) as db:
        await db.execute("UPDATE order_line_counter SET in_return = 1")

    await mirrored(database, vault, shop, refunds=(a_refund(amount=2_000, quantity=2),))

    assert await counters(database, shop) == {"line-1": (2, 2, 0, 1, 1)}
    assert (await open_kinds(database, shop))["returned_more_than_fulfilled"]["lines"] == [
        {
            "line_ref": "line-1", "ordered": 2, "fulfilled": 2, "cancelled": 0, "in_return": 1,
            "refunded_without_return": 2, "admitted_without_return": 1,
        }
    ]  # fmt: skip

    await mirrored(database, vault, shop, lines=(), fulfilments=())

    assert await counters(database, shop) == {"line-1": (1, 1, 0, 1, 0)}


async def test_units_cancelled_before_shipping_are_not_refunded_twice(
    database: Database, vault: Vault, shop: Shop
) -> None:
    one_sent = replace(an_order().fulfilments[0], units=(replace(an_order().fulfilments[0].units[0], quantity=1),))

    await mirrored(
        database, vault, shop, lines=(a_line(cancelled=1),), fulfilments=(one_sent,),
        refunds=(a_refund(amount=1_000, quantity=1),),
    )  # fmt: skip

    assert await counters(database, shop) == {"line-1": (2, 1, 1, 0, 0)}
    assert await open_kinds(database, shop) == {}


async def test_the_settlement_of_a_refund_that_gave_way_is_quoted_again(
    database: Database, vault: Vault, shop: Shop, owner: Any
) -> None:
    record = (await mirrored(database, vault, shop)).record
    rma = await a_return(database, shop, record)
    effect, settlement = await our_refund(database, shop, record.id, amount=1_500), uuid4()
    plan = Plan("gid://order/1", "EUR", "EUR", (), (), Sides(1_500, 1_500), (), (), 0, (), NOTHING, "hash")
    async with database.tx(shop.tenant_id) as db:
        await db.execute(
            "INSERT INTO settlement (tenant_id, id, rma_id, order_id, seq, batch_id, part, resolution, state, currency,"
            " total_minor, plan, plan_hash, effect_id, created_at)"
            " VALUES ($1, $2, $3, $4, 1, $2, 1, 'refund', 'due', 'EUR', 1500, $5, 'hash', $6, $7)",
            shop.tenant_id, settlement, rma, record.id, plan, effect, NOON,
        )  # fmt: skip
        await db.execute(
            "INSERT INTO settlement_line (tenant_id, settlement_id, n, order_id, ref, ordinals, kind, paid_minor,"
            " paid_shop_minor) VALUES ($1, $2, 1, $3, 'line-1', '[1,2)', 'units', 1500, 1500)",
            shop.tenant_id, settlement, record.id,
        )  # fmt: skip

    await mirrored(database, vault, shop, refunds=(a_refund(amount=800),))

    assert await state_of(database, shop, effect) == "cancelled"
    async with database.tx(shop.tenant_id) as db:
        row = await db.fetchrow("SELECT state, due_at FROM settlement")
        assert row is not None
        assert tuple(row.values()) == ("quoted", NOON)
        assert await db.fetchval("SELECT count(*) FROM settlement_line") == 0
        told = await db.fetch("SELECT type FROM event WHERE resource_kind = 'return'")
        assert [e["type"] for e in told] == ["settlement.quoted"]
    jobs = await owner.fetch("SELECT args FROM jobs.procrastinate_jobs WHERE task_name = 'settlement.settle'")
    assert [j["args"]["id"] for j in jobs if j["args"]["tenant_id"] == str(shop.tenant_id)] == [str(settlement)]
