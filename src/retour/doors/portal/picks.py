"""The articles that an item may be exchanged for, as a page offers them: picture, price, what it comes to, or why not."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from retour.core.article import Offered, Question, Swap, offered
from retour.core.errors import Refused
from retour.core.money import Money
from retour.core.order import OrderLine
from retour.core.platforms import SPEAKING
from retour.core.policy.outcome import ExchangeItems, ExchangeTerms
from retour.core.ports import Article
from retour.doors.portal.desk import Here
from retour.flows import catalogue
from retour.store import article as articles
from retour.store import connection as connections
from retour.store import picture as pictures
from retour.store.article import Asked
from retour.store.order import OrderRecord
from retour.web.reader import Reader

Cost = Callable[[Article], Swap | None]
# What keeps a swap from going on as it was shown.
REFUSALS: Final = frozenset(
    {
        "article_unknown", "exchange_not_offered", "out_of_stock", "currency_mismatch", "price_changed",
        "nothing_to_discount", "not_an_exchange",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pick:
    """One article: `note` says what it comes to, `barred` why it cannot be chosen."""

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


def with_prices(shelf: Shelf) -> Shelf:
    """Return a shelf whose choices name the price that is shown with each, so that another one is noticed."""

    def priced(some: tuple[Pick, ...]) -> tuple[Pick, ...]:
        return tuple(replace(one, value=f"{one.value}|{one.price.minor}") for one in some)

    return replace(shelf, variants=priced(shelf.variants), found=priced(shelf.found))


async def is_asked(here: Here, order: OrderRecord) -> bool:
    """Return whether the platform of an order can be asked for articles."""
    connection = await connections.get(here.db, order.connection_id)
    return connection is not None and connection.platform not in SPEAKING and connection.state == "connected"


async def shelf_of(
    here: Here, order: OrderRecord, line: OrderLine, *, quantity: int, terms: ExchangeTerms, chosen: str, find: str,
    words: str, cost: Cost,
) -> Shelf:  # fmt: skip
    """Return what units of a line may be exchanged for; the shop is asked where it was not asked lately."""
    country, asked = order.order.country, None
    if line.product.ref is not None:
        asked = await catalogue.variants(
            here.db, connection_id=order.connection_id, product_ref=line.product.ref, country=country, now=here.now
        )
    searches = terms.items is ExchangeItems.ANY_PRODUCT
    searched = await _searched(here, order, find) if searches and find else None

    def shown(some: Iterable[Article]) -> tuple[Offered, ...]:
        return offered(some, line, quantity=quantity, terms=terms, currency=order.order.currency)

    variants = shown(asked.articles or ()) if asked else ()
    beside = {one.article.ref for one in variants}
    found = [one for one in shown(searched.articles or ()) if one.article.ref not in beside] if searched else []
    paths = await pictures.paths(here.db, urls=[one.article.picture_url for one in (*variants, *found)])

    def picked(some: Iterable[Offered]) -> tuple[Pick, ...]:
        return tuple(_pick(one, here.reader, paths, quantity=quantity, chosen=chosen, cost=cost) for one in some)

    return Shelf(
        picked(variants), picked(found), waits=any(one is not None and one.waits for one in (asked, searched)),
        unreachable=any(one is not None and one.problem is not None for one in (asked, searched)),
        searches=searches, words=words, did_search=searched is not None,
    )  # fmt: skip


async def _searched(here: Here, order: OrderRecord, find: str) -> Asked | None:
    try:
        asked = await articles.get(here.db, connection_id=order.connection_id, ask_id=UUID(find))
    except ValueError:
        return None
    return asked if asked is not None and asked.question is Question.SEARCH else None


def _pick(
    one: Offered, reader: Reader, paths: Mapping[str, str], *, quantity: int, chosen: str, cost: Cost
) -> Pick:  # fmt: skip
    article, barred, note = one.article, one.barred, None
    if barred is None:
        try:
            swap = cost(article)
            note = None if swap is None else costs(swap, article.currency, reader)
        except Refused as no:
            barred = no.code
    said = None if barred is None else _why_not(barred, article, reader, quantity=quantity)
    return Pick(
        article.ref, article.title, Money(article.price_minor, article.currency),
        paths.get(article.picture_url or ""), note, said, barred is None and article.ref == chosen,
    )  # fmt: skip


def costs(swap: Swap, currency: str, reader: Reader) -> str:
    """Return what a swap comes to, in a few words."""
    if swap.collect:
        return reader.say("%(amount)s to pay", amount=reader.amount(Money(swap.collect, currency)))
    if swap.pay_back:
        return reader.say("You get %(amount)s back", amount=reader.amount(Money(swap.pay_back, currency)))
    return reader.say("Nothing to pay")


def _why_not(code: str, article: Article, reader: Reader, *, quantity: int) -> str:
    if code == "out_of_stock" and article.available is not None and 0 < article.available < quantity:
        return reader.say_plural("Only %(n)s left", "Only %(n)s left", article.available)
    return {
        "out_of_stock": reader.say("Sold out"),
        "currency_mismatch": reader.say("Not sold in the currency of your order"),
    }.get(code, reader.say("Cannot be exchanged for this"))


def refused(no: Refused, reader: Reader) -> str:
    """Return in words why what was chosen cannot be had as it was shown."""
    return {
        "out_of_stock": reader.say("What you chose was sold out meanwhile. Choose another."),
        "price_changed": reader.say("The price changed meanwhile. Check it and choose again."),
        "currency_mismatch": reader.say("This is not sold in the currency of your order. Choose another."),
        "exchange_under_way": reader.say("Your new item is ordered already and cannot be changed here."),
        "nothing_to_discount": reader.say("The fees are more than this costs. Choose another."),
    }.get(no.code, reader.say("What you chose cannot be had any more. Choose again."))
