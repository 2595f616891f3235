"""Messages of another system, signed as Standard Webhooks 1.0.0 (https://www.standardwebhooks.com)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from retour.connectors import signed
from retour.core.errors import Refused
from retour.core.intake.schema import SCHEMAS
from retour.core.platforms import FEED
from retour.core.ports import InboxEvent

_LONGEST: Final = 200
_FINGERPRINT: Final = 20  # hex digits


class FeedInbound:
    """The inbound half of a source: base64 HMAC-SHA256 over `id.timestamp.body`, the time within five minutes of ours."""

    platform = FEED

    def verify(self, headers: Mapping[str, str], raw: bytes, secrets: Sequence[bytes], now: datetime) -> bool:
        """Return whether one of the secrets made one of the signatures, and the time is near `now`."""
        return signed.is_authentic(headers, raw, secrets, now)

    def parse(self, headers: Mapping[str, str], raw: bytes) -> InboxEvent:
        """Return which document it is; its shape is looked at later. Raise Refused(malformed_webhook) for none of ours."""
        body = document_of(raw)
        schema, ref = body.get("schema"), body.get("id")
        if not isinstance(schema, str) or schema not in SCHEMAS:
            raise Refused("malformed_webhook", f"schema must be one of {', '.join(SCHEMAS)}", field="schema")
        # A sender that mends a message and sends it again under its id has sent another one: only the same bytes are known.
        event_id = f"{signed.message_id(headers)} {hashlib.sha256(raw).hexdigest()[:_FINGERPRINT]}"
        return InboxEvent(event_id, schema, None, ref[:_LONGEST] if isinstance(ref, str) and ref else None)


def document_of(raw: bytes) -> Mapping[str, object]:
    """Return the JSON object of a body; raise Refused(malformed_webhook)."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Refused("malformed_webhook", "the body is not JSON in UTF-8") from error
    if not isinstance(body, dict):
        raise Refused("malformed_webhook", "the body is not a JSON object")
    return body
