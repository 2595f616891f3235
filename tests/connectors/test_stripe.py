"""Cards held at Stripe: every answer gets a verdict, nothing happens twice, and its messages are verified."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import pytest

from retour.connectors.http import Http
from retour.connectors.stripe import translate
from retour.connectors.stripe.client import StripeConnector
from retour.connectors.stripe.webhooks import StripeInbound
from retour.core.card import AuthoriseAgain, CaptureCard, CardSeen, CardState, OpenPage, PageState, ReleaseCard
from retour.core.effect import CARD_KINDS, Effect, EffectKind, Target
from retour.core.errors import Refused
from retour.core.ports import Credential, Outcome, Silence, Unreachable, Verdict, WireAnswer
from tests.sandbox.desk import a_sandbox, serving

pytestmark = pytest.mark.anyio

ID = UUID("0192f0c1-2b3c-7d4e-8f50-617283940516")
KEY = "0b0f3c3a-6a0c-5a3a-9d0e-000000000001"
NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
PAGE = OpenPage("hold-1", 1_999, "EUR", "Your new article", "https://shop/done", "https://shop/back")
AGAIN = AuthoriseAgain("hold-1", "cus_1", "pm_1", 1_999, "EUR")
K = EffectKind


def an_effect(kind: EffectKind, target: Target, *, key: str = KEY, reference: str = "R-10001 / 1") -> Effect:
    return Effect(ID, ID, ID, kind, "hold:1", 1, key, 0, reference, target, first_sent_at=datetime.now(UTC))


def an_answer(status: int, said: object, **headers: str) -> WireAnswer:
    return WireAnswer(
        status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(said).encode()
    )


class Desk:
    """The connector and the provider behind HTTP, and what its desk tells."""

    def __init__(self, connector: StripeConnector, at: Credential, cards: Any) -> None:
        self.connector, self.at, self.cards = connector, at, cards

    async def do(self, effect: Effect) -> Outcome:
        return self.connector.classify(effect, await self.connector.send(self.at, self.connector.build(effect)))

    async def read(self, effect: Effect) -> Any:
        return self.connector.read_back(
            effect, await self.connector.send(self.at, self.connector.build_readback(effect))
        )


@asynccontextmanager
async def a_desk() -> AsyncIterator[Desk]:
    sandbox = a_sandbox()
    async with serving(sandbox) as address, Http(internal=True) as http:
        yield Desk(StripeConnector(http), Credential(f"{address}/stripe", "sk_test_sandbox"), sandbox.cards)


async def confirmed(desk: Desk) -> tuple[str, Any]:
    """Open a page, confirm it, and return its ref with what is seen of it."""
    opened = await desk.do(an_effect(K.OPEN_PAGE, PAGE))
    assert opened.far_id is not None
    desk.cards.confirm(opened.far_id)
    return opened.far_id, await desk.connector.see_page(desk.at, ref=opened.far_id)


# --- against the provider ----------------------------------------------------------------------------------------------


async def test_an_amount_is_held_on_a_page_made_anew_captured_in_part_and_let_go() -> None:
    async with a_desk() as desk:
        opened = await desk.do(an_effect(K.OPEN_PAGE, PAGE))
        assert opened.verdict is Verdict.OK
        assert str(opened.result["page_url"]).endswith(f"/stripe/pay/{opened.far_id}")
        before = await desk.connector.see_page(desk.at, ref=str(opened.far_id))
        assert before is not None
        assert before.state is PageState.OPEN

        desk.cards.confirm(opened.far_id)
        seen = await desk.connector.see_page(desk.at, ref=str(opened.far_id))
        assert seen is not None
        assert (seen.state, seen.amount_minor) == (PageState.AUTHORISED, 1_999)
        assert seen.lapses_at is not None
        again = replace(AGAIN, customer_ref=str(seen.customer_ref), method_ref=str(seen.method_ref))
        anew = await desk.do(an_effect(K.AUTHORISE_CARD, again, key="k-2"))
        gone = await desk.do(an_effect(K.RELEASE_CARD, ReleaseCard(str(seen.intent_ref)), key="k-3"))
        taken = await desk.do(an_effect(K.CAPTURE_CARD, CaptureCard(str(anew.far_id), 600), key="k-4"))

        assert (anew.verdict, "lapses_at" in anew.result, gone.verdict) == (Verdict.OK, True, Verdict.OK)
        assert (taken.verdict, taken.amount_minor, desk.cards.captured) == (Verdict.OK, 600, 600)


async def test_a_call_whose_answer_is_lost_is_found_and_happens_once() -> None:
    async with a_desk() as desk:
        _, seen = await confirmed(desk)
        again = replace(AGAIN, customer_ref=seen.customer_ref, method_ref=seen.method_ref)
        effect = an_effect(K.AUTHORISE_CARD, again, key="k-2", reference="R-10001 / 2")
        capture = an_effect(K.CAPTURE_CARD, CaptureCard(seen.intent_ref, 1_999), key="k-3")
        assert (await desk.read(effect)).found == "absent"
        assert (await desk.read(capture)).found == "absent"
        desk.cards.faults = [{"where": "authorise", "how": "lost"}, {"where": "capture", "how": "500"}]

        assert (await desk.do(effect)).verdict is Verdict.UNKNOWN
        assert (await desk.do(capture)).verdict is Verdict.UNKNOWN
        assert (await desk.do(capture)).verdict is Verdict.UNKNOWN  # the error is kept under its key

        found, taken = await desk.read(effect), await desk.read(capture)
        assert (found.found, found.outcome.verdict, taken.outcome.verdict) == ("present", Verdict.OK, Verdict.OK)
        assert (await desk.do(effect)).far_id == found.outcome.far_id
        assert (desk.cards.counts["authorised"], desk.cards.counts["captured"], desk.cards.captured) == (2, 1, 1_999)


async def test_a_card_that_refuses_and_one_that_lapsed_are_refused() -> None:
    async with a_desk() as desk:
        _, seen = await confirmed(desk)
        desk.cards.faults = [{"where": "authorise", "how": "decline"}]
        again = replace(AGAIN, customer_ref=seen.customer_ref, method_ref=seen.method_ref)
        declined = await desk.do(an_effect(K.AUTHORISE_CARD, again, key="k-2"))
        desk.cards.ahead_s = 8 * 86_400
        late = await desk.do(an_effect(K.CAPTURE_CARD, CaptureCard(seen.intent_ref, 1), key="k-3"))
        gone = await desk.do(an_effect(K.RELEASE_CARD, ReleaseCard(seen.intent_ref), key="k-4"))

        assert (declined.verdict, declined.far_code) == (Verdict.REJECTED, "insufficient_funds")
        assert (late.verdict, late.far_code) == (Verdict.REJECTED, "canceled")
        assert (gone.verdict, desk.cards.captured) == (Verdict.OK, 0)


async def test_a_page_is_closed_once_and_one_that_was_confirmed_is_not() -> None:
    async with a_desk() as desk:
        opened = await desk.do(an_effect(K.OPEN_PAGE, PAGE))
        close = an_effect(K.RELEASE_CARD, ReleaseCard(str(opened.far_id), is_page=True), key="k-2")
        assert (await desk.read(close)).found == "absent"
        assert (await desk.do(close)).verdict is Verdict.OK
        seen = await desk.connector.see_page(desk.at, ref=str(opened.far_id))
        assert seen is not None
        assert seen.state is PageState.EXPIRED
        assert (await desk.read(close)).outcome.verdict is Verdict.OK
        ref, _ = await confirmed(replace_key(desk))
        too_late = await desk.do(an_effect(K.RELEASE_CARD, ReleaseCard(ref, is_page=True), key="k-5"))
        assert (too_late.verdict, too_late.far_code) == (Verdict.REJECTED, "session_not_open")


def replace_key(desk: Desk) -> Desk:
    desk.cards.answers.clear()
    return desk


async def test_a_wrong_key_is_told_and_an_unknown_page_is_nothing() -> None:
    async with a_desk() as desk:
        wrong = replace(desk.at, secret="sk_wrong")
        assert await desk.connector.see_page(desk.at, ref="cs_none") is None
        with pytest.raises(Unreachable) as no:
            await desk.connector.see_page(wrong, ref="cs_none")
        assert no.value.needs_reconnect
        effect = an_effect(K.OPEN_PAGE, PAGE)
        answer = await desk.connector.send(wrong, desk.connector.build(effect))
        assert desk.connector.classify(effect, answer).verdict is Verdict.NEEDS_RECONNECT
        assert desk.cards.pages == {}


@pytest.mark.parametrize(
    ("intent", "seen"),
    [
        ({"status": "requires_capture", "amount_received": 0}, CardSeen(CardState.HELD)),
        ({"status": "succeeded", "amount_received": 600}, CardSeen(CardState.TAKEN, 600)),
        ({"status": "succeeded", "amount_received": 0}, CardSeen(CardState.MOVING)),
        ({"status": "succeeded"}, CardSeen(CardState.MOVING)),
        ({"status": "canceled", "cancellation_reason": "fraudulent"}, CardSeen(CardState.LET_GO, why="fraudulent")),
        ({"status": "canceled", "cancellation_reason": None}, CardSeen(CardState.LET_GO)),
        ({"status": "processing"}, CardSeen(CardState.MOVING)),
        ({"status": 3}, CardSeen(CardState.MOVING)),
    ],
)
def test_an_authorisation_is_read_as_it_stands(intent: dict[str, object], seen: CardSeen) -> None:
    assert translate.card_seen(intent) == seen


async def test_an_authorisation_is_seen_before_and_after_somebody_let_it_go_or_captured_it() -> None:
    async with a_desk() as desk:
        seen = []
        for do in (desk.cards.let_go, desk.cards.take):
            _, page = await confirmed(replace_key(desk))
            assert page is not None
            ref = str(page.intent_ref)
            seen.append(await desk.connector.see_card(desk.at, ref=ref))
            do(ref)
            seen.append(await desk.connector.see_card(desk.at, ref=ref))

        assert seen == [
            CardSeen(CardState.HELD), CardSeen(CardState.LET_GO, why="requested_by_customer"),
            CardSeen(CardState.HELD), CardSeen(CardState.TAKEN, 1_999),
        ]  # fmt: skip
        assert await desk.connector.see_card(desk.at, ref="pi_none") is None
        with pytest.raises(Unreachable) as no:
            await desk.connector.see_card(replace(desk.at, secret="sk_wrong"), ref="pi_none")
        assert no.value.needs_reconnect


# --- requests and answers ------------------------------------------------------------------------------------------------


def test_a_page_holds_for_later_use_and_one_that_pays_takes_at_once() -> None:
    held = dict(parse_qsl(translate.build(an_effect(K.OPEN_PAGE, PAGE)).body.decode()))
    paid = dict(parse_qsl(translate.build(an_effect(K.OPEN_PAGE, replace(PAGE, pays=True))).body.decode()))

    assert held["payment_intent_data[capture_method]"] == "manual"
    assert held["payment_intent_data[setup_future_usage]"] == "off_session"
    assert (held["line_items[0][price_data][unit_amount]"], held["metadata[retour_hold]"]) == ("1999", "hold-1")
    assert "payment_intent_data[capture_method]" not in paid
    assert translate.build(an_effect(K.OPEN_PAGE, PAGE)).headers["idempotency-key"] == KEY


@pytest.mark.parametrize(
    ("answer", "verdict", "code"),
    [
        (WireAnswer(silence=Silence.LOST), Verdict.UNKNOWN, "no_answer"),
        (WireAnswer(silence=Silence.NOT_SENT), Verdict.NOT_EXECUTED, "not_reached"),
        (an_answer(429, {}, retry_after="3"), Verdict.NOT_EXECUTED, "429"),
        (an_answer(409, {"error": {"code": "idempotency_key_in_use"}}), Verdict.NOT_EXECUTED, "idempotency_key_in_use"),
        (an_answer(503, {}), Verdict.UNKNOWN, "503"),
        (an_answer(400, {"error": {"type": "idempotency_error"}}), Verdict.UNKNOWN, "400"),
        (an_answer(400, {"error": {"code": "amount_too_large"}}), Verdict.REJECTED, "amount_too_large"),
        (an_answer(402, {"error": {"code": "card_declined", "decline_code": "lost_card"}}), Verdict.REJECTED, "lost_card"),
        (an_answer(200, {"id": "pi_1", "status": "processing"}), Verdict.PENDING, None),
        (an_answer(200, {"id": "pi_1", "status": "requires_action"}), Verdict.REJECTED, "requires_action"),
        (an_answer(200, []), Verdict.UNKNOWN, "no_id"),
    ],
)  # fmt: skip
def test_no_answer_claims_more_than_it_knows(answer: WireAnswer, verdict: Verdict, code: str | None) -> None:
    outcome = translate.classify(an_effect(K.AUTHORISE_CARD, AGAIN), answer)

    assert (outcome.verdict, outcome.far_code) == (verdict, code)


def test_a_list_that_goes_on_is_no_proof_of_absence() -> None:
    effect = an_effect(K.AUTHORISE_CARD, AGAIN)

    assert translate.read_back(effect, an_answer(200, {"data": [], "has_more": True})).found == "inconclusive"
    assert translate.read_back(effect, an_answer(200, {"data": "?"})).found == "inconclusive"
    assert translate.read_back(effect, an_answer(500, {})).found == "inconclusive"
    assert translate.read_back(effect, an_answer(200, {"data": [{"metadata": 3}, 4]})).found == "absent"


def test_every_act_on_cards_is_declared() -> None:
    assert set(StripeConnector.records) == CARD_KINDS


# --- messages --------------------------------------------------------------------------------------------------------------


def signed(body: bytes, secret: bytes = b"whsec_1", at: datetime = NOW) -> dict[str, str]:
    when = str(int(at.timestamp()))
    ours = hmac.new(secret, f"{when}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={when},v1={'0' * 64},v1={ours}"}


def test_a_message_is_authentic_under_one_of_the_secrets_and_near_its_time() -> None:
    inbound, body = StripeInbound(), b'{"id":"evt_1"}'

    assert inbound.verify(signed(body), body, [b"other", b"whsec_1"], NOW)
    assert not inbound.verify(signed(body), body + b" ", [b"whsec_1"], NOW)
    assert not inbound.verify(signed(body), body, [b"other"], NOW)
    assert not inbound.verify(signed(body), body, [b"whsec_1"], NOW + timedelta(seconds=301))
    assert not inbound.verify(signed(body), body, [b"whsec_1"], NOW - timedelta(seconds=301))
    assert not inbound.verify({}, body, [b"whsec_1"], NOW)


def test_a_message_names_the_hold_it_is_about() -> None:
    thing = {"id": "cs_1", "metadata": {"retour_hold": "hold-1"}}
    said = StripeInbound().parse({}, json.dumps({"id": "evt_1", "created": 1, "data": {"object": thing}}).encode())

    assert (said.event_id, said.topic, said.object_ref, said.facts) == (
        "evt_1",
        "card.told",
        "cs_1",
        {"hold": "hold-1"},
    )


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"id": 3}'])
def test_a_message_without_an_id_is_malformed(body: bytes) -> None:
    with pytest.raises(Refused) as no:
        StripeInbound().parse({}, body)

    assert no.value.code == "malformed_webhook"
