"""An endpoint's secret is replaced without a gap, and an endpoint is switched off and on."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from retour.core.errors import Refused
from retour.flows import webhook_endpoint as flow
from retour.store import event, webhook_endpoint
from retour.store.db import Database
from retour.store.vault import Vault
from tests.flows.session.people import House, open_house

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
async def house(database: Database) -> House:
    return await open_house(database)


async def test_a_new_secret_signs_beside_the_one_before_it(database: Database, house: House, tmp_path: Path) -> None:
    vault = Vault.open(tmp_path)
    async with database.tx(house.tenant_id) as db:
        added, first = await flow.add_endpoint(
            db, vault, tenant_id=house.tenant_id, url="https://a.example", topics=[], actor="x", now=NOW
        )
    kept = []
    for _ in range(2):
        async with database.tx(house.tenant_id) as db:
            fresh = await flow.rotate_secret(
                db, vault, tenant_id=house.tenant_id, endpoint_id=added.id, actor="x", now=NOW
            )
            found = await webhook_endpoint.get(db, added.id)
        assert found is not None
        purpose = webhook_endpoint.secrets_purpose(added.id)
        kept.append((fresh, json.loads(vault.unlock(found.sealed_secrets, tenant_id=house.tenant_id, purpose=purpose))))

    (second, after_one), (third, after_two) = kept
    assert (after_one, after_two) == ([second, first], [third, second])


async def test_an_endpoint_is_switched_off_and_on(database: Database, house: House, tmp_path: Path) -> None:
    vault = Vault.open(tmp_path)
    async with database.tx(house.tenant_id) as db:
        added, _ = await flow.add_endpoint(
            db, vault, tenant_id=house.tenant_id, url="https://a.example", topics=[], actor="x", now=NOW
        )
        for _ in range(2):
            await flow.disable_endpoint(db, endpoint_id=added.id, actor="x", now=NOW)
        off = await webhook_endpoint.get(db, added.id)
        for _ in range(2):
            await flow.enable_endpoint(db, endpoint_id=added.id, actor="x", now=NOW)
        on = await webhook_endpoint.get(db, added.id)
        told = await event.of_resource(db, resource_kind="webhook_endpoint", resource_id=added.id)

    assert off is not None
    assert on is not None
    assert (off.active, off.disabled_reason, on.active, on.disabled_reason) == (
        False, "switched off by the staff", True, None,
    )  # fmt: skip
    assert [e.type for e in told] == [
        "webhook_endpoint.added", "webhook_endpoint.disabled", "webhook_endpoint.enabled",
    ]  # fmt: skip


async def test_a_deleted_endpoint_and_another_accounts_are_not_found(
    database: Database, house: House, tmp_path: Path
) -> None:
    vault, other = Vault.open(tmp_path), await open_house(database)
    async with database.tx(house.tenant_id) as db:
        added, _ = await flow.add_endpoint(
            db, vault, tenant_id=house.tenant_id, url="https://a.example", topics=[], actor="x", now=NOW
        )
    with pytest.raises(Refused, match="no such webhook endpoint"):
        async with database.tx(other.tenant_id) as db:
            await flow.enable_endpoint(db, endpoint_id=added.id, actor="x", now=NOW)
    async with database.tx(house.tenant_id) as db:
        await flow.delete_endpoint(db, endpoint_id=added.id, actor="x", now=NOW)
    with pytest.raises(Refused, match="no such webhook endpoint"):
        async with database.tx(house.tenant_id) as db:
            await flow.enable_endpoint(db, endpoint_id=added.id, actor="x", now=NOW)
