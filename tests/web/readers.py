"""Readers and templates without a web process."""

from datetime import UTC, datetime
from functools import cache

from retour.web.assets import Assets
from retour.web.pages import Pages
from retour.web.reader import Reader, Readers
from retour.web.texts import Texts

NOW = datetime(2026, 5, 21, 8, 30, tzinfo=UTC)
READERS = Readers(Texts.load())


def a_reader(language: str = "en", *, url: str = "/returns/fjellhus?step=2", timezone: str = "Europe/Berlin") -> Reader:
    return READERS.make(language, timezone=timezone, now=NOW, url=url)


@cache
def the_pages() -> Pages:
    return Pages(Assets.build(), Texts.load())


def shown(source: str, language: str = "en", **values: object) -> str:
    """Return a template given as text, with the components as `ui`."""
    text = '{% import "web/parts.html" as ui %}' + source
    return the_pages().templates.plain(text, reader=a_reader(language), **values)
