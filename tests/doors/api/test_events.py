"""The event feed: nothing skipped, nothing twice, nothing of others."""

import httpx2
import pytest

from retour.store.db import Database
from tests.doors.api.conftest import Merchant, open_account
from tests.waiting import until

pytestmark = pytest.mark.anyio


async def test_the_feed_is_read_in_pages_to_its_end(
    http: httpx2.AsyncClient, merchant: Merchant, database: Database
) -> None:
    await open_account(database)
    expected = ["account.created", "store.created", "store.created", "key.created", "key.created", "key.created"]

    async def all_there() -> bool:
        return len((await http.get("/events", headers=merchant.headers())).json()["items"]) == len(expected)

    await until(all_there)  # an event shows once no older transaction is open
    seen, after = [], None
    while True:
        params = {"limit": 4} | ({"after": after} if after else {})
        page = (await http.get("/events", params=params, headers=merchant.headers())).json()
        if not page["items"]:
            break
        seen += [item["type"] for item in page["items"]]
        after = page["next"]

    assert seen == expected
    assert page["next"] == after
    assert {item["sequence"] for item in page["items"]} <= {1}
