"""What Stripe tells: authentic or not, and which hold it is about. A hint: the page itself is looked at then."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from retour.connectors.stripe.translate import HOLD
from retour.core.errors import Refused
from retour.core.platforms import STRIPE
from retour.core.ports import InboxEvent

TOLERANCE_S: Final = 300
TOPIC: Final = "card.told"
_MOST_SIGNATURES: Final = 10


class StripeInbound:
    """The inbound half: `Stripe-Signature: t=…,v1=…`, hex HMAC-SHA256 of `t.body` (docs.stripe.com/webhooks)."""

    platform = STRIPE

    def verify(self, headers: Mapping[str, str], raw: bytes, secrets: Sequence[bytes], now: datetime) -> bool:
        """Return whether one of the secrets signed the time and the raw bytes, within five minutes of `now`.

        Every secret is tried and the clock is looked at last, so that a refusal always takes the same work.
        """
        given = next((value for name, value in headers.items() if name.lower() == "stripe-signature"), "")
        parts = [part.strip().partition("=") for part in given.split(",")[: _MOST_SIGNATURES + 1]]
        timestamp = next((value for name, _, value in parts if name == "t"), "")
        theirs = [value.encode("utf-8", "replace") for name, _, value in parts if name == "v1"] or [b""]
        signed = timestamp.encode("utf-8", "replace") + b"." + raw
        authentic = False
        for secret in secrets:
            ours = hmac.new(secret, signed, hashlib.sha256).hexdigest().encode()
            for one in theirs:
                authentic |= hmac.compare_digest(ours, one)
        return authentic and _near(timestamp, now)

    def parse(self, headers: Mapping[str, str], raw: bytes) -> InboxEvent:  # noqa: ARG002 - the port's signature
        """Return which hold the message is about; raise Refused(malformed_webhook)."""
        try:
            said = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise Refused("malformed_webhook", "the body is not JSON") from error
        event_id = said.get("id") if isinstance(said, dict) else None
        if not isinstance(event_id, str) or not event_id:
            raise Refused("malformed_webhook", "the event has no id")
        data = said.get("data")
        thing = data.get("object") if isinstance(data, dict) else None
        thing = thing if isinstance(thing, dict) else {}
        metadata, ref = thing.get("metadata"), thing.get("id")
        hold = metadata.get(HOLD) if isinstance(metadata, dict) else None
        facts = {"hold": hold} if isinstance(hold, str) else {}
        created = said.get("created")
        at = datetime.fromtimestamp(created, UTC) if isinstance(created, int) and 0 <= created < 10**11 else None
        return InboxEvent(event_id, TOPIC, at, ref if isinstance(ref, str) else None, facts=facts)


def _near(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(now.timestamp() - int(timestamp)) <= TOLERANCE_S
