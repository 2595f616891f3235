"""Messages of a warehouse system: authentic or not, and which of the published formats each has."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from retour.connectors import signed
from retour.core.errors import Refused
from retour.core.platforms import WAREHOUSE
from retour.core.ports import InboxEvent
from retour.core.warehouse import TRACKING, check_shape


class WarehouseInbound:
    """The inbound half of a warehouse; a scan of a parcel that it tells is taken like a carrier's."""

    platform = WAREHOUSE

    def verify(self, headers: Mapping[str, str], raw: bytes, secrets: Sequence[bytes], now: datetime) -> bool:
        """Return whether one of the secrets signed the message, and its time is near `now`."""
        return signed.is_authentic(headers, raw, secrets, now)

    def parse(self, headers: Mapping[str, str], raw: bytes) -> InboxEvent:
        """Return what the message is about; raise Refused(malformed_webhook) for none of the published formats."""
        try:
            body = json.loads(raw)
            format_ = check_shape(body)
        except (ValueError, RecursionError, Refused) as error:
            raise Refused("malformed_webhook", "the body has none of the published formats") from error
        message_id = signed.message_id(headers) or ""
        if format_ != TRACKING:
            return InboxEvent(message_id, format_, None, body["return"])
        facts = {name: body[name] for name in ("tracking_number", "carrier", "status", "reference") if name in body}
        at = datetime.fromisoformat(body["occurred_at"]) if "occurred_at" in body else None
        return InboxEvent(message_id, format_, at, body["tracking_number"], facts=facts)
