"""The sandbox carrier: makes labels, moves parcels when told to, and reports every scan with a signature."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from retour.sandbox.posting import PostOffice, post

STATUSES = ("label_created", "in_transit", "out_for_delivery", "delivered", "exception", "returned_to_sender", "lost")
_LABEL = b"%PDF-1.4\n% a sandbox label\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def sign(body: bytes, *, timestamp: str, secret: str) -> str:
    """Return the hex HMAC-SHA256 over `timestamp.body`."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


async def _wish(request: Request) -> dict[str, Any]:
    try:
        wish = json.loads(await request.body() or b"{}")
    except ValueError:
        raise HTTPException(400, "the body must be JSON") from None
    if not isinstance(wish, dict):
        raise HTTPException(400, "the body must be a JSON object")
    return wish


class Carrier:
    """All parcels of the sandbox, and where their news goes."""

    def __init__(self, *, url: str | None, secret: str) -> None:
        self.url = url
        self.secret = secret
        self.tries = 5
        self.retry_s = 0.5
        self.office = PostOffice()
        self.parcels: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)

    def reset(self) -> None:
        """Forget every parcel."""
        self.office.close()
        self.parcels.clear()

    def routes(self) -> list[Route]:
        """Return the carrier's routes."""
        return [
            Route("/carrier/labels", self._make, methods=["POST"]),
            Route("/carrier/parcels", self._all, methods=["GET"]),
            Route("/carrier/parcels/{number}", self._show, methods=["GET"]),
            Route("/carrier/parcels/{number}/label.pdf", self._label, methods=["GET"]),
            Route("/carrier/parcels/{number}/scan", self._scan, methods=["POST"]),
            Route("/carrier/settings", self._settings, methods=["GET", "POST"]),
        ]

    def label(self, wish: dict[str, Any], *, base: str) -> dict[str, Any]:
        """Make a parcel with its label and return it; `base` is the carrier's own address."""
        number = f"SBXR{next(self._numbers):08d}"
        self.parcels[number] = {
            "tracking_number": number,
            "carrier": "sandbox",
            "status": "label_created",
            "reference": wish.get("reference"),
            "service": wish.get("service", "standard"),
            "label_url": f"{base}/carrier/parcels/{number}/label.pdf",
            "tracking_url": f"{base}/carrier/parcels/{number}",
            "cost": {"amount": "4.20", "currency": wish.get("currency", "EUR")},
            "events": [],
        }
        return self.parcels[number]

    def scan(self, number: str, wish: dict[str, Any]) -> dict[str, Any]:
        """Move a known parcel and tell of it."""
        parcel = self.parcels[number]
        event = {
            "id": str(uuid.uuid4()),
            "tracking_number": number,
            "carrier": parcel["carrier"],
            "status": wish["status"],
            "occurred_at": wish.get("occurred_at") or datetime.now(UTC).isoformat(timespec="seconds"),
            "place": wish.get("place", "Sandbox hub"),
            "reference": parcel["reference"],
        }
        parcel["status"] = event["status"]
        parcel["events"].append(event)
        self.tell(event)
        return event

    async def _make(self, request: Request) -> Response:
        return JSONResponse(self.label(await _wish(request), base=str(request.base_url).rstrip("/")), 201)

    async def _all(self, _: Request) -> Response:
        return JSONResponse({"parcels": list(self.parcels.values())})

    async def _show(self, request: Request) -> Response:
        parcel = self.parcels.get(request.path_params["number"])
        return JSONResponse(parcel) if parcel else JSONResponse({"error": "unknown parcel"}, 404)

    async def _label(self, request: Request) -> Response:
        if request.path_params["number"] not in self.parcels:
            return JSONResponse({"error": "unknown parcel"}, 404)
        return Response(_LABEL, media_type="application/pdf")

    async def _scan(self, request: Request) -> Response:
        parcel = self.parcels.get(request.path_params["number"])
        wish = await _wish(request)
        if parcel is None:
            return JSONResponse({"error": "unknown parcel"}, 404)
        if wish.get("status") not in STATUSES:
            return JSONResponse({"error": f"status must be one of {', '.join(STATUSES)}"}, 422)
        return JSONResponse(self.scan(parcel["tracking_number"], wish), 201)

    def tell(self, event: dict[str, Any]) -> None:
        """Send a tracking event to the configured address, if there is one."""
        if self.url is None:
            return
        url, body = self.url, json.dumps(event, separators=(",", ":")).encode()

        async def parcel() -> None:
            for attempt in range(self.tries):
                if attempt:
                    await asyncio.sleep(self.retry_s)
                timestamp = str(int(time.time()))
                headers = {
                    "X-Carrier-Event-Id": event["id"],
                    "X-Carrier-Timestamp": timestamp,
                    "X-Carrier-Signature": sign(body, timestamp=timestamp, secret=self.secret),
                }
                try:
                    status = await post(url, headers, body)
                except (OSError, TimeoutError):
                    status = 0
                if 200 <= status < 300:
                    self.office.counts["delivered"] += 1
                    return
                self.office.counts["failed"] += 1

        self.office.hand_in(parcel)

    async def _settings(self, request: Request) -> Response:
        wish = await _wish(request)
        self.url = wish.get("url", self.url)
        self.secret = wish.get("secret", self.secret)
        self.tries = int(wish.get("tries", self.tries))
        self.retry_s = float(wish.get("retry_s", self.retry_s))
        astray = self.office.astray
        astray.duplicate = int(wish.get("duplicate", astray.duplicate))
        astray.reorder = int(wish.get("reorder", astray.reorder))
        astray.delay_s = float(wish.get("delay_s", astray.delay_s))
        astray.drop = int(wish.get("drop", astray.drop))
        if wish.get("release"):
            self.office.release()
        return JSONResponse({"url": self.url, "counts": dict(self.office.counts), "held": len(self.office.held)})
