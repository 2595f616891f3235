"""Messages of another system, signed as Standard Webhooks 1.0.0 (https://www.standardwebhooks.com)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from retour.core.errors import Refused
from retour.core.intake.schema import SCHEMAS
from retour.core.platforms import FEED
from retour.core.ports import InboxEvent

TOLERANCE_S: Final = 300
_LONGEST: Final = 200


class FeedInbound:
    """The inbound half of a source: base64 HMAC-SHA256 over `id.timestamp.body`, the time within five minutes of ours."""

    platform = FEED

    def verify(self, headers: Mapping[str, str], raw: bytes, secrets: Sequence[bytes], now: datetime) -> bool:
        """Return whether one of the secrets made one of the signatures, and the time is near `now`.

        Every secret is tried and the clock is looked at last, so that a refusal always takes the same work.
        """
        known = {name.lower(): value for name, value in headers.items()}
        message_id, timestamp = known.get("webhook-id", ""), known.get("webhook-timestamp", "")
        signed = b".".join((message_id.encode("utf-8", "replace"), timestamp.encode("utf-8", "replace"), raw))
        given = [
            text.encode("utf-8", "replace")
            for version, _, text in (part.partition(",") for part in known.get("webhook-signature", "").split()[:10])
            if version == "v1"
        ] or [b""]
        authentic = False
        for secret in secrets:
            ours = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest())
            for theirs in given:
                authentic |= hmac.compare_digest(ours, theirs)
        return authentic and bool(message_id) and _near(timestamp, now)

    def parse(self, headers: Mapping[str, str], raw: bytes) -> InboxEvent:
        """Return which document it is; its shape is looked at later. Raise Refused(malformed_webhook) for none of ours."""
        body = document_of(raw)
        schema, ref = body.get("schema"), body.get("id")
        if not isinstance(schema, str) or schema not in SCHEMAS:
            raise Refused("malformed_webhook", f"schema must be one of {', '.join(SCHEMAS)}", field="schema")
        message_id = next(value for name, value in headers.items() if name.lower() == "webhook-id")
        return InboxEvent(message_id, schema, None, ref[:_LONGEST] if isinstance(ref, str) and ref else None)


def document_of(raw: bytes) -> Mapping[str, object]:
    """Return the JSON object of a body; raise Refused(malformed_webhook)."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Refused("malformed_webhook", "the body is not JSON in UTF-8") from error
    if not isinstance(body, dict):
        raise Refused("malformed_webhook", "the body is not a JSON object")
    return body


def _near(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(now.timestamp() - int(timestamp)) <= TOLERANCE_S
