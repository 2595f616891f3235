"""Intakes over the API: sent in once, decided by people, and sources with secrets of their own."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest

from retour.core.account import Role
from retour.core.intake import SCHEMAS
from retour.store import order as orders
from retour.store.db import Database
from retour.store.vault import Vault
from tests.core.intake.papers import a_return
from tests.doors.api.a_return import Shop, open_shop
from tests.doors.api.conftest import code_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(database: Database, vault: Vault) -> Shop:
    return await open_shop(database, vault)


async def post(http: httpx2.AsyncClient, shop: Shop, path: str, body: Any = None, role: Role = Role.OWNER) -> Any:
    headers = shop.merchant.headers(role, Idempotency_Key=str(uuid4()))
    return await http.post(path, json={} if body is None else body, headers=headers)


async def get(http: httpx2.AsyncClient, shop: Shop, path: str) -> Any:
    return await http.get(path, headers=shop.merchant.headers())


async def document(database: Database, shop: Shop, **changes: Any) -> dict[str, Any]:
    """Return a document about the shop's order, by its id on the platform."""
    async with database.tx(shop.merchant.tenant_id) as db:
        record = await orders.load(db, shop.order_id)
    assert record is not None
    line = record.order.lines[0]
    return a_return(
        order={"id": record.order.ref}, customer={}, items=[{"line": line.ref, "quantity": 1}]
    ) | changes  # fmt: skip


async def test_a_return_that_is_clear_is_opened_and_the_same_id_is_the_same_return(
    http: httpx2.AsyncClient, database: Database, shop: Shop
) -> None:
    body = {"document": await document(database, shop)}

    first, again = await post(http, shop, "/intakes", body), await post(http, shop, "/intakes", body)

    assert (first.status_code, first.json()["state"], first.json()["order_id"]) == (201, "opened", str(shop.order_id))
    assert again.json() == first.json()
    made = (await get(http, shop, f"/returns/{first.json()['return_id']}")).json()
    assert made["channel"] == "api"
    assert made["number"] == first.json()["return_number"]


async def test_a_wrong_document_is_refused_with_its_fields_and_leaves_nothing(
    http: httpx2.AsyncClient, database: Database, shop: Shop
) -> None:
    answer = await post(http, shop, "/intakes", {"document": await document(database, shop, status="lost")})

    assert code_of(answer) == (422, "invalid_document")
    assert answer.json()["field"] == "status"
    assert (await get(http, shop, "/intakes")).json()["items"] == []


async def test_what_waits_is_opened_on_the_order_that_somebody_chooses_once(
    http: httpx2.AsyncClient, database: Database, shop: Shop
) -> None:
    body = {"document": await document(database, shop, order={"number": "#unknown"})}
    parked = (await post(http, shop, "/intakes", body)).json()
    assert (parked["state"], parked["why"]) == ("waiting", "order_not_found")
    listed = (await get(http, shop, "/intakes?state=waiting")).json()["items"]
    assert [one["id"] for one in listed] == [parked["id"]]

    elsewhere = await post(http, shop, f"/intakes/{parked['id']}/choose", {"order_id": str(uuid4())})
    chosen = await post(http, shop, f"/intakes/{parked['id']}/choose", {"order_id": str(shop.order_id)})
    twice = await post(http, shop, f"/intakes/{parked['id']}/choose", {"order_id": str(shop.order_id)})

    assert code_of(elsewhere) == (404, "order_not_found")
    assert chosen.json()["state"] == "opened"
    assert code_of(twice) == (409, "already_decided")
    whole = (await get(http, shop, f"/intakes/{parked['id']}")).json()
    assert whole["document"]["id"] == "EXT-1"


async def test_what_is_dismissed_says_why_and_stays_dismissed(
    http: httpx2.AsyncClient, database: Database, shop: Shop
) -> None:
    unknown = {"number": "#unknown"}
    parked = (await post(http, shop, "/intakes", {"document": await document(database, shop, order=unknown)})).json()

    empty = await post(http, shop, f"/intakes/{parked['id']}/dismiss", {"reason": "  "})
    gone = await post(http, shop, f"/intakes/{parked['id']}/dismiss", {"reason": "A test"})
    newer = await document(database, shop, updated_at="2026-03-01T10:00:00Z")
    again = await post(http, shop, "/intakes", {"document": newer})

    assert code_of(empty)[0] == 422
    assert (gone.json()["state"], gone.json()["reason"]) == ("dismissed", "A test")
    assert again.json()["state"] == "dismissed"
    assert code_of(await get(http, shop, f"/intakes/{uuid4()}")) == (404, "intake_not_found")


async def test_only_a_parcel_is_joined_to_a_return(http: httpx2.AsyncClient, database: Database, shop: Shop) -> None:
    opened = (await post(http, shop, "/intakes", {"document": await document(database, shop)})).json()
    unknown = await document(database, shop, id="EXT-2", order={"number": "#unknown"})
    parked = (await post(http, shop, "/intakes", {"document": unknown})).json()

    answer = await post(http, shop, f"/intakes/{parked['id']}/join", {"return_id": opened["return_id"]})
    decided = await post(http, shop, f"/intakes/{opened['id']}/join", {"return_id": opened["return_id"]})

    assert code_of(answer)[1] == "not_a_parcel"
    assert code_of(decided) == (409, "already_decided")
    assert (await get(http, shop, f"/intakes/{parked['id']}")).json()["state"] == "waiting"


async def test_the_schemas_are_read_at_an_address(http: httpx2.AsyncClient, shop: Shop) -> None:
    answer = await get(http, shop, "/intake-schemas")

    assert answer.json()["schemas"] == SCHEMAS


async def test_a_source_is_added_with_a_secret_that_is_shown_once(http: httpx2.AsyncClient, shop: Shop) -> None:
    made = (await post(http, shop, "/sources", {"name": "ERP"})).json()
    twice = await post(http, shop, "/sources", {"name": "ERP"})
    forbidden = await post(http, shop, "/sources", {"name": "Other"}, Role.AGENT)
    listed = (await get(http, shop, "/sources")).json()["items"]
    second = (await post(http, shop, f"/sources/{made['id']}/rotate")).json()["secret"]
    key = {"Idempotency-Key": str(uuid4())}
    removed = await http.delete(f"/sources/{made['id']}", headers=shop.merchant.headers() | key)

    assert made["secret"].startswith("whsec_")
    assert made["path"] == f"/hooks/feed/{made['id']}"
    assert code_of(twice) == (409, "already_exists")
    assert code_of(forbidden) == (403, "forbidden")
    assert listed == [{key: value for key, value in made.items() if key != "secret"}]
    assert second != made["secret"]
    assert removed.status_code == 204
    assert (await get(http, shop, "/sources")).json()["items"] == []
    assert code_of(await post(http, shop, f"/sources/{made['id']}/rotate")) == (404, "source_not_found")


async def test_a_file_is_previewed_and_imported_and_text_becomes_a_draft(
    http: httpx2.AsyncClient, database: Database, shop: Shop
) -> None:
    body = await document(database, shop)
    line, order = body["items"][0]["line"], body["order"]["id"]
    file = {"csv": f"id,created_at,order_id,line,quantity\nA,2026-02-28,{order},{line},1\nB,never,x,{line},1\n"}

    seen = (await post(http, shop, "/intake-imports/preview", file)).json()
    nothing = (await get(http, shop, "/intakes")).json()["items"]
    done = (await post(http, shop, "/intake-imports", file)).json()
    bad = await post(http, shop, "/intake-imports", {"csv": "colour"})
    text = await post(http, shop, "/intake-texts", {"text": "order #1001 is too small", "reference": "T-1"})

    assert nothing == []
    assert [row["outcome"] for row in seen["rows"]] == [row["outcome"] for row in done["rows"]] == ["opened", "refused"]
    assert (done["opened"], done["waiting"], done["refused"]) == (1, 0, 1)
    assert done["rows"][1]["objections"][0]["field"] == "line 3.created_at"
    assert code_of(bad) == (422, "file_invalid")
    assert (text.status_code, text.json()["channel"], text.json()["state"]) == (201, "desk", "waiting")
    whole = (await get(http, shop, f"/intakes/{text.json()['id']}")).json()
    assert [one["field"] for one in whole["read"]] == ["order_number", "reason"]


async def test_a_source_that_is_asked_tells_where_and_how_it_stands(http: httpx2.AsyncClient, shop: Shop) -> None:
    plain = await post(http, shop, "/sources", {"name": "Plain", "asked": {"url": "http://erp.example"}})
    inside = await post(http, shop, "/sources", {"name": "Inside", "asked": {"url": "https://10.0.0.7/returns"}})
    nul = await post(http, shop, "/sources", {"name": "NUL", "asked": {"url": "https://erp.example/\0"}})
    made = (await post(http, shop, "/sources", {"name": "ERP", "asked": {"url": "https://erp.example/returns"}})).json()

    assert code_of(plain) == (422, "invalid_url")
    assert code_of(inside) == (422, "internal_url")
    assert code_of(nul) == (422, "invalid_text")
    assert [one["name"] for one in (await get(http, shop, "/sources")).json()["items"]] == ["ERP"]
    assert (made["asked_url"], made["asked_at"], made["problem"]) == ("https://erp.example/returns", None, None)


async def test_which_returns_are_told_to_a_source_is_said_by_an_owner(http: httpx2.AsyncClient, shop: Shop) -> None:
    made = (await post(http, shop, "/sources", {"name": "Preferred"})).json()
    at = f"/sources/{made['id']}/push"
    wish = {"url": "https://returns.example/in", "kinds": ["return", "claim"]}
    first = (await post(http, shop, at, wish)).json()
    again = (await post(http, shop, at, wish | {"moment": "approved"})).json()
    listed = (await get(http, shop, "/sources")).json()["items"]
    never = (await post(http, shop, at, {})).json()

    assert first["secret"].startswith("whsec_")
    assert (first["url"], first["kinds"], first["moment"]) == (wish["url"], wish["kinds"], "requested")
    assert (again["secret"], again["moment"]) == (None, "approved")
    assert [(one["push_url"], one["push_kinds"]) for one in listed] == [(wish["url"], wish["kinds"])]
    assert never == {"url": None, "kinds": [], "moment": "requested", "secret": None}
    plain = await post(http, shop, at, {"url": "http://returns.example", "kinds": ["return"]})
    inside = await post(http, shop, at, {"url": "https://returns.internal/in", "kinds": ["return"]})
    twice = await post(http, shop, at, wish | {"kinds": ["return", "return"]})
    assert code_of(inside) == (422, "internal_url")
    assert code_of(plain) == (422, "invalid_url")
    assert code_of(twice) == (422, "invalid_kind")
    assert code_of(await post(http, shop, at, wish, Role.AGENT)) == (403, "forbidden")
    assert (await get(http, shop, "/sources")).json()["items"][0]["push_kinds"] == []
