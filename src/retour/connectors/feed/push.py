"""Tells a return to another system that speaks our documents: a signed POST, known there by our id (docs/push.md)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

from retour.connectors.http import NOT_SENT_HEADER, Http
from retour.core.effect import Effect, EffectKind, PushReturn
from retour.core.platforms import FEED
from retour.core.ports import (
    CapabilityRecord,
    Credential,
    Outcome,
    ReadBack,
    Silence,
    Verdict,
    WireAnswer,
    WireRequest,
)

RECORD: Final = CapabilityRecord(
    key="header",
    key_window_s=86_400,
    over_refund_guard="none",
    searchable_reference="our id",
    natural_guard="the same id is the same return",
    list_lag_s=0,
    far_timeout_s=30,
    serialise_by="none",
)
_LONGEST: Final = 200
_MESSAGE_MOST: Final = 300
_WAIT_MOST: Final = 86_400
_KEY: Final = "idempotency-key"


class FeedPush:
    """The other half of a source: a returns system that takes what begins here.

    `POST url` with a document answers 200 or 201 and `{"id": theirs, "status": …}`, however often it is sent;
    `GET url/<our id>` answers the same, or 404. Both are signed as Standard Webhooks 1.0.0.
    """

    platform = FEED
    records: Mapping[EffectKind, CapabilityRecord] = {EffectKind.PUSH_RETURN: RECORD}

    def __init__(self, http: Http, *, clock: Callable[[], datetime]):
        self._http, self._clock = http, clock

    async def send(self, at: Credential, request: WireRequest) -> WireAnswer:
        """Send one request once, signed for this moment."""
        message_id, now = request.headers[_KEY], str(int(self._clock().timestamp()))
        signed = b".".join((message_id.encode(), now.encode(), request.body))
        ours = base64.b64encode(hmac.new(base64.b64decode(at.secret), signed, hashlib.sha256).digest()).decode()
        headers = {
            **request.headers, "accept": "application/json", "content-type": "application/json",
            "webhook-id": message_id, "webhook-timestamp": now, "webhook-signature": f"v1,{ours}",
        }  # fmt: skip
        url = at.settings.get("push_url", "").rstrip("/") + request.path
        return await self._http.send(method=request.method, url=url, headers=headers, body=request.body)

    def build(self, effect: Effect) -> WireRequest:
        """Return the POST of the document."""
        body = json.dumps(_document(effect), ensure_ascii=False, separators=(",", ":")).encode()
        return WireRequest("push_return", "POST", "", body, {_KEY: effect.key})

    def classify(self, effect: Effect, answer: WireAnswer) -> Outcome:  # noqa: ARG002 - the port's signature
        """Return what the answer to the POST means."""
        match answer.status:
            case _ if answer.silence is Silence.LOST:
                return Outcome(Verdict.UNKNOWN, far_code="no_answer")
            case _ if answer.silence is Silence.NOT_SENT:
                why = answer.headers.get(NOT_SENT_HEADER)
                return Outcome(Verdict.REJECTED if why else Verdict.NOT_EXECUTED, far_code=why or "not_reached")
            case 200 | 201:
                return _there(answer)
            case 409 | 425 | 429:  # still running there, or too much at once: the same key later
                return Outcome(Verdict.NOT_EXECUTED, far_code=str(answer.status), retry_after_s=_wait(answer))
            case 401 | 403:
                return Outcome(Verdict.NEEDS_RECONNECT, far_code=str(answer.status))
            case status if 300 <= status < 500:
                return Outcome(Verdict.REJECTED, far_code=str(status), message=_said(answer))
            case status:
                return Outcome(Verdict.UNKNOWN, far_code=str(status))

    def build_guard(self, effect: Effect) -> WireRequest | None:  # noqa: ARG002 - the port's signature
        """Return nothing: the far side knows a return by our id."""
        return None

    def read_guard(self, effect: Effect, answer: WireAnswer) -> Mapping[str, object] | None:  # noqa: ARG002
        """Return no facts."""
        return {}

    def build_readback(self, effect: Effect) -> WireRequest:
        """Return the GET by our id."""
        path = "/" + quote(str(_document(effect)["id"]), safe="")
        return WireRequest("read_return", "GET", path, b"", {_KEY: effect.key})

    def read_back(self, effect: Effect, answer: WireAnswer) -> ReadBack:
        """Return whether the return is known there, under which id and how it stands."""
        if answer.silence is None and answer.status == 404:
            return ReadBack("absent")
        found = self.classify(effect, answer)
        if found.verdict is Verdict.OK:
            return ReadBack("present", found)
        trouble = Verdict.NEEDS_RECONNECT if found.verdict is Verdict.NEEDS_RECONNECT else Verdict.UNKNOWN
        return ReadBack("inconclusive", Outcome(trouble, far_code=found.far_code, retry_after_s=found.retry_after_s))


def _document(effect: Effect) -> Mapping[str, object]:
    assert isinstance(effect.target, PushReturn)
    return effect.target.document


def _there(answer: WireAnswer) -> Outcome:
    said = _json(answer)
    far_id, status = said.get("id"), said.get("status")
    if not isinstance(far_id, str) or not 1 <= len(far_id.strip()) <= _LONGEST or "\0" in far_id:
        return Outcome(Verdict.UNKNOWN, far_code="no_id", message="the answer names no id")
    result = {"status": status.replace("\0", "\ufffd")[:_LONGEST]} if isinstance(status, str) else {}
    return Outcome(Verdict.OK, far_id=far_id.strip(), result=result)


def _said(answer: WireAnswer) -> str | None:
    """Return what the far side says is wrong: the `detail` of a problem, or its `message`."""
    said = _json(answer)
    told = next((said[name] for name in ("detail", "message") if isinstance(said.get(name), str)), None)
    return (
        None if told is None else str(told).replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:_MESSAGE_MOST]
    )


def _json(answer: WireAnswer) -> Mapping[str, object]:
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _wait(answer: WireAnswer) -> float | None:
    said = answer.headers.get("retry-after", "")
    return float(min(int(said[:9]), _WAIT_MOST)) if said.isascii() and said.isdigit() else None
