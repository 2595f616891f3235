"""The page of all components in all states, for whoever builds pages."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from markupsafe import Markup

from retour.core.money import Money
from retour.web.forms import FormErrors
from retour.web.frames import DashboardFrame, FrameLink, PortalFrame, StoreLink
from retour.web.pages import Pages
from retour.web.parts import Blocker, Choice, Entry, Mark, MoneyRow
from retour.web.reader import Reader

_WEEKS: Final = (41, 38, 44, 52, 47, 43, 39, 36, 40, 61, 58, 49)
_PLACE: Final = "/design"


def design_handlers(pages: Pages, clock: Callable[[], datetime]) -> list[HTTPRouteHandler]:
    """Return the handler of /design; `?as=portal` shows the components as shoppers see them."""

    @get(_PLACE, sync_to_thread=False, include_in_schema=False)
    def design(request: Request[Any, Any, Any]) -> Response[str]:
        """Answer every component."""
        reader = pages.reader(request, now=clock(), timezone="Europe/Berlin")
        if request.query_params.get("as") == "portal":
            return pages.render("web/design_portal.html", reader=reader, frame=_portal(), **_values(reader))
        panel = "panel" in request.query_params
        return pages.render("web/design.html", reader=reader, frame=_dashboard(), panel=panel, **_values(reader))

    return [design]


def _portal() -> PortalFrame:
    return PortalFrame("Fjellhus", f"{_PLACE}?as=portal", help_url="#help", legal_links=[("Imprint", "#imprint")])


def _dashboard() -> DashboardFrame:
    names = ("Home", "Returns", "Exceptions", "Orders", "Customers", "Policies", "Insights")
    counts = {"Returns": 238, "Exceptions": 3}
    return DashboardFrame(
        store_name="Fjellhus DE",
        person_name="Ana Keller",
        main=[FrameLink(name, _PLACE, name == "Returns", counts.get(name)) for name in names],
        more=[FrameLink("Warehouse", _PLACE), FrameLink("Settings", _PLACE)],
        tabs=[FrameLink(name, _PLACE, name == "Returns") for name in ("Home", "Returns", "Scan", "More")],
        stores=[StoreLink("Fjellhus DE", _PLACE, is_current=True), StoreLink("Fjellhus NO", _PLACE)],
        find_url=_PLACE,
    )


def _values(reader: Reader) -> dict[str, Any]:
    errors = FormErrors()
    errors.add("amount", "Enter an amount up to €128.70")
    errors.add("reason", "Say why this return is refused")
    now = reader.now
    return {
        "errors": errors,
        "axes": _axes(reader),
        "marks": [(axis, fill) for axis in ("decision", "goods", "money") for fill in ("empty", "half", "full", "stopped")],
        "tones": ("quiet", "moving", "you", "stopped", "done"),
        "blockers": _blockers(),
        "entries": [
            Entry("Received at Hamburg, 2 of 2 units", now - timedelta(hours=26), "Jonas, handheld 3"),
            Entry("In transit", now - timedelta(days=5), "DHL 0034 0434 1234"),
            Entry("Approved", now - timedelta(days=10), "Policy v7, automatically"),
            Entry("Requested", now - timedelta(days=10), "Shopper, German portal"),
        ],
        "folded": [Entry("Tag added on the platform", now - timedelta(days=5), "Retour")],
        "money_rows": _money(),
        "promised_rows": _promised(),
        "choices": _choices(reader),
        "limit": _eur(12_870),
        "bars": [
            (reader.number(week), count, reader.number(count), _PLACE, week == 20)
            for week, count in enumerate(_WEEKS, start=9)
        ],
        "rows": _rows(reader),
    }  # fmt: skip


def _eur(minor: int) -> Money:
    return Money(minor, "EUR")


def _axes(reader: Reader) -> list[Mark]:
    return [
        Mark("decision", "full", "done", "Approved"),
        Mark("goods", "half", "you", "Received, not inspected"),
        Mark("money", "empty", "quiet", Markup("Due {}").format(reader.money(_eur(12_480)))),
    ]


def _blockers() -> list[Blocker]:
    bold = Markup("Waits for <b>{}</b> {}").format
    return [
        Blocker(bold("you", "since yesterday, 16:40: inspection."), is_you=True),
        Blocker(bold("the carrier", "since 17 May. We ask again on 24 May.")),
        Blocker(bold("you", "since 12 May: decision."), is_you=True, late="4 days late"),
    ]


def _money() -> list[MoneyRow]:
    return [
        MoneyRow("item", "Trail jacket", _eur(12_900), ("Price you paid per piece, tax included",)),
        MoneyRow("less", "Its share of SPRING10", _eur(-1_290), ("10% of €129.00",), why="Rule 2, policy v7"),
        MoneyRow("item", "Merino socks, 1 of 2", _eur(1_400)),
        MoneyRow("less", "Its share of SPRING10", _eur(-140), ("10% of €14.00",)),
        MoneyRow("sum", "Items, as you paid them", _eur(12_870), ("Includes €20.55 VAT (19%)",)),
        MoneyRow("less", "Return label", _eur(-390), ("€3.90 for refunds, free with credit or exchange",)),
        MoneyRow("paid", "You get back", _eur(12_480)),
        MoneyRow("to", "to gift card ending 7Q2F", _eur(2_000)),
        MoneyRow("to", "to Visa ending 4242", _eur(10_480)),
    ]


def _promised() -> list[MoneyRow]:
    return [
        MoneyRow("item", "Trail jacket", _eur(11_610)),
        MoneyRow("less", "Deduction for condition", _eur(-1_161), ("10%: worn",), promised=_eur(0), changed=True),
        MoneyRow("paid", "To pay out", _eur(10_449), promised=_eur(11_610)),
    ]


def _choices(reader: Reader) -> list[Choice]:
    more = Markup("{} more than the refund").format(reader.money(_eur(1_677)))
    credit = "10% bonus and no label fee. Ready when your parcel is checked in, valid for 3 years."
    return [
        Choice("credit", "Store credit", credit, reader.money(_eur(14_157)), more),
        Choice("exchange", "Exchange the jacket", "S and L are in stock, held for you for 2 hours.", "No extra cost"),
        Choice("refund", "Refund", "To Visa ending 4242. Usually 3 to 5 days.", reader.money(_eur(12_480))),
    ]


def _rows(reader: Reader) -> list[dict[str, Any]]:
    blockers = _blockers()
    people = (
        ("R-10482", "Mara Lindqvist", 12_480),
        ("R-10479", "Jonas Weber", 4_560),
        ("R-10466", "Aylin Demir", 212_040),
    )
    return [
        {
            "number": number, "person": person, "axes": _axes(reader), "blocker": blocker, "amount": _eur(minor),
            "at": reader.now - timedelta(hours=26 * n),
        }
        for n, ((number, person, minor), blocker) in enumerate(zip(people, blockers, strict=True), start=1)
    ]  # fmt: skip
