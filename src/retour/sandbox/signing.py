"""Messages signed as Standard Webhooks 1.0.0: checked when they come in, sent until somebody understood them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from retour.sandbox.posting import post

TOLERANCE_S = 300


@dataclass(frozen=True, slots=True)
class Sealed:
    """A message on its way: each try is signed anew, under one id."""

    url: str
    secret: str
    id: str
    body: bytes


def sign(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a message; the secret begins with `whsec_`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def is_authentic(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Return whether a message of the last five minutes was signed with the secret; without one everything is."""
    if not secret:
        return True
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > TOLERANCE_S:
        return False
    ours = sign(secret, message_id, timestamp, body)
    return any(hmac.compare_digest(ours, theirs) for theirs in headers.get("webhook-signature", "").split())


async def insist(
    message: Sealed, counts: Counter[str], *, tries: int, retry_s: float, heard: Callable[[int], None] = lambda _: None
) -> None:
    """Send a message until it is understood (2xx, or 422) or was tried often enough; tell each status, 0 for none."""
    for attempt in range(tries):
        if attempt:
            await asyncio.sleep(retry_s)
        timestamp = str(int(time.time()))
        headers = {
            "webhook-id": message.id, "webhook-timestamp": timestamp,
            "webhook-signature": sign(message.secret, message.id, timestamp, message.body),
        }  # fmt: skip
        try:
            status = await post(message.url, headers, message.body)
        except (OSError, TimeoutError):
            status = 0
        heard(status)
        if 200 <= status < 300 or status == 422:
            counts["delivered"] += 1
            return
        counts["failed"] += 1
