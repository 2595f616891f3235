"""Serves the shop's pages under `/admin`: orders, stock, books, parcels and misbehaviour; forms act on the shop at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from retour.sandbox.admin import reading
from retour.sandbox.carrier import STATUSES
from retour.sandbox.misbehaviour import HOWS
from retour.sandbox.pictures import picture

if TYPE_CHECKING:
    from retour.sandbox.app import Sandbox

_HERE: Final = Path(__file__).parent
FRAME: Final = _HERE / "templates"
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_MOST_FORM_BYTES: Final = 20_000
NEXT_SCANS: Final = {
    "label_created": ("in_transit",),
    "in_transit": ("out_for_delivery", "delivered", "exception"),
    "out_for_delivery": ("delivered", "exception"),
    "exception": ("in_transit", "delivered", "returned_to_sender", "lost"),
}
"""Which scans make sense next; the carrier's own desk allows any."""
CALLS: Final = ("*", "refundCreate", "returnProcess", "returnCreate", "inventoryAdjustQuantities", "tagsAdd", "order")
PENDING: Final = {"at once": None, "pending, then paid": "SUCCESS", "pending, then failed": "FAILURE"}

Endpoint = Callable[[Request], Awaitable[Response]]


class Admin:
    """The pages of one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._shipped_on: dict[str, str] = {}  # the page on which each parcel was shipped by hand
        self._templates = Environment(
            loader=FileSystemLoader(FRAME), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )

    def routes(self) -> list[Route]:
        """Return the routes of the pages, their sheet and the pictures of the goods."""
        gets: dict[str, Endpoint] = {
            "/admin": self._orders, "/admin/orders/{number:int}": self._order, "/admin/stock": self._stock,
            "/admin/books": self._books, "/admin/parcels": self._parcels, "/admin/trouble": self._trouble,
        }  # fmt: skip
        posts: dict[str, Endpoint] = {
            "/admin/parcels": self._ship, "/admin/parcels/{number}/scan": self._scan, "/admin/trouble": self._misbehave,
            "/admin/trouble/none": self._behave, "/admin/trouble/refunds": self._settle_refunds,
        }  # fmt: skip
        return [
            *(Route(path, page, methods=["GET"]) for path, page in gets.items()),
            *(Route(path, _own(act), methods=["POST"]) for path, act in posts.items()),
            Route("/admin/admin.css", _sheet, methods=["GET"]),
            Route("/pictures/{sku:path}.png", _picture, methods=["GET"]),
            Route("/", lambda _: RedirectResponse("/admin", 303), methods=["GET"]),
        ]

    def _page(self, name: str, status: int = 200, **values: Any) -> Response:
        """Render a page."""
        text = self._templates.get_template(name).render(**values, domain=self._sandbox.shop.domain)
        return HTMLResponse(text, status, headers=_HEADERS)

    async def _orders(self, request: Request) -> Response:
        wanted, only = request.query_params.get("q", ""), request.query_params.get("only", "")
        before = request.query_params.get("before", "")
        found = reading.orders(
            self._sandbox.shop, wanted=wanted, only=only, before=int(before) if before.isdigit() else None
        )
        older = urlencode({"q": wanted, "only": only, "before": found["older"]}) if found["older"] else ""
        return self._page("orders.html", here="orders", q=wanted, only=only, **{**found, "older": older})

    async def _order(self, request: Request) -> Response:
        found = reading.order(self._sandbox.shop, request.path_params["number"])
        if found is None:
            return self._page("missing.html", 404, here="orders")
        mine, here = _references(found), f"/admin/orders/{found['number']}"
        back = [
            p
            for n, p in self._sandbox.carrier.parcels.items()
            if p["reference"] in mine or self._shipped_on.get(n) == here
        ]
        return self._page("order.html", here="orders", order=found, back=[_parcel(p) for p in back])

    async def _stock(self, _: Request) -> Response:
        return self._page("stock.html", here="stock", **reading.stock(self._sandbox.shop))

    async def _books(self, _: Request) -> Response:
        office = self._sandbox.office
        return self._page(
            "books.html", here="books", post=sorted(office.counts.items()), **reading.books(self._sandbox.shop)
        )

    async def _parcels(self, _: Request) -> Response:
        parcels = [_parcel(p) for p in reversed(self._sandbox.carrier.parcels.values())]
        return self._page("parcels.html", here="parcels", parcels=parcels, told=self._sandbox.carrier.url)

    async def _trouble(self, _: Request) -> Response:
        rules = [rule for rule in self._sandbox.plan.rules if rule.times]
        now = self._sandbox.shop.settings.refund_pending
        chosen = next(words for words, value in PENDING.items() if value == now)
        return self._page(
            "trouble.html",
            here="trouble",
            rules=rules,
            calls=CALLS,
            hows=sorted(HOWS),
            pending=list(PENDING),
            now=chosen,
        )

    async def _ship(self, request: Request) -> Response:
        """Make a label for a return and have the parcel picked up."""
        form = await _form(request)
        reference = form.get("reference", "").strip()
        if not reference:
            return RedirectResponse("/admin/parcels", 303)
        made = self._sandbox.carrier.label({"reference": reference}, base=str(request.base_url).rstrip("/"))
        self._sandbox.carrier.scan(made["tracking_number"], {"status": "in_transit", "place": "Parcel shop"})
        self._shipped_on[made["tracking_number"]] = _back_to(form)
        return RedirectResponse(_back_to(form), 303)

    async def _scan(self, request: Request) -> Response:
        form = await _form(request)
        if form.get("status") in STATUSES and request.path_params["number"] in self._sandbox.carrier.parcels:
            self._sandbox.carrier.scan(request.path_params["number"], {"status": form["status"]})
        return RedirectResponse(_back_to(form), 303)

    async def _misbehave(self, request: Request) -> Response:
        form = await _form(request)
        if form.get("how") in HOWS and form.get("where") in CALLS and form.get("times", "").isdigit():
            seconds = 2 if "timeout" in form["how"] or form["how"] == "slow" else 0
            wish = {"where": form["where"], "how": form["how"], "times": int(form["times"][:4]), "seconds": seconds}
            self._sandbox.plan.add(wish)
        return RedirectResponse("/admin/trouble", 303)

    async def _behave(self, _: Request) -> Response:
        self._sandbox.plan.clear()
        return RedirectResponse("/admin/trouble", 303)

    async def _settle_refunds(self, request: Request) -> Response:
        form = await _form(request)
        if form.get("refunds") in PENDING:
            settings = self._sandbox.shop.settings
            settings.refund_pending, settings.refund_pending_s = PENDING[form["refunds"]], 20.0
        return RedirectResponse("/admin/trouble", 303)


def _references(order: Mapping[str, Any]) -> set[str]:
    return {ret["reference"] for ret in order["returns"] if ret["reference"]}


def _parcel(parcel: Mapping[str, Any]) -> dict[str, Any]:
    """Return a parcel with the scans that may follow, in words."""
    steps = [(status, status.replace("_", " ")) for status in NEXT_SCANS.get(parcel["status"], ())]
    return {**parcel, "said": parcel["status"].replace("_", " "), "steps": steps}


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a small form; uploads and repeated fields do not occur here."""
    body = await request.body()
    return dict(parse_qsl(body[:_MOST_FORM_BYTES].decode("utf-8", "replace"), keep_blank_values=True))


def _back_to(form: Mapping[str, str]) -> str:
    """Return the page that the form was on, of this shop alone."""
    to = form.get("to", "")
    return to if to.startswith("/admin") else "/admin/parcels"


def _own(act: Endpoint) -> Endpoint:
    """Refuse what another site's page sends."""

    async def guarded(request: Request) -> Response:
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
            return Response("This form belongs to another site.", 403, media_type="text/plain")
        return await act(request)

    return guarded


def _sheet(_: Request) -> Response:
    return Response((_HERE / "admin.css").read_bytes(), media_type="text/css", headers=_HEADERS)


def _picture(request: Request) -> Response:
    headers = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"}
    return Response(picture(request.path_params["sku"]), media_type="image/png", headers=headers)
