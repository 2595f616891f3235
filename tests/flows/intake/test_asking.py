"""How a source is asked is changed without forgetting what it has sent."""

from pathlib import Path

import pytest

from retour.core.errors import Refused
from retour.flows.intake.asking import Schedule, minutes_of, set_asking
from retour.store import connection as connections
from retour.store import sync
from retour.store.connection import Connection
from retour.store.db import Database
from tests.core.intake.papers import a_return, an_order
from tests.flows.intake.source import Sender, a_sender

pytestmark = pytest.mark.anyio
URL = "https://erp.example/returns"


@pytest.fixture
async def sender(database: Database, tmp_path: Path) -> Sender:
    return await a_sender(database, tmp_path)


async def asked(sender: Sender, wish: Schedule) -> Connection:
    async with sender.database.tx(sender.tenant_id) as db:
        return await set_asking(db, sender.vault, source_id=sender.source_id, wish=wish, actor="owner", now=sender.now)


async def test_a_source_whose_token_was_refused_goes_on_with_another_and_is_the_same_source(sender: Sender) -> None:
    await sender.send(an_order())
    await sender.send(a_return())
    await asked(sender, Schedule(URL, "old"))
    async with sender.database.tx(sender.tenant_id) as db:
        await sync.keep(
            db, sender.source_id, changed_since=sender.now, cursor="c7", due_at=sender.now, problem="needs_reconnect"
        )
        await connections.lock_out(db, sender.source_id, actor="sync", at=sender.now)

    changed = await asked(sender, Schedule(URL, "new", minutes=60))
    again = await sender.send(a_return())

    assert (changed.state, changed.base_url, minutes_of(changed)) == ("connected", URL, 60)
    assert changed.sealed_read is not None
    assert sender.vault.open_as_worker(changed.sealed_read) == b'{"token": "new"}'
    assert again["outcome"] == "unchanged"
    async with sender.database.tx(sender.tenant_id) as db:
        at = await sync.take(db, sender.source_id, now=sender.now, lease_until=sender.now)
        kinds = [row["state"] for row in await db.fetch("SELECT state FROM discrepancy WHERE kind = 'needs_reconnect'")]
    assert at is not None
    assert (at.cursor, at.problem, kinds) == ("c7", None, ["resolved"])


async def test_another_address_knows_no_cursor_of_the_one_before_and_keeps_the_token(sender: Sender) -> None:
    before = await asked(sender, Schedule(URL, "secret"))
    async with sender.database.tx(sender.tenant_id) as db:
        await sync.keep(db, sender.source_id, changed_since=sender.now, cursor="c7", due_at=sender.now)

    changed = await asked(sender, Schedule("https://new.example/returns"))

    assert changed.sealed_read == before.sealed_read
    async with sender.database.tx(sender.tenant_id) as db:
        at = await sync.take(db, sender.source_id, now=sender.now, lease_until=sender.now)
    assert at is not None
    assert (at.cursor, at.changed_since) == (None, sender.now)


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (Schedule("http://erp.example"), "invalid_url"),
        (Schedule(URL, minutes=0), "invalid_minutes"),
        (Schedule(URL, minutes=1_441), "invalid_minutes"),
    ],
)
async def test_what_is_no_schedule_changes_nothing(sender: Sender, wish: Schedule, code: str) -> None:
    with pytest.raises(Refused) as caught:
        await asked(sender, wish)

    assert caught.value.code == code
    async with sender.database.tx(sender.tenant_id) as db:
        found = await connections.get(db, sender.source_id)
        assert await sync.take(db, sender.source_id, now=sender.now, lease_until=sender.now) is None
    assert found is not None
    assert (found.base_url, minutes_of(found)) == ("", 5)
