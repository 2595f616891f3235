"""Fees waived, promised and paid, and the paper of a return over the API; and bodies that claim what is not theirs."""

from dataclasses import replace
from typing import Any

import httpx2
import pytest

from retour.core.account import Role
from retour.core.policy.outcome import (
    AnswerKind,
    Fee,
    FeePer,
    Fees,
    MethodKind,
    MethodOffer,
    Methods,
    Question,
    Requirements,
)
from retour.core.policy.template import template
from retour.flows import policy
from retour.store.db import Database
from retour.store.vault import Vault
from tests.doors.api.a_return import Shop, open_shop, read, send, wish
from tests.doors.api.conftest import code_of
from tests.stories.house import now
from tests.web.pdf_text import text_of

pytestmark = pytest.mark.anyio
LABEL = MethodOffer(MethodKind.LABEL, fee=Fee(fixed_minor=490, per=FeePer.PARCEL))


@pytest.fixture
async def shop(database: Database, vault: Vault) -> Shop:
    shop = await open_shop(database, vault, automatic=True)
    await publish(database, shop)
    return shop


async def publish(database: Database, shop: Shop, **defaults: Any) -> None:
    document = template(automatic=True)
    said: dict[str, Any] = {
        "methods": Methods((LABEL, MethodOffer(MethodKind.DROP_OFF))),
        "fees": Fees(return_fee=Fee(fixed_minor=100, per=FeePer.RETURN)),
    }
    document = replace(document, currency="EUR", defaults=replace(document.defaults, **{**said, **defaults}))
    async with database.tx(shop.merchant.tenant_id) as db:
        await policy.publish(db, store_id=shop.merchant.stores["main"], document=document, actor="cli", now=now())


async def asked(http: httpx2.AsyncClient, shop: Shop, **more: Any) -> dict[str, Any]:
    answer = await send(http, shop, "/returns", wish(shop, **more))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_quote_knows_the_fee_of_the_way_and_what_is_wanted(http: httpx2.AsyncClient, shop: Shop) -> None:
    headers = shop.merchant.headers()
    by_label = (await http.post("/quotes", json=wish(shop), headers=headers)).json()
    by_hand = (await http.post("/quotes", json=wish(shop, method="drop_off"), headers=headers)).json()

    assert (by_label["total_minor"], by_hand["total_minor"]) == (410, 900)
    assert by_label["review"] == []
    (line,) = by_label["lines"]
    assert (line["method"], line["settle_on"], line["settle_after_hours"]) == ("label", "inspected", 0)
    assert line["wanted"] == {"photos": 0, "note": False, "questions": []}
    (plan,) = by_label["plans"]
    assert plan["rows_total_minor"] == plan["total_minor"] == 410
    assert [(row["code"], row["amount_minor"]) for row in plan["rows"] if row["adds"]] == [
        ("units", 1_000), ("label_fee", -490), ("return_fee", -100)
    ]  # fmt: skip


async def test_what_was_promised_and_what_is_paid_are_told_with_every_cent_between(
    http: httpx2.AsyncClient, shop: Shop
) -> None:
    made = await asked(http, shop, method="label")
    at, line = f"/returns/{made['id']}", made["lines"][0]["id"]
    before = await read(http, shop, f"{at}/settlements")
    assert (before["promised_minor"], before["paid_minor"], before["is_over"]) == (410, 0, False)
    assert before["settlements"] == []

    waived = await send(http, shop, f"{at}/waive-fees", {"kind": "label", "reason": "our mistake"}, role=Role.AGENT)
    assert waived.status_code == 200, waived.text
    await send(http, shop, f"{at}/receive", {"lines": [{"line_id": line, "quantity": 1}]})
    verdict = {"line_id": line, "quantity": 1, "grade": "damaged", "accepted": True, "deduction_basis_points": 2_000}
    done = await send(http, shop, f"{at}/inspect", {"lines": [verdict]})
    assert done.status_code == 200, done.text

    told = await read(http, shop, f"{at}/settlements")

    assert (told["promised_minor"], told["paid_minor"]) == (410, 700)
    parts = [(part["code"], part["ref"], part["amount_minor"]) for part in told["difference"]]
    assert parts == [("grade_deduction", "line-1", -200), ("fee", "label_fee", 490)]
    (settlement,) = told["settlements"]
    assert (settlement["total_minor"], settlement["moment"], settlement["not_before"]) == (700, "inspected", None)
    rows = [
        (row["code"], row["amount_minor"], row["reason"])
        for row in settlement["plan"]["rows"]
        if row["code"] == "waived"
    ]
    assert rows == [("waived", 490, "our mistake")]


async def test_a_fee_is_waived_once_by_the_desk_alone_and_with_a_reason(http: httpx2.AsyncClient, shop: Shop) -> None:
    at = f"/returns/{(await asked(http, shop))['id']}/waive-fees"

    assert code_of(await send(http, shop, at, {"reason": "x"}, role=Role.WAREHOUSE)) == (403, "forbidden")
    assert code_of(await send(http, shop, at, {"reason": ""}))[0] == 422
    assert code_of(await send(http, shop, at, {"kind": "everything", "reason": "x"}))[0] == 422
    assert code_of(await send(http, shop, at, {"reason": "x", "expect_version": 99})) == (409, "state_changed")
    assert (await send(http, shop, at, {"reason": "x"})).status_code == 200
    assert code_of(await send(http, shop, at, {"reason": "y"}))[1] == "already_waived"


@pytest.mark.parametrize("language", ["en", "de", "ar", None])
async def test_the_paper_is_a_pdf_in_the_language_that_was_asked_for(
    http: httpx2.AsyncClient, shop: Shop, language: str | None
) -> None:
    made = await asked(http, shop)
    query = f"?language={language}" if language else ""

    answer = await http.get(f"/returns/{made['id']}/explanation.pdf{query}", headers=shop.merchant.headers())

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert made["number"] in text_of(answer.content).replace("\n", "")


async def test_a_paper_of_nothing_or_in_no_language_is_refused(http: httpx2.AsyncClient, shop: Shop) -> None:
    made = await asked(http, shop)
    headers = shop.merchant.headers()

    assert code_of(await http.get(f"/returns/{shop.order_id}/explanation.pdf", headers=headers))[0] == 404
    wrong = await http.get(f"/returns/{made['id']}/explanation.pdf?language=xx", headers=headers)
    assert code_of(wrong)[0] in (400, 422)
    assert code_of(await http.get(f"/returns/{shop.order_id}/settlements", headers=headers))[0] == 404


async def test_questions_are_demanded_and_their_answers_kept(
    http: httpx2.AsyncClient, shop: Shop, database: Database
) -> None:
    fit = Question("fit", "How does it fit?", AnswerKind.CHOICE, ("tight", "loose"))
    await publish(database, shop, requirements=Requirements(questions=(fit,)))

    missing = await send(http, shop, "/returns", wish(shop))
    assert code_of(missing) == (422, "answer_required")
    assert missing.json()["field"] == "lines[0].answers.fit"
    line = {**wish(shop)["lines"][0], "answers": {"fit": "loose"}}

    made = await send(http, shop, "/returns", {**wish(shop), "lines": [line]})

    assert made.status_code == 201, made.text
    async with database.tx(shop.merchant.tenant_id) as db:
        assert await db.fetchval("SELECT answers FROM return_line") == {"fit": "loose"}


# --- bodies that claim what is not theirs -----------------------------------------------------------------------------

FORGED_LINES: list[dict[str, Any]] = [
    {"price": 1}, {"amount_minor": 99_999}, {"fee": 0}, {"bonus": {"bp": 10_000}}, {"share_bp": 20_000},
    {"settle_on": "approved"}, {"decision": "approved"}, {"accepted": True},
]  # fmt: skip
FORGED_BODIES: list[dict[str, Any]] = [
    {"total_minor": 99_999}, {"promised": {}}, {"fees": []}, {"waived": True}, {"status": "approved"},
    {"policy_version_id": "x"}, {"kind": "withdrawal"}, {"channel": "dashboard"},
]  # fmt: skip


async def nothing_was_made(http: httpx2.AsyncClient, shop: Shop) -> bool:
    return (await read(http, shop, "/returns"))["items"] == []


@pytest.mark.parametrize("forged", FORGED_LINES, ids=lambda forged: next(iter(forged)))
async def test_a_line_that_names_its_own_terms_is_refused(
    http: httpx2.AsyncClient, shop: Shop, forged: dict[str, Any]
) -> None:
    line = {**wish(shop)["lines"][0], **forged}

    assert code_of(await send(http, shop, "/returns", {**wish(shop), "lines": [line]}))[0] == 422
    assert await nothing_was_made(http, shop)


@pytest.mark.parametrize("forged", FORGED_BODIES, ids=lambda forged: next(iter(forged)))
async def test_a_body_that_names_its_own_outcome_is_refused(
    http: httpx2.AsyncClient, shop: Shop, forged: dict[str, Any]
) -> None:
    assert code_of(await send(http, shop, "/returns", {**wish(shop), **forged}))[0] == 422
    assert await nothing_was_made(http, shop)


@pytest.mark.parametrize(
    ("line", "body", "code"),
    [
        ({"resolution": "store_credit"}, {}, "resolution_not_offered"),
        ({"resolution": "keep_item"}, {}, "resolution_not_offered"),
        ({"resolution_ref": "0192f0c1-2b3c-7d4e-8f50-617283940516"}, {}, "resolution_not_offered"),
        ({"quantity": 3}, {}, None),
        ({"line_ref": "line-2"}, {}, None),
        ({}, {"method": "keep_item"}, "method_not_offered"),
        ({}, {"method": "own_carrier"}, "method_not_offered"),
        ({}, {"plan_hash": "0" * 64}, "plan_changed"),
    ],
)
async def test_what_the_policy_does_not_offer_is_refused_and_nothing_is_made(
    http: httpx2.AsyncClient, shop: Shop, line: dict[str, Any], body: dict[str, Any], code: str | None
) -> None:
    forged = {**wish(shop), **body, "lines": [{**wish(shop)["lines"][0], **line}]}

    status, told = code_of(await send(http, shop, "/returns", forged))

    assert status in (404, 409, 422)
    assert code in (None, told)
    assert await nothing_was_made(http, shop)


async def test_the_hash_of_a_cheaper_way_does_not_pay_for_another(http: httpx2.AsyncClient, shop: Shop) -> None:
    quote = (await http.post("/quotes", json=wish(shop, method="drop_off"), headers=shop.merchant.headers())).json()

    forged = await send(http, shop, "/returns", wish(shop, method="label", plan_hash=quote["plan_hash"]))

    assert code_of(forged) == (409, "plan_changed")
    assert await nothing_was_made(http, shop)
