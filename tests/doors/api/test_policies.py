"""Policies over the API: drafted, published, compared, checked and explained."""

from copy import deepcopy
from typing import Any

import httpx2
import pytest

from retour.core.account import Role
from retour.core.policy import encode, template
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop, read, send, wish
from tests.doors.api.conftest import code_of

pytestmark = pytest.mark.anyio
PLAIN: dict[str, Any] = encode(template())
FINAL_SALE = "final-sale"


@pytest.fixture
async def shop(database: Database, vault: Vault) -> Shop:
    return await open_shop(database, vault)


def renamed(name: str, **changes: Any) -> dict[str, Any]:
    return {**deepcopy(PLAIN), "name": name, **changes}


async def drafted(http: httpx2.AsyncClient, shop: Shop, **given: Any) -> Any:
    answer = await send(http, shop, "/policies", given)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def states(http: httpx2.AsyncClient, shop: Shop) -> list[tuple[int, str, str]]:
    return [(v["version"], v["state"], v["name"]) for v in (await read(http, shop, "/policies"))["items"]]


async def test_a_draft_is_imported_saved_published_and_reverted(http: httpx2.AsyncClient, shop: Shop) -> None:
    draft = await drafted(http, shop, document=renamed("Second"))
    saved = await send(http, shop, f"/policies/{draft['id']}/document", {"document": renamed("Better"), "revision": 1})
    late = await send(http, shop, f"/policies/{draft['id']}/document", {"document": renamed("Lost"), "revision": 1})
    out = await send(http, shop, f"/policies/{draft['id']}/publish", {"after": 1, "revision": 2})
    listed = (await read(http, shop, "/policies"))["items"]
    back = await send(http, shop, f"/policies/{listed[1]['id']}/revert", {"after": 2})

    assert (draft["version"], draft["state"], draft["revision"]) == (2, "draft", 1)
    assert (saved.json()["revision"], saved.json()["name"]) == (2, "Better")
    assert code_of(late) == (409, "state_changed")
    assert late.json()["facts"]["revision"] == 2
    assert (out.json()["state"], out.json()["document"]["name"]) == ("published", "Better")
    assert (back.json()["version"], back.json()["origin_version"]) == (3, 1)
    assert await states(http, shop) == [
        (3, "published", PLAIN["name"]), (2, "retired", "Better"), (1, "retired", PLAIN["name"]),
    ]  # fmt: skip


async def test_the_export_of_a_version_is_what_an_import_takes(http: httpx2.AsyncClient, shop: Shop) -> None:
    (version,) = (await read(http, shop, "/policies"))["items"]
    exported = (await read(http, shop, f"/policies/{version['id']}"))["document"]

    draft = await drafted(http, shop, document=exported)

    assert exported == PLAIN
    assert exported["format"] == 1
    assert draft["document"] == exported
    changes = await read(http, shop, f"/policies/{draft['id']}/changes?before=1")
    assert changes == {"before": 1, "after": 2, "items": []}


async def test_a_wrong_document_is_refused_with_its_field_and_the_published_version_stays(
    http: httpx2.AsyncClient, shop: Shop
) -> None:
    wrong = renamed("Wrong")
    wrong["rules"][0]["when"]["fact"] = "order.moon"
    answers = [
        await send(http, shop, "/policies", {"document": wrong}),
        await send(http, shop, "/policies/check", {"document": wrong}),
        await send(http, shop, "/policies/explain", {"document": wrong, "order": "#1001"}),
    ]

    for answer in answers:
        assert code_of(answer) == (422, "unknown_fact")
        assert answer.json()["field"] == "document.rules[0].when.fact"
        assert answer.json()["facts"] == {"rule": "gift-cards", "rule_name": "Gift cards never come back"}
    assert await states(http, shop) == [(1, "published", PLAIN["name"])]


async def test_drafts_are_discarded_and_what_is_no_draft_is_not(http: httpx2.AsyncClient, shop: Shop) -> None:
    draft = await drafted(http, shop, template="eu-withdrawal")
    (_, version) = (await read(http, shop, "/policies"))["items"]
    headers = shop.merchant.headers(idempotency_key="gone-1")

    gone = await http.delete(f"/policies/{draft['id']}", headers=headers)
    other = await http.delete(f"/policies/{version['id']}", headers=headers | {"idempotency-key": "gone-2"})
    missing = await http.get(f"/policies/{shop.order_id}", headers=shop.merchant.headers())

    assert gone.status_code == 204
    assert code_of(other) == (409, "state_changed")
    assert code_of(missing) == (404, "policy_not_found")
    assert await states(http, shop) == [(1, "published", PLAIN["name"])]


@pytest.mark.parametrize(
    ("path", "body", "code", "field"),
    [
        ("/policies", {"template": "x"}, (404, "template_not_found"), "template"),
        ("/policies", {"template": "warranty", "from_version": 1}, (422, "too_much_given"), "document"),
        ("/policies", {"from_version": 9}, (404, "policy_not_found"), None),
        ("/policies", {"document": {}}, (422, "missing_field"), "document.format"),
        ("/policies", {"document": []}, (422, "invalid_request"), "document"),
        ("/policies/check", {"version": 9}, (404, "policy_not_found"), "version"),
        ("/policies/check", {"version": 1, "document": PLAIN}, (422, "too_much_given"), "document"),
        ("/policies/explain", {}, (422, "incomplete"), "order"),
        ("/policies/explain", {"order": "#1", "return_number": "R-1"}, (422, "incomplete"), "order"),
        ("/policies/explain", {"return_number": "1", "version": 1}, (422, "too_much_given"), "return_number"),
        ("/policies/explain", {"return_number": "R-987654"}, (404, "return_not_found"), None),
        ("/policies/explain", {"order": "#9"}, (404, "order_not_found"), "order"),
        (
            "/policies/explain",
            {"order": "#1001", "lines": [{"line_ref": "x"}]},
            (404, "line_not_found"),
            "lines[0].line_ref",
        ),
    ],
)
async def test_what_cannot_be_done_is_refused_with_its_field(
    http: httpx2.AsyncClient, shop: Shop, path: str, body: Any, code: tuple[int, str], field: str | None
) -> None:
    answer = await send(http, shop, path, body)

    assert code_of(answer) == code
    assert answer.json().get("field") == field


async def test_agents_look_and_owners_change(http: httpx2.AsyncClient, shop: Shop) -> None:
    looked = await send(http, shop, "/policies/check", {}, role=Role.AGENT)
    drafted_by_agent = await send(http, shop, "/policies", {}, role=Role.AGENT)
    looked_by_warehouse = await send(http, shop, "/policies/explain", {"order": "#1001"}, role=Role.WAREHOUSE)

    assert (looked.status_code, looked.json()) == (200, {"items": []})
    assert code_of(drafted_by_agent) == (403, "forbidden")
    assert code_of(looked_by_warehouse) == (403, "forbidden")


async def test_a_check_tells_what_is_wrong_with_an_order_that_shows_it(http: httpx2.AsyncClient, shop: Shop) -> None:
    rules = [
        {"id": "wide", "name": "Wide", "when": {"fact": "order.total", "op": "gt", "value": 100}, "then": NEVER},
        {"id": "late", "name": "Late", "when": {"fact": "order.total", "op": "gt", "value": 500}, "then": NEVER},
        {"id": "odd", "name": "Odd", "when": {"all": [{"fact": "order.country", "op": "eq", "value": "DE"},
         {"fact": "order.country", "op": "eq", "value": "FR"}]}, "then": NEVER},
    ]  # fmt: skip

    found = (await send(http, shop, "/policies/check", {"document": renamed("x", rules=rules, currency="EUR")})).json()

    assert [(one["kind"], one["severity"], one["rules"], one["groups"]) for one in found["items"]] == [
        ("shadowed", "error", ["late", "wide"], ["eligibility"]),
        ("never_matches", "error", ["odd"], ["eligibility"]),
    ]
    assert found["items"][0]["example"]["values"]["order.total"] == 501
    assert found["items"][1]["conditions"] == rules[2]["when"]["all"]  # type: ignore[index]


NEVER = {"eligibility": {"mode": "never"}}


async def test_an_order_is_explained_condition_by_condition(http: httpx2.AsyncClient, shop: Shop) -> None:
    body = {"order": "1001", "lines": [{"line_ref": "line-1", "quantity": 1, "reason": "too_small"}]}

    told = (await send(http, shop, "/policies/explain", body)).json()
    by_id = (await send(http, shop, "/policies/explain", {**body, "order": str(shop.order_id)})).json()

    assert told == by_id
    assert (told["order_name"], told["version"], told["policy"]) == ("#1001", 1, PLAIN["name"])
    (line,) = told["lines"]
    assert (line["line_ref"], line["eligible"], line["objections"]) == ("line-1", True, [])
    assert line["rulings"]["eligibility"]["rule"] == "default"
    gift_cards, final_sale = line["rules"]
    assert (gift_cards["id"], gift_cards["answer"], gift_cards["decides"]) == ("gift-cards", False, [])
    assert gift_cards["condition"] == {
        "fact": "product.gift_card", "op": "eq", "value": True, "was": False, "answer": False,
    }  # fmt: skip
    assert final_sale["condition"]["was"] == line["facts"]["values"]["product.tags"]


async def test_a_draft_is_tried_on_an_order_before_it_is_published(http: httpx2.AsyncClient, shop: Shop) -> None:
    condition = {"any": [{"not": {"fact": "order.total", "op": "lt", "value": 100}}, {"expression": "order.total > 1"}]}
    rules = [{"id": "none", "name": "None", "when": condition, "then": NEVER}]
    document = renamed("Strict", rules=rules, currency="EUR")
    draft = await drafted(http, shop, document=document)

    by_document = (await send(http, shop, "/policies/explain", {"order": "#1001", "document": document})).json()
    by_version = (await send(http, shop, "/policies/explain", {"order": "#1001", "version": draft["version"]})).json()

    assert (by_document["version"], by_version["version"]) == (None, 2)
    assert by_document["lines"] == by_version["lines"]
    (line,) = by_version["lines"]
    assert (line["eligible"], line["objections"][0]["code"], line["objections"][0]["rule"]) == (
        False, "never_eligible", "none",
    )  # fmt: skip
    assert line["rules"][0]["condition"] == {
        "any": [
            {"not": {"fact": "order.total", "op": "lt", "value": 100, "was": 2000, "answer": False}, "answer": True},
            {"expression": "order.total > 1", "was": {"order.total": 2000}, "answer": True},
        ],
        "answer": True,
    }


async def test_a_return_is_explained_by_the_version_it_was_decided_under(http: httpx2.AsyncClient, shop: Shop) -> None:
    made = (await send(http, shop, "/returns", wish(shop))).json()
    draft = await drafted(http, shop, document=renamed("Strict", rules=[{"id": "no", "name": "No", "then": NEVER}]))
    await send(http, shop, f"/policies/{draft['id']}/publish", {"after": 1})

    told = (await send(http, shop, "/policies/explain", {"return_number": made["number"]})).json()
    now = (await send(http, shop, "/policies/explain", {"order": "#1001"})).json()

    assert (told["version"], told["lines"][0]["eligible"]) == (1, True)
    assert told["lines"][0]["facts"]["values"]["line.reason"] == "too_small"
    assert (now["version"], now["lines"][0]["eligible"]) == (2, False)
    frozen = (await read(http, shop, f"/returns/{made['id']}"))["decision"][0]
    assert frozen["rulings"] == told["lines"][0]["rulings"]


async def test_what_belongs_to_another_store_is_not_explained(http: httpx2.AsyncClient, shop: Shop) -> None:
    made = (await send(http, shop, "/returns", wish(shop))).json()
    outlet = shop.merchant.headers(shop="outlet")
    for body, code in (
        ({"order": str(shop.order_id), "document": PLAIN}, "order_not_found"),
        ({"order": "#1001", "document": PLAIN}, "order_not_found"),
        ({"return_number": made["number"]}, "return_not_found"),
    ):
        assert code_of(await http.post("/policies/explain", json=body, headers=outlet)) == (404, code)


async def test_looking_writes_nothing(http: httpx2.AsyncClient, shop: Shop, database: Database) -> None:
    async def written() -> tuple[int, int]:
        async with database.tx(shop.merchant.tenant_id) as db:
            return await db.fetchval("SELECT count(*) FROM event"), await db.fetchval(
                "SELECT count(*) FROM policy_version"
            )

    before = await written()
    for path, body in (("/policies/check", {}), ("/policies/explain", {"order": "#1001"})):
        assert (await http.post(path, json=body, headers=shop.merchant.headers())).status_code == 200

    assert await written() == before


async def test_templates_and_the_schema_are_published(http: httpx2.AsyncClient, shop: Shop) -> None:
    templates = (await read(http, shop, "/policy-templates"))["items"]
    schema = (await read(http, shop, "/policy-schema"))["schema"]

    assert [one["name"] for one in templates][:2] == ["thirty-days", "thirty-days-automatic"]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for one in templates:
        draft = await drafted(http, shop, template=one["name"])
        assert draft["document"] == one["document"]
        assert (await send(http, shop, "/policies/check", {"document": one["document"]})).status_code == 200
