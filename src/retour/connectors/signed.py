"""Messages signed as Standard Webhooks 1.0.0 (https://www.standardwebhooks.com), judged by the clock of the caller."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

TOLERANCE_S: Final = 300
ID: Final = "webhook-id"


def is_authentic(headers: Mapping[str, str], raw: bytes, secrets: Sequence[bytes], now: datetime) -> bool:
    """Return whether one of the secrets signed id, time and raw bytes, and the time is within five minutes of `now`.

    Every secret is tried and the clock is looked at last, so that a refusal always takes the same work.
    """
    known = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp = known.get(ID, ""), known.get("webhook-timestamp", "")
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


def message_id(headers: Mapping[str, str]) -> str | None:
    """Return the id of a message, if it has one."""
    return next((value for name, value in headers.items() if name.lower() == ID), None) or None


def _near(timestamp: str, now: datetime) -> bool:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(now.timestamp() - int(timestamp)) <= TOLERANCE_S
