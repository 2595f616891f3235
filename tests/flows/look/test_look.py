"""A store's look: every store has one, its handle is its own, and a change is an event."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from retour.core.errors import Refused
from retour.core.look import Logo, Look, Texts
from retour.flows import account
from retour.flows import look as flow
from retour.store import event
from retour.store import look as looks
from retour.store.db import Database

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n...."


async def a_store(database: Database, name: str) -> tuple[Any, Any]:
    tenant_id = uuid4()
    async with database.tx(tenant_id) as db:
        await account.create_account(db, tenant_id=tenant_id, name=str(tenant_id), actor="cli", now=NOW)
        store = await account.create_store(db, shop_name=name, timezone="UTC", currency="EUR", actor="cli", now=NOW)
    return tenant_id, store.id


async def look_of(database: Database, tenant_id: Any, store_id: Any) -> Look:
    async with database.tx(tenant_id) as db:
        return await flow.look_of(db, store_id=store_id, now=NOW)


async def test_a_new_store_has_a_handle_of_its_name_and_a_second_one_another(database: Database) -> None:
    name = f"Käse & {uuid4().hex[:8]}"
    first, second = await a_store(database, name), await a_store(database, name)

    handles = [(await look_of(database, *one)).handle for one in (first, second)]

    assert handles[0] == f"kase-{name[-8:]}"
    assert handles[1].startswith(f"{handles[0]}-")
    async with database.tx(None) as db:
        assert await looks.route(db, handles[0]) == first
        assert await looks.route(db, handles[1]) == second
        assert await looks.route(db, "nobody") is None


async def test_a_store_from_before_gets_its_look_when_it_is_asked_for(database: Database) -> None:
    tenant_id, store_id = uuid4(), uuid4()
    async with database.tx(tenant_id) as db:
        await db.execute("INSERT INTO account (tenant_id, name) VALUES ($1, $2)", tenant_id, str(tenant_id))
        await db.execute(
            "INSERT INTO store (tenant_id, id, shop_name, currency) VALUES ($1, $2, $3, 'EUR')",
            tenant_id, store_id, f"old {store_id}",
        )  # fmt: skip

    look = await look_of(database, tenant_id, store_id)

    assert look == await look_of(database, tenant_id, store_id)
    assert look.name == f"old {store_id}"


async def test_a_whole_look_is_kept_and_told(database: Database) -> None:
    tenant_id, store_id = await a_store(database, f"Shop {uuid4().hex}")
    wanted = replace(
        await look_of(database, tenant_id, store_id), brand_hex="#1f4d3a", logo=Logo("image/png", PNG), name="Fjellhus",
        texts={"de": Texts("Hallo", "Egal wie")}, contact_email="help@example.com", return_address="Berg 1\nOslo",
        contact_url="https://example.com", sender_name="Fjellhus", default_language="de",
    )  # fmt: skip

    async with database.tx(tenant_id) as db:
        await flow.change_look(db, look=wanted, actor="staff:1", now=NOW)

    assert await look_of(database, tenant_id, store_id) == wanted
    async with database.tx(tenant_id) as db:
        (*_, told) = await event.of_resource(db, resource_kind="store", resource_id=store_id)
        portal = await looks.portal(db, tenant_id=tenant_id, store_id=store_id)
    assert told.type == "store.changed"
    assert set(told.data["look"]) == {  # type: ignore[arg-type]
        "brand_hex", "logo", "name", "texts", "contact_email", "return_address", "contact_url", "sender_name",
        "default_language",
    }  # fmt: skip
    assert portal is not None
    assert (portal.has_logo, portal.look) == (True, replace(wanted, logo=None))


async def test_a_handle_of_another_merchant_is_refused_and_nothing_changes(database: Database) -> None:
    theirs = await look_of(database, *await a_store(database, f"Shop {uuid4().hex}"))
    tenant_id, store_id = await a_store(database, f"Shop {uuid4().hex}")
    before = await look_of(database, tenant_id, store_id)

    async with database.tx(tenant_id) as db:
        with pytest.raises(Refused) as refused:
            await flow.change_look(db, look=replace(before, handle=theirs.handle), actor="staff:1", now=NOW)

    assert (refused.value.code, refused.value.field) == ("already_exists", "handle")
    assert await look_of(database, tenant_id, store_id) == before


async def test_the_database_itself_keeps_a_handle_to_one_store(database: Database) -> None:
    import asyncpg

    theirs = await look_of(database, *await a_store(database, f"Shop {uuid4().hex}"))
    tenant_id, store_id = await a_store(database, f"Shop {uuid4().hex}")

    with pytest.raises(asyncpg.UniqueViolationError):
        async with database.tx(tenant_id) as db:
            await db.execute("UPDATE look SET handle = $2 WHERE store_id = $1", store_id, theirs.handle)


async def test_the_look_of_another_tenant_is_not_seen(database: Database) -> None:
    _, store_id = await a_store(database, f"Shop {uuid4().hex}")

    async with database.tx(uuid4()) as db:
        assert await looks.get(db, store_id) is None
        with pytest.raises(Refused, match="no such store"):
            await flow.look_of(db, store_id=store_id, now=NOW)
