"""Templates: one Jinja environment for pages and mails, in which every text and amount is the reader's."""

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

import retour
from retour.core.money import Money
from retour.web.brand_sheet import brand_url
from retour.web.reader import Reader
from retour.web.texts import LANGUAGES, STAFF_LANGUAGES

_HOUSE: Final = Path(retour.__file__).parent
_HIDDEN: Final = Markup('<input type="hidden" name="{}" value="{}">')


@dataclass(frozen=True, slots=True)
class Rendering:
    """What belongs to the rendering at hand, wherever in its templates and macros it is asked for."""

    reader: Reader
    csrf: str


_at_hand: ContextVar[Rendering] = ContextVar("rendering")


def folders() -> list[Path]:
    """Return the template folders of the house: the shared ones first, then each door's."""
    return [
        _HOUSE / "web/templates",
        *sorted(_HOUSE.glob("doors/*/templates")),
        *sorted(_HOUSE.glob("web/*/templates")),
    ]


class Templates:
    """Every template of the house."""

    def __init__(self, asset_url: Callable[[str], str], places: Iterable[Path] | None = None) -> None:
        self.environment = _environment(asset_url, list(places or folders()))
        # A block that is rendered alone knows no import of its page; the components are there all the same.
        self.environment.globals["ui"] = self.environment.get_template("web/parts.html").module

    def text(self, template: str, *, reader: Reader, csrf: str = "", **values: Any) -> str:
        """Return a template filled in for a reader; raise jinja2's errors for a missing template or value."""
        token = _at_hand.set(Rendering(reader, csrf))
        try:
            return self.environment.get_template(template).render(reader=reader, **values)
        finally:
            _at_hand.reset(token)

    def plain(self, source: str, *, reader: Reader, **values: Any) -> str:
        """Return a template given as text, filled in for a reader; for tests of macros."""
        token = _at_hand.set(Rendering(reader, ""))
        try:
            return self.environment.from_string(source).render(reader=reader, **values)
        finally:
            _at_hand.reset(token)


def _environment(asset_url: Callable[[str], str], places: list[Path]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(places), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, extensions=["jinja2.ext.i18n", "jinja2.ext.do"], auto_reload=False, cache_size=-1,
    )  # fmt: skip
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined] # comes with the extension
        _gettext, _ngettext, newstyle=True, pgettext=_pgettext, npgettext=_npgettext
    )
    environment.filters |= _filters()
    environment.globals |= {
        "asset": asset_url,
        "brand_url": brand_url,
        "csrf": _csrf,
        "once": lambda: _HIDDEN.format("_once", uuid4()),
        "language_links": _language_links,
        "staff_languages": tuple(STAFF_LANGUAGES),
        "choose": lambda **choices: _address(_reader().url, choices),
        "direction": lambda: _reader().dir,
        "this_reader": _reader,
        "ceiling": _ceiling,
    }
    return environment


def _filters() -> dict[str, Callable[..., Any]]:
    def money(amount: Money) -> Markup:
        return _reader().money(amount)

    def day(value: date) -> str:
        return _reader().day(value)

    def moment(value: datetime) -> str:
        return _reader().moment(value)

    def when(value: datetime) -> Markup:
        return _reader().when(value)

    def span(value: timedelta) -> str:
        return _reader().span(value)

    def number(value: int) -> str:
        return _reader().number(value)

    def percent(basis_points: int) -> str:
        return _reader().percent(basis_points)

    made: tuple[Callable[..., Any], ...] = (money, day, moment, when, span, number, percent)
    return {function.__name__: function for function in made}


def _ceiling(most: int) -> int:
    """Return the end of a scale from zero that holds a count: the next of 1, 1.5, 2, 3, 4, 5, 6, 8, 10 times ten to n."""
    power = 1
    while power * 10 < most:
        power *= 10
    steps = (power * tenths // 10 for tenths in (10, 15, 20, 30, 40, 50, 60, 80, 100))
    return next((step for step in steps if step >= max(most, 1)), power * 10)


def _reader() -> Reader:
    return _at_hand.get().reader


def _gettext(message: str) -> str:
    return _reader().t.gettext(message)


def _ngettext(one: str, many: str, n: int) -> str:
    return _reader().t.ngettext(one, many, n)


def _pgettext(context: str, message: str) -> str:
    return _reader().t.pgettext(context, message)


def _npgettext(context: str, one: str, many: str, n: int) -> str:
    return _reader().t.npgettext(context, one, many, n)


def _csrf() -> Markup:
    """Return the hidden field that proves a form to be ours."""
    return _HIDDEN.format("_csrf", _at_hand.get().csrf)


def _language_links(languages: Iterable[str] = tuple(LANGUAGES)) -> list[tuple[str, str, str]]:
    """Return (language, its own name, address of this page in it) for every language but the reader's."""
    reader = _reader()
    return [(tag, LANGUAGES[tag], _address(reader.url, {"lang": tag})) for tag in languages if tag != reader.language]


def _address(url: str, changes: dict[str, Any]) -> str:
    """Return an address with these parts of its query changed, left out where nothing is given."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in changes]
    query = urlencode([*kept, *((name, value) for name, value in changes.items() if value is not None)])
    return f"?{query}" if query else parts.path
