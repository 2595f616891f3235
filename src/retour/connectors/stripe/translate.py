"""Requests to Stripe and what its answers mean; pure. Amounts are minor units on both sides."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from retour.connectors.http import NOT_SENT_HEADER
from retour.core.card import (
    AuthoriseAgain,
    CaptureCard,
    CardSeen,
    CardState,
    OpenPage,
    PageSeen,
    PageState,
    ReleaseCard,
)
from retour.core.effect import Effect
from retour.core.ports import Outcome, ReadBack, Silence, Verdict, WireAnswer, WireRequest

HOLD: Final = "retour_hold"  # our ids in the metadata of whatever we make
EFFECT: Final = "retour_effect"
PAGES: Final = "/v1/checkout/sessions"
INTENTS: Final = "/v1/payment_intents"
MOST: Final = 100  # of a list
_TITLE_MOST: Final = 250
_MESSAGE_MOST: Final = 300
_WAIT_MOST: Final = 86_400
_CHARGE: Final = ("expand[]", "latest_charge")

Json = Mapping[str, Any]
Pairs = Sequence[tuple[str, str]]


def build(effect: Effect) -> WireRequest:
    """Return the request of an effect, the same for the same effect at any time."""
    match effect.target:
        case OpenPage() as page:
            return _post(effect, "open_page", PAGES, _page(effect, page))
        case AuthoriseAgain() as again:
            return _post(effect, "authorise", INTENTS, _again(effect, again))
        case CaptureCard(ref, amount):
            pairs = [("amount_to_capture", str(amount)), ("metadata[retour_capture]", effect.reference), _CHARGE]
            return _post(effect, "capture", f"{INTENTS}/{_part(ref)}/capture", pairs)
        case ReleaseCard(ref, is_page=True):
            return _post(effect, "close_page", f"{PAGES}/{_part(ref)}/expire", [])
        case ReleaseCard(ref):
            return _post(effect, "release", f"{INTENTS}/{_part(ref)}/cancel", [])
        case _:
            raise AssertionError(f"{effect.kind.value} is nothing that is done with cards")


def build_readback(effect: Effect) -> WireRequest:
    """Return the read that shows whether the effect happened: by our reference, or by the state of what it acts on."""
    match effect.target:
        case OpenPage():
            assert effect.first_sent_at is not None, "what was never sent is not read back"
            since = int(effect.first_sent_at.timestamp()) - 300  # clocks differ
            return _get("list_pages", PAGES, [("created[gte]", str(since)), ("limit", str(MOST))])
        case AuthoriseAgain(customer_ref=customer):
            pairs = [("customer", customer), ("limit", str(MOST)), ("expand[]", "data.latest_charge")]
            return _get("list_intents", INTENTS, pairs)
        case ReleaseCard(ref, is_page=True):
            return page(ref)
        case CaptureCard(ref) | ReleaseCard(ref):
            return intent(ref)
        case _:
            raise AssertionError(f"{effect.kind.value} is nothing that is done with cards")


def page(ref: str) -> WireRequest:
    """Return the read of a page with what came of it."""
    return _get("see_page", f"{PAGES}/{_part(ref)}", [("expand[]", "payment_intent.latest_charge")])


def intent(ref: str) -> WireRequest:
    """Return the read of an authorisation."""
    return _get("see_intent", f"{INTENTS}/{_part(ref)}", [_CHARGE])


def _page(effect: Effect, page: OpenPage) -> Pairs:
    capture = [] if page.pays else [("payment_intent_data[capture_method]", "manual")]
    later = [] if page.pays else [("payment_intent_data[setup_future_usage]", "off_session")]
    return [
        ("mode", "payment"),
        ("customer_creation", "always"),
        ("payment_method_types[0]", "card"),
        ("line_items[0][quantity]", "1"),
        ("line_items[0][price_data][currency]", page.currency.lower()),
        ("line_items[0][price_data][unit_amount]", str(page.amount_minor)),
        ("line_items[0][price_data][product_data][name]", page.title[:_TITLE_MOST]),
        ("success_url", page.done_url),
        ("cancel_url", page.back_url),
        *capture, *later,
        (f"metadata[{HOLD}]", page.hold_ref),
        (f"metadata[{EFFECT}]", effect.reference),
        (f"payment_intent_data[metadata][{HOLD}]", page.hold_ref),
    ]  # fmt: skip


def _again(effect: Effect, again: AuthoriseAgain) -> Pairs:
    return [
        ("amount", str(again.amount_minor)),
        ("currency", again.currency.lower()),
        ("customer", again.customer_ref),
        ("payment_method", again.method_ref),
        ("payment_method_types[0]", "card"),
        ("capture_method", "manual"),
        ("off_session", "true"),
        ("confirm", "true"),
        ("error_on_requires_action", "true"),
        (f"metadata[{HOLD}]", again.hold_ref),
        (f"metadata[{EFFECT}]", effect.reference),
        _CHARGE,
    ]


def classify(effect: Effect, answer: WireAnswer) -> Outcome:
    """Return what the answer means for the effect; what Stripe's own answers of 5xx did is not known."""
    if answer.silence is Silence.LOST:
        return Outcome(Verdict.UNKNOWN, far_code="no_answer")
    if answer.silence is Silence.NOT_SENT:
        why = answer.headers.get(NOT_SENT_HEADER)
        return Outcome(Verdict.REJECTED if why else Verdict.NOT_EXECUTED, far_code=why or "not_reached")
    said, status = read(answer), answer.status
    if status == 200:
        return _done(effect, said)
    error = said.get("error")
    error = error if isinstance(error, dict) else {}
    code = _text(error.get("decline_code")) or _text(error.get("code")) or str(status)
    message = (_text(error.get("message")) or "").replace("\0", "\ufffd")[:_MESSAGE_MOST] or None
    if status in (401, 403):
        return Outcome(Verdict.NEEDS_RECONNECT, far_code=code, message=message)
    if status in (409, 425, 429):  # the same key is at work, or too much at once
        return Outcome(Verdict.NOT_EXECUTED, far_code=code, retry_after_s=_wait(answer))
    if status >= 500 or error.get("type") == "idempotency_error":
        return Outcome(Verdict.UNKNOWN, far_code=code, message=message)
    now = error.get("payment_intent")
    if error.get("code") == "payment_intent_unexpected_state" and isinstance(now, dict):
        return _unexpected(effect, now, message)
    return Outcome(Verdict.REJECTED, far_code=code, message=message)


def _done(effect: Effect, said: Json) -> Outcome:
    """Return what an answer of 200 says, or a look at the thing itself."""
    ref = _text(said.get("id"))
    if ref is None:
        return Outcome(Verdict.UNKNOWN, far_code="no_id", message="the answer names no id")
    match effect.target:
        case OpenPage():
            url, ends = _text(said.get("url")), said.get("expires_at")
            if url is None or not isinstance(ends, int):
                return Outcome(Verdict.UNKNOWN, far_id=ref, far_code="no_url")
            return Outcome(Verdict.OK, far_id=ref, result={"page_url": url, "page_until": _instant(ends).isoformat()})
        case ReleaseCard(_, is_page=True):
            closed = said.get("status") == "expired"
            return Outcome(Verdict.OK if closed else Verdict.REJECTED, far_id=ref, far_code=_text(said.get("status")))
        case _:
            return _intent(effect, said, ref)


def _intent(effect: Effect, said: Json, ref: str) -> Outcome:
    status, received = _text(said.get("status")), said.get("amount_received")
    if status == "processing":
        return Outcome(Verdict.PENDING, far_id=ref)
    match effect.target:
        case AuthoriseAgain() if status == "requires_capture":
            until = lapses_at(said)
            result = {} if until is None else {"lapses_at": until.isoformat()}
            return Outcome(Verdict.OK, far_id=ref, result=result)
        case CaptureCard(_, amount) if status == "succeeded" and received == amount:
            return Outcome(Verdict.OK, far_id=ref, amount_minor=amount)
        case ReleaseCard() if status == "canceled":
            return Outcome(Verdict.OK, far_id=ref)
        case _:
            return Outcome(Verdict.REJECTED, far_id=ref, far_code=status)


def _unexpected(effect: Effect, now: Json, message: str | None) -> Outcome:
    """Return what a refusal means that tells how the authorisation stands: it may be as it was to become."""
    found = _intent(effect, now, _text(now.get("id")) or "")
    if found.verdict is Verdict.OK:
        return found
    return Outcome(Verdict.REJECTED, far_code=_text(now.get("status")), message=message)


def read_back(effect: Effect, answer: WireAnswer) -> ReadBack:
    """Return what a read shows; a list that goes on beyond its first page is no proof of absence."""
    found = classify(effect, answer) if answer.status != 200 or answer.silence else None
    if found is not None:
        if answer.status == 404:
            return ReadBack("absent")
        trouble = Verdict.NEEDS_RECONNECT if found.verdict is Verdict.NEEDS_RECONNECT else Verdict.UNKNOWN
        return ReadBack("inconclusive", Outcome(trouble, far_code=found.far_code, retry_after_s=found.retry_after_s))
    said = read(answer)
    if isinstance(effect.target, OpenPage | AuthoriseAgain):
        return _listed(effect, said)
    outcome = _done(effect, said)
    untouched = said.get("status") in ("requires_capture", "open")
    return ReadBack("absent") if untouched else ReadBack("present", outcome)


def _listed(effect: Effect, said: Json) -> ReadBack:
    rows = said.get("data")
    if not isinstance(rows, list):
        return ReadBack("inconclusive", Outcome(Verdict.UNKNOWN, far_code="no_list"))
    for row in rows:
        if isinstance(row, dict) and _metadata(row).get(EFFECT) == effect.reference:
            return ReadBack("present", _done(effect, row))
    if said.get("has_more"):
        return ReadBack("inconclusive", Outcome(Verdict.UNKNOWN, far_code="more_than_one_page"))
    return ReadBack("absent")


def page_seen(said: Json) -> PageSeen:
    """Return how a page stands, by its own state and by what came of it."""
    status, intent = said.get("status"), said.get("payment_intent")
    if status == "expired":
        return PageSeen(PageState.EXPIRED)
    if status != "complete" or not isinstance(intent, dict):
        return PageSeen(PageState.OPEN)
    states = {"requires_capture": PageState.AUTHORISED, "succeeded": PageState.PAID, "processing": PageState.OPEN}
    state = states.get(str(intent.get("status")), PageState.GONE)
    amount = intent.get("amount_received" if state is PageState.PAID else "amount_capturable")
    return PageSeen(
        state, _ref(intent), _ref(intent.get("customer")), _ref(intent.get("payment_method")),
        amount if isinstance(amount, int) else 0, lapses_at(intent),
    )  # fmt: skip


def card_seen(intent: Json) -> CardSeen:
    """Return how an authorisation stands, with what was taken of it and why it was let go, if Stripe says so."""
    states = {"requires_capture": CardState.HELD, "succeeded": CardState.TAKEN, "canceled": CardState.LET_GO}
    state, taken = states.get(str(intent.get("status")), CardState.MOVING), intent.get("amount_received")
    if state is CardState.TAKEN:
        return CardSeen(state, taken) if isinstance(taken, int) and taken > 0 else CardSeen(CardState.MOVING)
    return CardSeen(state, why=_text(intent.get("cancellation_reason")))


def lapses_at(intent: Json) -> datetime | None:
    """Return until when an authorisation can be captured, if its charge says so."""
    charge = intent.get("latest_charge")
    details = charge.get("payment_method_details") if isinstance(charge, dict) else None
    card = details.get("card") if isinstance(details, dict) else None
    until = card.get("capture_before") if isinstance(card, dict) else None
    return _instant(until) if isinstance(until, int) else None


def read(answer: WireAnswer) -> Json:
    """Return the JSON object of an answer, empty if it is none."""
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _metadata(row: Json) -> Json:
    found = row.get("metadata")
    return found if isinstance(found, dict) else {}


def _ref(thing: object) -> str | None:
    return _text(thing.get("id")) if isinstance(thing, dict) else _text(thing)


def _text(value: object) -> str | None:
    return value.replace("\0", "\ufffd") if isinstance(value, str) and value else None


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(min(max(seconds, 0), 32_503_680_000), UTC)


def _part(ref: str) -> str:
    return quote(ref, safe="")


def _post(effect: Effect, operation: str, path: str, pairs: Pairs) -> WireRequest:
    headers = {"content-type": "application/x-www-form-urlencoded", "idempotency-key": effect.key}
    return WireRequest(operation, "POST", path, urlencode(pairs).encode(), headers)


def _get(operation: str, path: str, pairs: Pairs) -> WireRequest:
    return WireRequest(operation, "GET", f"{path}?{urlencode(pairs)}", b"")


def _wait(answer: WireAnswer) -> float | None:
    said = answer.headers.get("retry-after", "")
    return float(min(int(said[:9]), _WAIT_MOST)) if said.isascii() and said.isdigit() else None
