"""The sandbox's card provider, after Stripe's public API: pages, authorisations that lapse, keys, signed events."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from collections import Counter
from html import escape
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from retour.sandbox.posting import PostOffice, post
from retour.sandbox.returns_system import Cut
from retour.sandbox.warehouse import read_wish

LAPSE_S = 7 * 86_400
PAGE_S = 86_400
KEY_S = 86_400
KEY_LONGEST = 255

Thing = dict[str, Any]


class Declined(Exception):  # noqa: N818 - a card's answer
    """The card refuses."""


class Wrong(Exception):  # noqa: N818 - an answer
    """A request that the provider refuses; `now` is the authorisation it was about."""

    def __init__(self, status: int, code: str, message: str, now: Thing | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.now = status, code, now


class Cards:
    """What is held on which card, which pages are open, and what goes wrong next."""

    def __init__(self) -> None:
        self.secret = "sk_test_sandbox"  # noqa: S105
        self.webhook_secret, self.url = "whsec_sandbox", None
        self.office, self.base = PostOffice(), ""
        self.reset()

    def reset(self) -> None:
        """Forget everything but the keys."""
        self.office.close()
        self.pages: dict[str, Thing] = {}
        self.intents: dict[str, Thing] = {}
        self.answers: dict[str, tuple[float, bytes, int, Thing]] = {}
        self.faults: list[Thing] = []
        self.counts: Counter[str] = Counter()
        self.captured = self.ahead_s = 0
        self.url = None

    def routes(self) -> list[Route]:
        """Return the provider's routes, its pages for shoppers and its desk."""
        api = "/stripe/v1"
        return [
            Route(f"{api}/checkout/sessions", self._api, methods=["GET", "POST"]),
            Route(f"{api}/checkout/sessions/{{ref}}", self._api, methods=["GET"]),
            Route(f"{api}/checkout/sessions/{{ref}}/expire", self._api, methods=["POST"]),
            Route(f"{api}/payment_intents", self._api, methods=["GET", "POST"]),
            Route(f"{api}/payment_intents/{{ref}}", self._api, methods=["GET"]),
            Route(f"{api}/payment_intents/{{ref}}/capture", self._api, methods=["POST"]),
            Route(f"{api}/payment_intents/{{ref}}/cancel", self._api, methods=["POST"]),
            Route("/stripe/pay/{ref}", self._page, methods=["GET", "POST"]),
            Route("/_sandbox/cards", self._desk, methods=["GET", "POST"]),
        ]

    def now(self) -> int:
        """Return the provider's clock in seconds, which a test may move ahead."""
        return int(time.time()) + self.ahead_s

    async def _api(self, request: Request) -> Response:
        """Answer one call: the key is looked up first, what goes wrong is kept under it like what goes well."""
        if request.headers.get("authorization") != f"Bearer {self.secret}":
            return _error(401, "api_key", "Invalid API Key provided")
        body, key = await request.body(), request.headers.get("idempotency-key", "")
        name, self.base = _operation(request), str(request.base_url).rstrip("/")
        self._lapse()
        if request.method == "POST":
            if not 0 < len(key) <= KEY_LONGEST:
                return _error(400, "idempotency_key", "The key is missing or too long")
            known = self.answers.get(key)
            if known is not None and known[0] > self.now() - KEY_S:
                if known[1] != request.url.path.encode() + body:
                    return _error(400, "idempotency", "The key was used for another request", kind="idempotency_error")
                return JSONResponse(known[3], known[2])
        fault = self._fault(name)
        if fault is not None and fault["how"] in ("lost_before", "throttled"):
            return Cut() if fault["how"] == "lost_before" else _error(429, "rate_limit", "Too many requests")
        if fault is not None and fault["how"] == "401":
            return _error(401, "invalid_request_error", "Invalid API Key provided")
        status, said = self._act(name, request, dict(parse_qsl(body.decode())), fault)
        if fault is not None and fault["how"] == "500":
            status, said = 500, {"error": {"type": "api_error", "message": "as you wished"}}
        if request.method == "POST":
            self.answers[key] = (self.now(), request.url.path.encode() + body, status, said)
        return Cut() if fault is not None and fault["how"] == "lost" else JSONResponse(said, status)

    def _fault(self, name: str) -> Thing | None:
        for fault in self.faults:
            if fault.get("where", name) == name and fault.get("times", 1) > 0:
                fault["times"] = fault.get("times", 1) - 1
                return fault
        return None

    def _act(self, name: str, request: Request, form: dict[str, str], fault: Thing | None) -> tuple[int, Thing]:
        ref = request.path_params.get("ref", "")
        try:
            match name:
                case "open_page":
                    return 200, self._open(form)
                case "close_page":
                    return 200, self._close(ref)
                case "authorise":
                    return 200, self._authorise(form, declines=fault is not None and fault["how"] == "decline")
                case "capture":
                    no = fault is not None and fault["how"] == "decline"
                    return 200, self._capture(ref, int(form["amount_to_capture"]), declines=no)
                case "release":
                    return 200, self._release(ref)
                case "list_pages" | "list_intents":
                    return 200, self._list(name, dict(request.query_params))
                case _:
                    found = (self.pages if "sessions" in request.url.path else self.intents).get(ref)
                    return (200, self._shown(found)) if found else (404, _body("resource_missing", "No such thing"))
        except Declined:
            said = _body("card_declined", "Your card was declined.", kind="card_error")
            said["error"]["decline_code"] = "insufficient_funds"
            return 402, said
        except Wrong as wrong:
            said = _body(wrong.code, str(wrong))
            if wrong.now is not None:
                said["error"]["payment_intent"] = wrong.now
            return wrong.status, said

    def _open(self, form: dict[str, str]) -> Thing:
        ref = f"cs_test_{uuid.uuid4().hex}"
        item = "line_items[0][price_data]"
        if form["mode"] != "payment" or int(form[f"{item}[unit_amount]"]) <= 0:
            raise Wrong(400, "parameter_invalid", "a page needs an amount")
        self.pages[ref] = {
            "id": ref, "object": "checkout.session", "status": "open", "created": self.now(),
            "expires_at": self.now() + PAGE_S, "payment_intent": None, "metadata": _metadata(form, "metadata"),
            "amount_total": int(form[f"{item}[unit_amount]"]), "currency": form[f"{item}[currency]"],
            "success_url": form["success_url"], "cancel_url": form["cancel_url"], "url": f"{self.base}/stripe/pay/{ref}",
            "_manual": form.get("payment_intent_data[capture_method]") == "manual",
            "_intent_metadata": _metadata(form, "payment_intent_data[metadata]"),
            "_title": form[f"{item}[product_data][name]"],
        }  # fmt: skip
        self.counts["pages"] += 1
        return self._shown(self.pages[ref])

    def _close(self, ref: str) -> Thing:
        page = self.pages.get(ref)
        if page is None:
            raise Wrong(404, "resource_missing", "No such session")
        if page["status"] != "open":
            raise Wrong(400, "session_not_open", "Only open sessions can be expired")
        page["status"] = "expired"
        return self._shown(page)

    def confirm(self, ref: str, *, declines: bool = False) -> Thing:
        """Let the shopper confirm a page with a card; a card that declines leaves it open."""
        page = self.pages[ref]
        if page["status"] != "open":
            raise Wrong(400, "session_not_open", "This page is not open any more")
        if declines:
            raise Declined
        customer, method = f"cus_{uuid.uuid4().hex[:14]}", f"pm_{uuid.uuid4().hex[:14]}"
        intent = self._intent(
            page["amount_total"], page["currency"], customer, method, page["_intent_metadata"], manual=page["_manual"]
        )
        page |= {"status": "complete", "payment_intent": intent["id"], "url": None}
        self.tell("checkout.session.completed", self._shown(page))
        return intent

    def _intent(
        self, amount: int, currency: str, customer: str, method: str, metadata: Thing, *, manual: bool
    ) -> Thing:
        ref = f"pi_{uuid.uuid4().hex}"
        intent = {
            "id": ref, "object": "payment_intent", "amount": amount, "currency": currency, "created": self.now(),
            "customer": customer, "payment_method": method, "metadata": metadata,
            "status": "requires_capture" if manual else "succeeded", "amount_capturable": amount if manual else 0,
            "amount_received": 0 if manual else amount,
            "latest_charge": {
                "id": f"ch_{uuid.uuid4().hex}", "captured": not manual,
                "payment_method_details": {"type": "card", "card": {"capture_before": self.now() + LAPSE_S}},
            },
        }  # fmt: skip
        self.intents[ref] = intent
        self.counts["authorised" if manual else "paid"] += 1
        self.captured += 0 if manual else amount
        return intent

    def _authorise(self, form: dict[str, str], *, declines: bool) -> Thing:
        known = next((i for i in self.intents.values() if i["customer"] == form["customer"]), None)
        if known is None or known["payment_method"] != form["payment_method"]:
            raise Wrong(400, "resource_missing", "No such customer or card")
        if declines:
            raise Declined
        return self._intent(
            int(form["amount"]), form["currency"], form["customer"], form["payment_method"],
            _metadata(form, "metadata"), manual=True,
        )  # fmt: skip

    def _held(self, ref: str) -> Thing:
        intent = self.intents.get(ref)
        if intent is None:
            raise Wrong(404, "resource_missing", "No such payment intent")
        if intent["status"] != "requires_capture":
            raise Wrong(400, "payment_intent_unexpected_state", f"It is {intent['status']}", intent)
        return intent

    def _capture(self, ref: str, amount: int, *, declines: bool = False) -> Thing:
        intent = self._held(ref)
        if declines:
            raise Declined
        if not 0 < amount <= intent["amount_capturable"]:
            raise Wrong(400, "amount_too_large", "More than is held", intent)
        intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
        self.counts["captured"] += 1
        self.captured += amount
        self.tell("payment_intent.succeeded", intent)
        return intent

    def _release(self, ref: str) -> Thing:
        return self._cancel(self._held(ref), "released", None)

    def _cancel(self, intent: Thing, count: str, why: str | None) -> Thing:
        intent |= {"status": "canceled", "amount_capturable": 0, "cancellation_reason": why}
        self.counts[count] += 1
        self.tell("payment_intent.canceled", intent)
        return intent

    def _lapse(self) -> None:
        """Let go what was held for seven days, and close what was open for one."""
        for intent in self.intents.values():
            if intent["status"] == "requires_capture" and intent["created"] + LAPSE_S <= self.now():
                self._cancel(intent, "lapsed", "automatic")
        for page in self.pages.values():
            if page["status"] == "open" and page["expires_at"] <= self.now():
                page["status"] = "expired"

    def _list(self, name: str, asked: dict[str, str]) -> Thing:
        rows = self.pages if name == "list_pages" else self.intents
        since, customer = int(asked.get("created[gte]", "0")), asked.get("customer")
        found = [r for r in rows.values() if r["created"] >= since and customer in (None, r.get("customer"))]
        most = int(asked.get("limit", "10"))
        return {"object": "list", "data": [self._shown(r) for r in found[::-1][:most]], "has_more": len(found) > most}

    def _shown(self, thing: Thing) -> Thing:
        shown = {key: value for key, value in thing.items() if not key.startswith("_")}
        intent = self.intents.get(str(shown.get("payment_intent")))
        return shown | ({"payment_intent": intent} if intent is not None else {})

    def tell(self, kind: str, thing: Thing) -> None:
        """Send a signed event to the configured address, once."""
        url, event_id = self.url, f"evt_{uuid.uuid4().hex}"
        if url is None:
            return
        said = {"id": event_id, "type": kind, "created": self.now(), "data": {"object": thing}}
        body = json.dumps(said).encode()

        async def parcel() -> None:
            at = str(int(time.time()))
            signed = hmac.new(self.webhook_secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
            try:
                await post(url, {"stripe-signature": f"t={at},v1={signed}"}, body)
            except (OSError, TimeoutError):
                self.office.counts["failed"] += 1

        self.office.hand_in(parcel)

    async def _page(self, request: Request) -> Response:
        """Show a page to the shopper, and take what he does there."""
        self._lapse()
        page = self.pages.get(request.path_params["ref"])
        if page is None:
            return HTMLResponse("<h1>No such page</h1>", 404)
        if request.method == "GET":
            whole, cents = divmod(page["amount_total"], 100)
            amount = f"{whole}.{cents:02} {page['currency'].upper()}"
            open_ = page["status"] == "open"
            act = (
                '<form method="post"><button>Confirm with the test card</button></form>' if open_ else "<p>Closed.</p>"
            )
            return HTMLResponse(f"<h1>{escape(page['_title'])}</h1><p>{amount}</p>{act}")
        try:
            self.confirm(page["id"])
        except Wrong:
            return RedirectResponse(page["cancel_url"], 303)
        return RedirectResponse(page["success_url"], 303)

    def let_go(self, ref: str) -> None:
        """Let somebody in the provider's own dashboard let an authorisation go (its id, or `last`)."""
        self._cancel(self._held(self._named(ref)), "let_go", "requested_by_customer")

    def take(self, ref: str, amount: int | None = None) -> None:
        """Let somebody in the provider's own dashboard capture an authorisation, or a part of it."""
        intent = self._held(self._named(ref))
        self._capture(intent["id"], amount or intent["amount_capturable"])

    def _named(self, ref: str) -> str:
        held = [ref for ref, intent in self.intents.items() if intent["status"] == "requires_capture"]
        return held[-1] if ref == "last" and held else ref

    async def _desk(self, request: Request) -> Response:
        """Take wishes: `faults`, `advance_s`, `confirm` a page, what its dashboard does (`let_go`, `capture`); tell the books."""
        wish = await read_wish(request)
        self.faults += wish.get("faults", [])
        self.ahead_s += int(wish.get("advance_s", 0))
        self.url = wish.get("url", self.url)
        self.webhook_secret = wish.get("webhook_secret", self.webhook_secret)
        self._lapse()
        said = None
        try:
            if "let_go" in wish:
                self.let_go(str(wish["let_go"]))
            if "capture" in wish:
                self.take(str(wish["capture"]), wish.get("amount"))
            if "confirm" in wish:
                ref = list(self.pages)[-1] if wish["confirm"] == "last" else wish["confirm"]
                said = self.confirm(ref, declines=bool(wish.get("declines")))["id"]
        except (Declined, Wrong) as no:
            return JSONResponse({"error": type(no).__name__}, 402)
        held = sum(i["amount_capturable"] for i in self.intents.values())
        return JSONResponse(
            {"counts": dict(self.counts), "captured": self.captured, "held": held, "confirmed": said,
             "pages": [self._shown(p) for p in self.pages.values()], "intents": list(self.intents.values())}
        )  # fmt: skip


def _operation(request: Request) -> str:
    path, is_post = request.url.path, request.method == "POST"
    page = "/checkout/sessions" in path
    if path.endswith("/expire"):
        return "close_page"
    if path.endswith("/capture"):
        return "capture"
    if path.endswith("/cancel"):
        return "release"
    if request.path_params.get("ref"):
        return "see_page" if page else "see_intent"
    return ("open_page" if page else "authorise") if is_post else ("list_pages" if page else "list_intents")


def _metadata(form: dict[str, str], under: str) -> Thing:
    return {k[len(under) + 1 : -1]: v for k, v in form.items() if k.startswith(f"{under}[")}


def _body(code: str, message: str, *, kind: str = "invalid_request_error") -> Thing:
    return {"error": {"type": kind, "code": code, "message": message}}


def _error(status: int, code: str, message: str, *, kind: str = "invalid_request_error") -> Response:
    return JSONResponse(_body(code, message, kind=kind), status)
