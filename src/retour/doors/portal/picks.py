"""The articles that a shopper may exchange an item for, in their words: what each comes to, or why it cannot be had."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from retour.core.article import Swap
from retour.core.errors import Refused
from retour.core.money import Money
from retour.core.order import OrderLine
from retour.core.policy.outcome import ExchangeTerms
from retour.core.ports import Article
from retour.doors.portal.desk import Here
from retour.store.order import OrderRecord
from retour.web import shelf
from retour.web.reader import Reader
from retour.web.shelf import Pick, Say, Shelf, Wanted

Cost = Callable[[Article], Swap | None]
# What keeps a swap from going on as it was shown.
REFUSALS: Final = frozenset(
    {
        "article_unknown", "exchange_not_offered", "out_of_stock", "currency_mismatch", "price_changed",
        "nothing_to_discount", "not_an_exchange",
    }
)  # fmt: skip


def with_prices(found: Shelf) -> Shelf:
    """Return a shelf whose choices name the price that is shown with each, so that another one is noticed."""

    def priced(some: tuple[Pick, ...]) -> tuple[Pick, ...]:
        return tuple(replace(one, value=f"{one.value}|{one.price.minor}") for one in some)

    return replace(found, variants=priced(found.variants), found=priced(found.found))


async def is_asked(here: Here, order: OrderRecord) -> bool:
    """Return whether the platform of an order can be asked for articles."""
    return await shelf.is_asked(here.db, order)


async def shelf_of(
    here: Here, order: OrderRecord, line: OrderLine, *, quantity: int, terms: ExchangeTerms, chosen: str, find: str,
    words: str, cost: Cost,
) -> Shelf:  # fmt: skip
    """Return what units of a line may be exchanged for, each with what it comes to."""
    reader = here.reader

    def note(article: Article) -> str | None:
        swap = cost(article)
        return None if swap is None else costs(swap, article.currency, reader)

    def barred(code: str, article: Article) -> str:
        return _why_not(code, article, reader, quantity=quantity)

    wanted = Wanted(order, line, quantity, terms, chosen, find, words)
    return await shelf.shelf_of(here.db, wanted, Say(note, barred), now=here.now)


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
