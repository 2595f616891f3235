"""Reasons over the API: two levels of the merchant's own, what they ask of a request, and what the policy sees of them."""

from typing import Any
from uuid import UUID

import httpx2
import pytest

from retour.core.account import Role
from retour.core.reason import REASONS
from retour.store import rma as returns
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop, read, send, wish
from tests.doors.api.conftest import code_of

pytestmark = pytest.mark.anyio
SIZE = {
    "id": "size", "kind": "choice", "texts": {"en": "Which size fits?"},
    "choices": [{"value": "m", "texts": {"en": "Medium"}}, {"value": "l", "texts": {"en": "Large"}}],
}  # fmt: skip


@pytest.fixture
async def shop(database: Database, vault: Vault) -> Shop:
    return await open_shop(database, vault, automatic=True)


async def reasons(http: httpx2.AsyncClient, shop: Shop) -> dict[str, dict[str, Any]]:
    answer = await http.get("/reasons", headers=shop.merchant.headers())
    return {one["code"]: one for one in answer.json()["items"]}


async def added(http: httpx2.AsyncClient, shop: Shop, code: str, **more: Any) -> dict[str, Any]:
    answer = await send(http, shop, "/reasons", {"code": code, "texts": {"en": code.title()}} | more)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def asking(shop: Shop, reason: str, **more: Any) -> dict[str, Any]:
    body = wish(shop)
    body["lines"][0] |= {"reason": reason} | more
    return body


async def test_every_store_begins_with_the_codes_that_policies_know(http: httpx2.AsyncClient, shop: Shop) -> None:
    found = await reasons(http, shop)

    parents = {one["id"]: code for code, one in found.items()}
    assert {code: parents.get(one["parent_id"]) for code, one in found.items()} == {
        "fit": None, "too_small": "fit", "too_large": "fit",
        "quality": None, "not_as_described": "quality", "damaged": "quality", "defective": "quality",
        "wrong_item": None, "changed_mind": None, "other": None,
    }  # fmt: skip
    assert set(REASONS) < set(found)
    assert found["too_small"]["texts"] == {"en": "Too small", "de": "Zu klein", "ar": "صغير جدًا"}


async def test_a_reason_of_ones_own_asks_its_questions_and_the_policy_sees_its_group(
    http: httpx2.AsyncClient, shop: Shop
) -> None:
    group = (await reasons(http, shop))["fit"]
    await added(http, shop, "narrow", parent_id=group["id"], standard_group="fit", questions=[SIZE], note_required=True)

    silent = await send(http, shop, "/returns", asking(shop, "narrow"))
    wrong = await send(http, shop, "/returns", asking(shop, "narrow", note="Tight", answers={"size": "xl"}))
    quote = (await send(http, shop, "/quotes", asking(shop, "narrow"))).json()
    made = (await send(http, shop, "/returns", asking(shop, "narrow", note="Tight", answers={"size": "l"}))).json()

    assert code_of(silent) == (422, "note_required")
    assert [one["field"] for one in silent.json()["objections"]] == ["lines[0].note", "lines[0].answers.size"]
    assert code_of(wrong) == (422, "answer_not_accepted")
    wanted = quote["lines"][0]["wanted"]
    assert (wanted["note"], [(one["id"], one["choices"]) for one in wanted["questions"]]) == (
        True,
        [("size", ["m", "l"])],
    )
    assert (made["status"], made["lines"][0]["reason"]) == ("approved", "narrow")
    whole = await read(http, shop, f"/returns/{made['id']}")
    assert whole["decision"][0]["facts"]["values"]["line.reason_group"] == "fit"


async def test_a_photo_that_a_reason_asks_for_is_demanded(http: httpx2.AsyncClient, shop: Shop) -> None:
    await added(http, shop, "torn", questions=[{"id": "seam", "kind": "photo", "texts": {"en": "Show the seam"}}])

    refused = await send(http, shop, "/returns", asking(shop, "torn"))

    assert code_of(refused) == (422, "photos_required")
    assert (await read(http, shop, "/returns"))["items"] == []


async def test_archived_codes_and_codes_of_nobody_stay_valid_and_ask_nothing(
    http: httpx2.AsyncClient, shop: Shop
) -> None:
    made = await added(http, shop, "torn", note_required=True)
    archived = await send(http, shop, f"/reasons/{made['id']}/archive", {})
    assert archived.json()["archived_at"] is not None

    first = await send(http, shop, "/returns", asking(shop, "torn"))
    second = await send(http, shop, "/returns", asking(shop, "never_heard_of"))

    assert (first.status_code, second.status_code) == (201, 201)
    assert code_of(await send(http, shop, "/reasons", {"code": "torn", "texts": {"en": "x"}})) == (
        409,
        "already_exists",
    )
    assert (await send(http, shop, f"/reasons/{made['id']}/restore", {})).json()["archived_at"] is None


async def test_reasons_are_said_anew_moved_and_told(http: httpx2.AsyncClient, shop: Shop) -> None:
    found = await reasons(http, shop)
    large, fit = found["too_large"], found["fit"]

    up = await send(http, shop, f"/reasons/{large['id']}/move", {"up": True})
    top = await send(http, shop, f"/reasons/{large['id']}/move", {"up": True})
    said = {"texts": {"en": "Too wide"}, "parent_id": fit["id"], "platform_reason": "SIZE_TOO_LARGE"}
    changed = await send(http, shop, f"/reasons/{large['id']}", said | {"expect_version": up.json()["version"]})
    stale = await send(http, shop, f"/reasons/{large['id']}", said | {"expect_version": 1})
    same = await send(http, shop, f"/reasons/{large['id']}", said)

    assert (up.json()["position"], top.json()["version"]) == (2, up.json()["version"])
    assert list(await reasons(http, shop))[:3] == ["fit", "too_large", "too_small"]
    assert (changed.json()["texts"], changed.json()["standard_group"]) == ({"en": "Too wide"}, "other")
    assert code_of(stale) == (409, "state_changed")
    assert same.json()["version"] == changed.json()["version"]
    events = (await read(http, shop, "/events?limit=200"))["items"]
    told = [
        (one["type"], one["data"]["code"], one["data"].get("changed")) for one in events if one["type"][:6] == "reason"
    ]
    assert told == [
        ("reason.changed", "too_small", ["position"]),
        ("reason.changed", "too_large", ["position"]),
        ("reason.changed", "too_large", ["standard_group", "texts", "platform_reason"]),
    ]


async def test_what_may_not_be_is_refused_and_nothing_changes(
    http: httpx2.AsyncClient, database: Database, vault: Vault, shop: Shop
) -> None:
    found, stranger = await reasons(http, shop), await open_shop(database, vault)
    fit, small = found["fit"], found["too_small"]

    answers = [
        await send(http, shop, f"/reasons/{fit['id']}/archive", {}),
        await send(http, shop, "/reasons", {"code": "deep", "texts": {"en": "x"}, "parent_id": small["id"]}),
        await send(http, shop, "/reasons", {"code": "nameless", "texts": {"de": "x"}}),
        await send(http, shop, "/reasons", {"code": "No", "texts": {"en": "x"}}),
        await send(http, stranger, f"/reasons/{fit['id']}", {"texts": {"en": "x"}}),
        await send(http, shop, "/reasons", {"code": "a", "texts": {"en": "x"}}, role=Role.AGENT),
    ]

    assert [code_of(answer) for answer in answers] == [
        (409, "reason_in_use"), (422, "parent_not_usable"), (422, "name_missing"), (422, "invalid_request"),
        (404, "reason_not_found"), (403, "forbidden"),
    ]  # fmt: skip
    assert await reasons(http, shop) == found


async def test_something_to_choose_always_stays(http: httpx2.AsyncClient, shop: Shop) -> None:
    found = await reasons(http, shop)
    children = [one for one in found.values() if one["parent_id"]]
    groups = [one for one in found.values() if not one["parent_id"] and one["code"] != "other"]
    for one in children + groups:
        assert (await send(http, shop, f"/reasons/{one['id']}/archive", {})).status_code == 200

    last = await send(http, shop, f"/reasons/{found['other']['id']}/archive", {})
    back = await send(http, shop, f"/reasons/{children[0]['id']}/restore", {})

    assert code_of(last) == (409, "last_reason")
    assert back.json()["parent_id"] is None  # its group is in the archive, so it stands by itself
    moved = await send(http, shop, f"/reasons/{children[1]['id']}/move", {"up": True})
    said = await send(http, shop, f"/reasons/{children[1]['id']}", {"texts": {"en": "x"}})
    assert [code_of(answer) for answer in (moved, said)] == [(409, "move_not_allowed")] * 2


async def test_what_the_platform_calls_a_reason_goes_with_the_return(
    http: httpx2.AsyncClient, database: Database, shop: Shop
) -> None:
    await added(http, shop, "narrow", platform_reason="SIZE_TOO_SMALL")
    made = (await send(http, shop, "/returns", asking(shop, "narrow"))).json()
    plain = (await send(http, shop, "/returns", asking(shop, "too_large"))).json()

    async with database.tx(shop.merchant.tenant_id) as db:
        records = [await returns.load(db, UUID(one["id"])) for one in (made, plain)]

    assert [one.rma.lines[0].platform_reason for one in records if one] == ["size_too_small", None]
