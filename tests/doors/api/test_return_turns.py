"""Questions to shoppers and the store's patience over the API."""

import httpx2
import pytest

from retour.core.account import Role
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop, read, send, wish
from tests.doors.api.conftest import code_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(database: Database, vault: Vault) -> Shop:
    return await open_shop(database, vault)


async def test_a_shopper_is_asked_and_the_answer_written_down(http: httpx2.AsyncClient, shop: Shop) -> None:
    made = (await send(http, shop, "/returns", wish(shop))).json()
    path = f"/returns/{made['id']}"

    asked = await send(http, shop, f"{path}/questions", {"question": "Which size?", "answer_days": 3})
    assert (asked.status_code, asked.json()["blocked_by"]["code"]) == (201, "info_needed")
    twice = await send(http, shop, f"{path}/questions", {"question": "And the colour?"})
    assert code_of(twice) == (409, "already_asked")
    (open_one,) = (await read(http, shop, f"{path}/questions"))["items"]
    assert (open_one["question"], open_one["outcome"], open_one["answer"]) == ("Which size?", None, None)
    assert open_one["answer_by"] == asked.json()["blocked_by"]["evidence"]["answer_by"].replace("+00:00", "Z")
    blank = await send(http, shop, f"{path}/answer", {"answer": "  "})
    assert code_of(blank) == (422, "text_missing")
    done = await send(http, shop, f"{path}/answer", {"answer": "M"})
    assert (done.status_code, done.json()["blocked_by"]["code"]) == (200, "decision_needed")

    (closed,) = (await read(http, shop, f"{path}/questions"))["items"]
    assert (closed["outcome"], closed["answer"]) == ("answered", "M")
    late = await send(http, shop, f"{path}/answer", {"answer": "L"})
    assert code_of(late) == (409, "nothing_asked")


async def test_an_owner_says_how_long_the_store_waits(http: httpx2.AsyncClient, shop: Shop) -> None:
    usual = {"unsent_days": None, "unanswered_days": None, "unpaid_days": None, "remind_days": [7, 2]}
    assert await read(http, shop, "/patience") == usual

    kept = await send(http, shop, "/patience", {"unsent_days": 60, "remind_days": [2, 14, 2]})

    assert kept.json() == usual | {"unsent_days": 60, "remind_days": [14, 2]}
    assert await read(http, shop, "/patience") == kept.json()
    agent = {**shop.merchant.headers(Role.AGENT), "Idempotency-Key": "agent-1"}
    refused = await http.post("/patience", json={"unsent_days": 1}, headers=agent)
    assert code_of(refused) == (403, "forbidden")
    wrong = await send(http, shop, "/patience", {"unsent_days": 0})
    assert wrong.status_code == 422


async def test_a_return_is_quoted_anew_changed_rejected_and_reopened(http: httpx2.AsyncClient, shop: Shop) -> None:
    made = (await send(http, shop, "/returns", wish(shop))).json()
    path, line = f"/returns/{made['id']}", made["lines"][0]
    content = {"lines": [{"line_ref": line["line_ref"], "quantity": 2, "reason": "damaged"}]}

    quote = await http.post(f"{path}/edit-quotes", json=content, headers=shop.merchant.headers())
    assert quote.status_code == 200, quote.text
    assert (quote.json()["before_minor"], quote.json()["after_minor"]) == (1_000, 2_000)
    stale = await send(http, shop, f"{path}/edit", {**content, "plan_hash": "another"})
    assert code_of(stale) == (409, "plan_changed")
    edited = await send(http, shop, f"{path}/edit", {**content, "plan_hash": quote.json()["plan_hash"]})
    assert edited.status_code == 200, edited.text
    assert (edited.json()["promised"]["total_minor"], edited.json()["lines"][0]["quantity"]) == (2_000, 2)
    same = await send(http, shop, f"{path}/edit", content)
    assert code_of(same) == (422, "nothing_changed")
    early = await send(http, shop, f"{path}/reopen", {"reason": "why"})
    assert code_of(early) == (409, "not_closed")
    await send(http, shop, f"{path}/reject", {"message": "no"})

    reopened = await send(http, shop, f"{path}/reopen", {"reason": "a photo came"})

    assert (reopened.status_code, reopened.json()["status"]) == (200, "reopened")
    assert reopened.json()["blocked_by"]["code"] == "decision_needed"


async def test_goods_that_no_carrier_has_are_not_lost(http: httpx2.AsyncClient, shop: Shop) -> None:
    made = (await send(http, shop, "/returns", wish(shop))).json()
    path = f"/returns/{made['id']}"

    undecided = await send(http, shop, f"{path}/lost", {"reason": "no news"})
    await send(http, shop, f"{path}/approve", {})
    unsent = await send(http, shop, f"{path}/lost", {"reason": "no news"})

    assert (code_of(undecided)[1], code_of(unsent)) == ("not_approved", (409, "not_sent"))
