"""Read an answer of the Admin API: its data, or what its silence, status or errors mean for whoever asked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from retour.connectors.http import NOT_SENT_HEADER
from retour.core.ports import Outcome, Silence, Verdict, WireAnswer

from .operation import VERSION_HEADER

_STATUS: Final[Mapping[int, Verdict]] = {
    401: Verdict.NEEDS_RECONNECT,
    402: Verdict.NEEDS_RECONNECT,  # the shop is frozen
    403: Verdict.NEEDS_RECONNECT,
    404: Verdict.NEEDS_RECONNECT,  # no such shop
    423: Verdict.NEEDS_RECONNECT,  # the shop is locked
    429: Verdict.NOT_EXECUTED,
    430: Verdict.NOT_EXECUTED,
}
_TOP_LEVEL: Final[Mapping[str, Verdict]] = {
    "THROTTLED": Verdict.NOT_EXECUTED,
    "ACCESS_DENIED": Verdict.NEEDS_RECONNECT,
    "SHOP_INACTIVE": Verdict.NEEDS_RECONNECT,
    "MAX_COST_EXCEEDED": Verdict.REJECTED,
    "BAD_REQUEST": Verdict.REJECTED,
    "BAD_USER_INPUT": Verdict.REJECTED,
    "IDEMPOTENCY_CONCURRENT_REQUEST": Verdict.NOT_EXECUTED,
    "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED": Verdict.KEY_SPENT,
    "IDEMPOTENCY_KEY_PARAMETER_MISMATCH": Verdict.UNKNOWN,
    "INTERNAL_SERVER_ERROR": Verdict.UNKNOWN,
    "TIMEOUT": Verdict.UNKNOWN,
    "SERVICE_UNAVAILABLE": Verdict.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Said:
    """A parsed answer: `data` when the platform answered the question, else `trouble` says why not."""

    data: Mapping[str, Any] = field(default_factory=dict)
    trouble: Outcome | None = None
    cost: Mapping[str, Any] = field(default_factory=dict)
    finding: str | None = None


def read(answer: WireAnswer, *, version: str) -> Said:
    """Return what the platform said; never raise, whatever the bytes are.

    The meaning of statuses and error codes follows shopify.dev/docs/api/usage/response-codes.
    """
    if answer.silence is not None:
        return Said(trouble=_silent(answer))
    served = answer.headers.get(VERSION_HEADER)
    finding = f"api_version_differs {served}" if served and served != version else None
    if answer.status != 200:
        return Said(trouble=_refused(answer), finding=finding)
    document = parse(answer.body)
    if document is None:
        trouble = Outcome(Verdict.UNKNOWN, far_code="unreadable", message="the answer is not a JSON object")
        return Said(trouble=trouble, finding=finding)
    extensions = document.get("extensions")
    cost = extensions.get("cost") if isinstance(extensions, dict) else None
    cost = cost if isinstance(cost, dict) else {}
    errors, data = document.get("errors"), document.get("data")
    if errors:
        return Said(trouble=_errors(errors, has_data="data" in document, cost=cost), cost=cost, finding=finding)
    if not isinstance(data, dict):
        return Said(trouble=Outcome(Verdict.UNKNOWN, far_code="no_data"), cost=cost, finding=finding)
    return Said(data=data, cost=cost, finding=finding)


def parse(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object in the bytes with decimals as text, or nothing."""
    try:
        document = json.loads(body, parse_float=str)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _silent(answer: WireAnswer) -> Outcome:
    if answer.silence is Silence.NOT_SENT and NOT_SENT_HEADER in answer.headers:
        reason = f"not_sent_{answer.headers[NOT_SENT_HEADER]}"
        return Outcome(Verdict.NEEDS_RECONNECT, far_code=reason, message="the connection's address or secret is wrong")
    if answer.silence is Silence.NOT_SENT:
        wait = _seconds(answer.headers.get("retry-after"))
        return Outcome(Verdict.NOT_EXECUTED, far_code="not_sent", retry_after_s=wait)
    return Outcome(Verdict.UNKNOWN, far_code="lost", message="the request may have arrived; no complete answer came")


def _refused(answer: WireAnswer) -> Outcome:
    verdict = _STATUS.get(answer.status)
    if verdict is None:
        verdict = Verdict.REJECTED if 400 <= answer.status < 500 else Verdict.UNKNOWN
    wait = _seconds(answer.headers.get("retry-after")) if verdict is Verdict.NOT_EXECUTED else None
    if verdict is Verdict.NOT_EXECUTED and wait is None:
        wait = 2.0
    return Outcome(verdict, far_code=f"http_{answer.status}", retry_after_s=wait)


def _errors(errors: object, *, has_data: bool, cost: Mapping[str, Any]) -> Outcome:
    first = errors[0] if isinstance(errors, list) and errors else errors
    first = first if isinstance(first, dict) else {"message": str(first)}
    extensions = first.get("extensions")
    code = extensions.get("code") if isinstance(extensions, dict) else None
    message = str(first.get("message") or "")[:300]
    if isinstance(code, str) and code in _TOP_LEVEL:
        verdict = _TOP_LEVEL[code]
        wait = throttled_for(cost) if code == "THROTTLED" else 1.0 if verdict is Verdict.NOT_EXECUTED else None
        return Outcome(verdict, far_code=code, message=message, retry_after_s=wait)
    by_message = idempotency(message)
    if by_message is not None:
        return by_message
    # A request error (unknown field, wrong variable) comes before execution: it points into the document, without data.
    before = not has_data and ("locations" in first or isinstance(code, str))
    return Outcome(
        Verdict.REJECTED if before else Verdict.UNKNOWN, far_code=str(code) if code else "errors", message=message
    )


def idempotency(message: str) -> Outcome | None:
    """Return the meaning of an error that speaks of the idempotency key in words alone, or nothing."""
    said = message.lower()
    if "idempoten" not in said:
        return None
    named = next((code for code in _TOP_LEVEL if code.startswith("IDEMPOTENCY_") and code in message), None)
    if named is not None:
        wait = 1.0 if _TOP_LEVEL[named] is Verdict.NOT_EXECUTED else None
        return Outcome(_TOP_LEVEL[named], far_code=named, message=message, retry_after_s=wait)
    if "previous" in said and "fail" in said:
        return Outcome(Verdict.KEY_SPENT, far_code="IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", message=message)
    if any(word in said for word in ("concurrent", "in progress", "processing", "still")):
        return Outcome(
            Verdict.NOT_EXECUTED, far_code="IDEMPOTENCY_CONCURRENT_REQUEST", message=message, retry_after_s=1.0
        )
    if any(word in said for word in ("required", "blank", "missing")):
        return Outcome(Verdict.REJECTED, far_code="IDEMPOTENCY_KEY_MISSING", message=message)
    return Outcome(Verdict.UNKNOWN, far_code="IDEMPOTENCY_KEY_PARAMETER_MISMATCH", message=message)


def throttled_for(cost: Mapping[str, Any]) -> float:
    """Return the seconds until the bucket holds the price of the refused request, at least a tenth."""
    status = cost.get("throttleStatus")
    status = status if isinstance(status, dict) else {}
    asked, have, rate = (
        number(cost.get("requestedQueryCost")),
        number(status.get("currentlyAvailable")),
        number(status.get("restoreRate")),
    )
    if asked is None or have is None or not rate:
        return 1.0
    return min(max((asked - have) / rate, 0.1), 60.0)


def number(value: object) -> float | None:
    """Return a JSON number or a decimal text as a float (points and seconds, never money)."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _seconds(text: str | None) -> float | None:
    wait = number(text)
    return None if wait is None else min(max(wait, 0.0), 300.0)
