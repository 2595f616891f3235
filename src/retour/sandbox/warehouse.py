"""The sandbox warehouse: is told what to expect, and reports receipts, verdicts and restocks when asked to."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from retour.sandbox.posting import PostOffice
from retour.sandbox.signing import Sealed, insist, is_authentic

BIN, SHELF = "Returns bin", "Shelf 1"


async def read_wish(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request, empty where there is none."""
    try:
        wish = json.loads(await request.body() or b"{}")
    except ValueError:
        raise HTTPException(400, "the body must be JSON") from None
    if not isinstance(wish, dict):
        raise HTTPException(400, "the body must be a JSON object")
    return wish


class Warehouse:
    """What the warehouse was told, what it has reported, and where its reports go."""

    def __init__(self) -> None:
        self.url: str | None = None
        self.secret = ""
        self.announced_secret = ""
        self.tries, self.retry_s = 5, 0.5
        self.office = PostOffice()
        self.expected: dict[str, dict[str, Any]] = {}
        self.seen: set[str] = set()
        self.reports: list[dict[str, Any]] = []

    def reset(self) -> None:
        """Forget what was announced and reported."""
        self.office.close()
        self.expected.clear()
        self.seen.clear()
        self.reports.clear()

    def routes(self) -> list[Route]:
        """Return the warehouse's routes."""
        return [
            Route("/warehouse/announcements", self._announce, methods=["POST"]),
            Route("/warehouse/returns", self._all, methods=["GET"]),
            Route("/warehouse/returns/{number}", self._show, methods=["GET"]),
            Route("/warehouse/returns/{number}/receive", self._reporter(self._received), methods=["POST"]),
            Route("/warehouse/returns/{number}/inspect", self._reporter(self._inspected), methods=["POST"]),
            Route("/warehouse/returns/{number}/restock", self._reporter(self._restocked), methods=["POST"]),
            Route("/warehouse/settings", self._settings, methods=["GET", "POST"]),
        ]

    async def _announce(self, request: Request) -> Response:
        """Take a signed `return.expected`: the newest word about a return counts, a message is taken once."""
        body, message_id = await request.body(), request.headers.get("webhook-id", "")
        if not is_authentic(self.announced_secret, request.headers, body):
            return JSONResponse({"error": "not authentic"}, 401)
        told = json.loads(body)
        if told.get("type") == "return.expected" and message_id not in self.seen:
            self.seen.add(message_id)
            number = f"R-{told['data']['number']}"
            self.expected[number] = {"return": number, "lines": told["data"]["lines"], "told": message_id}
        return JSONResponse({"received": True})

    async def _all(self, _: Request) -> Response:
        return JSONResponse({"returns": list(self.expected.values()), "reports": self.reports})

    async def _show(self, request: Request) -> Response:
        found = self.expected.get(request.path_params["number"])
        return JSONResponse(found) if found else JSONResponse({"error": "nobody announced that return"}, 404)

    def _reporter(self, make: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]) -> Any:
        async def report(request: Request) -> Response:
            found, wish = self.expected.get(request.path_params["number"]), await read_wish(request)
            if found is None:
                return JSONResponse({"error": "nobody announced that return"}, 404)
            message = make(found, wish)
            self.tell(message, known_as=wish.get("id"))
            return JSONResponse(message, 201)

        return report

    def _received(self, found: dict[str, Any], wish: dict[str, Any]) -> dict[str, Any]:
        lines = wish.get("lines") or self._whole(found)
        return self._message("retour.receipt/1", found, lines, location=wish.get("location", BIN))

    def _inspected(self, found: dict[str, Any], wish: dict[str, Any]) -> dict[str, Any]:
        said = {name: wish[name] for name in ("disposition", "accepted", "note") if name in wish}
        lines = wish.get("lines") or [
            {**line, "grade": wish.get("grade", "sealed"), **said} for line in self._whole(found)
        ]
        return self._message("retour.inspection/1", found, lines)

    def _restocked(self, found: dict[str, Any], wish: dict[str, Any]) -> dict[str, Any]:
        lines = wish.get("lines") or self._whole(found)
        return self._message("retour.restock/1", found, lines, location=wish.get("location", SHELF))

    def _whole(self, found: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"line_id": line["line_id"], "quantity": line["quantity"]} for line in found["lines"]]

    def _message(self, schema: str, found: dict[str, Any], lines: list[Any], **more: Any) -> dict[str, Any]:
        at = datetime.now(UTC).isoformat()
        return {"schema": schema, "return": found["return"], "lines": lines, "occurred_at": at, **more}

    def tell(self, message: dict[str, Any], *, known_as: str | None = None) -> None:
        """Send a report to the configured address, signed anew for each try under one id."""
        message_id, body = known_as or str(uuid.uuid4()), json.dumps(message, separators=(",", ":")).encode()
        self.reports.append({"id": message_id, "message": message, "status": None})
        kept, url = self.reports[-1], self.url
        if url is None:
            return

        sealed = Sealed(url, self.secret, message_id, body)
        self.office.hand_in(
            lambda: insist(
                sealed, self.office.counts, tries=self.tries, retry_s=self.retry_s,
                heard=lambda status: kept.update(status=status),
            )
        )  # fmt: skip

    async def _settings(self, request: Request) -> Response:
        wish = await read_wish(request)
        self.url = wish.get("url", self.url)
        self.secret = wish.get("secret", self.secret)
        self.announced_secret = wish.get("announced_secret", self.announced_secret)
        self.tries = int(wish.get("tries", self.tries))
        self.retry_s = float(wish.get("retry_s", self.retry_s))
        astray = self.office.astray
        astray.duplicate = int(wish.get("duplicate", astray.duplicate))
        astray.drop = int(wish.get("drop", astray.drop))
        return JSONResponse({"url": self.url, "counts": dict(self.office.counts)})
