"""Tracking events of a carrier: authentic or not, and what they say about a parcel."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from retour.connectors import signed as signed_messages
from retour.core.errors import Refused
from retour.core.ports import InboxEvent

TOLERANCE_S: Final = 300
LONGEST_REFERENCE: Final = 100
_TOPIC: Final = "tracking.updated"


class CarrierInbound:
    """The inbound half of a carrier, signed as Standard Webhooks, or by hex HMAC-SHA256 over `timestamp.body`.

    Either way the time is within five minutes of ours.
    """

    platform = "carrier"

    def verify(self, headers: Mapping[str, str], raw: bytes, secrets: Sequence[bytes], now: datetime) -> bool:
        """Return whether one of the secrets signed the time and the raw bytes, and the time is near `now`.

        Every secret is tried and the clock is looked at last, so that a refusal always takes the same work.
        """
        known = _lower(headers)
        if "webhook-signature" in known:
            return signed_messages.is_authentic(headers, raw, secrets, now)
        timestamp = known.get("x-carrier-timestamp", "")
        given = known.get("x-carrier-signature", "").encode("utf-8", "replace")
        signed = timestamp.encode("utf-8", "replace") + b"." + raw
        authentic = False
        for secret in secrets:
            authentic |= hmac.compare_digest(hmac.new(secret, signed, hashlib.sha256).hexdigest().encode(), given)
        return authentic and _near(timestamp, now)

    def parse(self, headers: Mapping[str, str], raw: bytes) -> InboxEvent:
        """Return the scan that the delivery reports; raise Refused(malformed_webhook)."""
        body = _body(raw)
        number, status = body.get("tracking_number"), body.get("status")
        if not isinstance(number, str) or not number or not isinstance(status, str) or not status:
            raise Refused("malformed_webhook", "the event names no parcel or no status")
        known = _lower(headers)
        event_id = known.get(signed_messages.ID) or known.get("x-carrier-event-id") or body.get("id")
        if not isinstance(event_id, str) or not event_id:
            event_id = hashlib.sha256(raw).hexdigest()
        carrier, reference = body.get("carrier"), body.get("reference")
        facts = {"tracking_number": number, "carrier": carrier if isinstance(carrier, str) else "", "status": status}
        if isinstance(reference, str) and reference:
            facts["reference"] = reference[:LONGEST_REFERENCE]
        return InboxEvent(
            event_id=event_id,
            topic=_TOPIC,
            occurred_at=_instant(body.get("occurred_at")),
            object_ref=number,
            facts=facts,
        )


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _near(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(now.timestamp() - int(timestamp)) <= TOLERANCE_S


def _body(raw: bytes) -> Mapping[str, object]:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Refused("malformed_webhook", "the body is not JSON") from error
    if not isinstance(body, dict):
        raise Refused("malformed_webhook", "the body is not a JSON object")
    return body


def _instant(text: object) -> datetime | None:
    """Return an ISO 8601 time as aware UTC; one without a zone counts as UTC, an unreadable one as none."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
