"""The articles that an item may be exchanged for, as pages of shoppers and staff offer them: picture, price, or why not."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from retour.core.article import Offered, Question, offered
from retour.core.errors import Refused
from retour.core.money import Money
from retour.core.order import OrderLine
from retour.core.platforms import SPEAKING
from retour.core.policy.outcome import ExchangeItems, ExchangeTerms
from retour.core.ports import Article
from retour.flows import catalogue
from retour.store import article as articles
from retour.store import connection as connections
from retour.store import picture as pictures
from retour.store.article import Asked
from retour.store.db import Db
from retour.store.order import OrderRecord


@dataclass(frozen=True, slots=True)
class Pick:
    """One article: `note` says more of it, `barred` why it cannot be chosen."""

    value: str
    title: str
    price: Money
    picture: str | None
    note: str | None
    barred: str | None
    checked: bool


@dataclass(frozen=True, slots=True)
class Shelf:
    """What may be chosen for one item: its variants, and what a search found; `waits` while the shop is being asked."""

    variants: tuple[Pick, ...] = ()
    found: tuple[Pick, ...] = ()
    waits: bool = False
    unreachable: bool = False
    searches: bool = False
    words: str = ""
    did_search: bool = False

    @property
    def choosable(self) -> bool:
        """Return whether anything can be chosen."""
        return any(one.barred is None for one in (*self.variants, *self.found))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: so many units of a line under these terms; `find` is the id of a search, `chosen` a ref."""

    order: OrderRecord
    line: OrderLine
    quantity: int
    terms: ExchangeTerms
    chosen: str = ""
    find: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Say:
    """How an article is told: `note` (it may raise Refused, which bars the article), and a refusal's code in words."""

    note: Callable[[Article], str | None]
    barred: Callable[[str, Article], str]


async def is_asked(db: Db, order: OrderRecord) -> bool:
    """Return whether the platform of an order can be asked for articles."""
    connection = await connections.get(db, order.connection_id)
    return connection is not None and connection.platform not in SPEAKING and connection.state == "connected"


async def shelf_of(db: Db, wanted: Wanted, say: Say, *, now: datetime) -> Shelf:
    """Return what units of a line may be exchanged for; the shop is asked where it was not asked lately."""
    order, line, terms = wanted.order, wanted.line, wanted.terms
    country, asked = order.order.country, None
    if line.product.ref is not None:
        asked = await catalogue.variants(
            db, connection_id=order.connection_id, product_ref=line.product.ref, country=country, now=now
        )
    searches = terms.items is ExchangeItems.ANY_PRODUCT
    searched = await _searched(db, order, wanted.find) if searches and wanted.find else None

    def shown(some: Iterable[Article]) -> tuple[Offered, ...]:
        return offered(some, line, quantity=wanted.quantity, terms=terms, currency=order.order.currency)

    variants = shown(asked.articles or ()) if asked else ()
    beside = {one.article.ref for one in variants}
    found = [one for one in shown(searched.articles or ()) if one.article.ref not in beside] if searched else []
    paths = await pictures.paths(db, urls=[one.article.picture_url for one in (*variants, *found)])

    def picked(some: Iterable[Offered]) -> tuple[Pick, ...]:
        return tuple(_pick(one, say, paths, chosen=wanted.chosen) for one in some)

    return Shelf(
        picked(variants), picked(found), waits=any(one is not None and one.waits for one in (asked, searched)),
        unreachable=any(one is not None and one.problem is not None for one in (asked, searched)),
        searches=searches, words=wanted.words, did_search=searched is not None,
    )  # fmt: skip


async def _searched(db: Db, order: OrderRecord, find: str) -> Asked | None:
    try:
        asked = await articles.get(db, connection_id=order.connection_id, ask_id=UUID(find))
    except ValueError:
        return None
    return asked if asked is not None and asked.question is Question.SEARCH else None


def _pick(one: Offered, say: Say, paths: Mapping[str, str], *, chosen: str) -> Pick:
    article, barred, note = one.article, one.barred, None
    if barred is None:
        try:
            note = say.note(article)
        except Refused as no:
            barred = no.code
    return Pick(
        article.ref, article.title, Money(article.price_minor, article.currency),
        paths.get(article.picture_url or ""), note, None if barred is None else say.barred(barred, article),
        barred is None and article.ref == chosen,
    )  # fmt: skip
