"""Who is let in, for which store, and what each role may do."""

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from retour.core.account import Role, parse_key
from retour.doors.api.app import OPERATIONS
from retour.doors.api.roles import MAY
from retour.flows import account as flow
from retour.store import account
from retour.store.db import Database
from retour.web.sign_in import Doorkeeper
from tests.doors.api.conftest import Merchant, code_of, open_account

pytestmark = pytest.mark.anyio
RANDOM_ID = "0192f0c1-2b3c-7d4e-8f50-617283940516"


async def call(http: httpx2.AsyncClient, operation: Any, headers: dict[str, str]) -> httpx2.Response:
    path = operation.path.replace("{id}", RANDOM_ID)
    return await http.request(operation.method, path, headers=headers)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.id)
async def test_nobody_gets_in_without_a_key(http: httpx2.AsyncClient, operation: Any) -> None:
    answer = await call(http, operation, {})

    assert code_of(answer) == (401, "key_missing")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.id)
async def test_each_role_may_do_what_the_table_says(
    http: httpx2.AsyncClient, merchant: Merchant, operation: Any
) -> None:
    for role in Role:
        answer = await call(http, operation, merchant.headers(role))
        assert (answer.status_code == 403) == (role not in MAY[operation.id]), (role, answer.text)
        if answer.status_code == 403:
            assert code_of(answer) == (403, "forbidden")


def test_every_operation_stands_in_the_table_of_roles() -> None:
    assert {operation.id for operation in OPERATIONS} == set(MAY)
    assert all("owner" in roles for roles in MAY.values())


async def test_a_wrong_secret_a_foreign_key_and_a_garbled_one_are_refused(
    http: httpx2.AsyncClient, merchant: Merchant
) -> None:
    good = merchant.keys[Role.OWNER]
    other = "a" if good[-1] != "a" else "b"
    for known in (False, True):  # before and after the key is in the process's memory
        for text in (good[:-1] + other, "rtr_live_nonsense", "x" * 5000, "é"):
            answer = await http.get("/events", headers={"X-API-Key": text.encode()})
            assert code_of(answer) == (401, "key_invalid"), known
        assert (await http.get("/events", headers={"X-API-Key": good})).status_code == 200


async def test_a_bearer_token_is_the_same_key(http: httpx2.AsyncClient, merchant: Merchant) -> None:
    answer = await http.get("/events", headers={"Authorization": f"Bearer {merchant.keys[Role.OWNER]}"})

    assert answer.status_code == 200


async def test_an_unknown_store_is_not_found(http: httpx2.AsyncClient, merchant: Merchant) -> None:
    assert code_of(await http.get("/events", headers=merchant.headers(shop="nowhere"))) == (404, "store_not_found")


async def test_a_revoked_key_is_refused_by_a_process_that_does_not_know_it(
    merchant: Merchant, database: Database
) -> None:
    key = parse_key(merchant.keys[Role.AGENT])
    assert key is not None
    now = datetime.now(UTC)
    async with database.tx(merchant.tenant_id) as db:
        await flow.revoke_key(db, key_id=key.id, actor="cli", now=now)

    with pytest.raises(Exception, match="unknown or revoked"):
        await Doorkeeper(database).admit(key.text, now=now)


async def test_the_use_of_a_key_is_noted_at_most_once_a_minute(merchant: Merchant, database: Database) -> None:
    key = parse_key(merchant.keys[Role.OWNER])
    assert key is not None
    first, soon, later = (datetime(2026, 5, 1, 12, m, s, tzinfo=UTC) for m, s in ((0, 0), (0, 30), (1, 0)))
    seen = []
    for now in (first, soon, later):
        await Doorkeeper(database).admit(key.text, now=now)
        async with database.tx(merchant.tenant_id) as db:
            seen += [row.last_used_at for row in await account.keys(db) if row.id == key.id]

    assert seen == [first, first, later]


async def test_an_account_with_one_store_may_leave_its_name_out(database: Database) -> None:
    lonely, door = await open_account(database, stores=("only",)), Doorkeeper(database)
    now, text = datetime.now(UTC), lonely.keys[Role.OWNER]
    caller = await door.admit(text, now=now)

    assert await door.choose_store(caller, None, text, now=now) == lonely.stores["only"]


async def test_an_account_with_two_stores_must_name_one(database: Database, merchant: Merchant) -> None:
    door, now, text = Doorkeeper(database), datetime.now(UTC), merchant.keys[Role.OWNER]
    caller = await door.admit(text, now=now)

    with pytest.raises(Exception, match="several stores"):
        await door.choose_store(caller, None, text, now=now)
    assert await door.choose_store(caller, "outlet", text, now=now) == merchant.stores["outlet"]
