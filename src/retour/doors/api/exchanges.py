"""Exchanges over the API: what a swap would cost or pay back, and what the new articles carry."""

from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta

from retour.core.exchange import Exchange, Wanted, Worth, explain
from retour.core.money import Sides
from retour.core.order import Tax
from retour.doors.api.operation import Call, Operation
from retour.doors.api.settlements import own_settlement
from retour.doors.api.shapes import Asked, Short, Told
from retour.flows import exchange as flow

Minor = Annotated[int, Meta(ge=0, le=10**15)]
Units = Annotated[int, Meta(ge=1, le=100_000)]


class HandedInLine(Asked):
    """Units of one order line that are swapped."""

    line_ref: Short
    quantity: Units
    reason: Short


class NewArticle(Asked):
    """What is wanted instead: its price for all units after discounts of its own, with tax, in the order's currency.

    `price_books_minor` and `tax_books_minor` are the same in the currency of the shop's books, where it is another.
    `tax_name` is the tax as the order's lines name it. `available` is what the shop has in stock, if that is known.
    """

    ref: Short
    quantity: Units
    price_minor: Minor
    tax_minor: Minor = 0
    tax_name: Short = "tax"
    price_books_minor: Minor | None = None
    tax_books_minor: Minor | None = None
    product_ref: Short | None = None
    available: Annotated[int, Meta(ge=0)] | None = None


class ExchangeWish(Asked):
    """A swap to be looked at; `collect_at_most_minor` is what the merchant will collect of the difference at most."""

    order_id: UUID
    lines: Annotated[list[HandedInLine], Meta(min_length=1, max_length=100)]
    wanted: Annotated[list[NewArticle], Meta(min_length=1, max_length=100)]
    collect_at_most_minor: Minor | None = None


class CarriedOut(Told):
    """What a new article counts as paid with from then on; a later return of it is worth this."""

    ref: str
    gross_minor: int
    gross_books_minor: int
    tax_minor: int


class ExchangeRowOut(Told):
    """One row of the explanation; `code` is stable."""

    code: str
    label: str
    ref: str | None
    amount_minor: int
    tax_minor: int


class ExchangeOut(Told):
    """A swap in figures. `collect_minor` and `pay_back_minor` are what moves."""

    currency: str
    even: bool
    given_minor: int
    price_minor: int
    collect_minor: int
    pay_back_minor: int
    waived_minor: int
    bonus_minor: int
    fees_minor: int
    carried: list[CarriedOut]
    explanation: list[ExchangeRowOut]


class NewLineWish(Asked):
    """A line of the order that has the new articles; all of its units replace what was handed in."""

    line_ref: Short
    quantity: Units


class ExchangedWish(Asked):
    """What the goods of a settlement were exchanged for; `collected_minor` is what the shopper really paid on top."""

    order_id: UUID
    lines: Annotated[list[NewLineWish], Meta(min_length=1, max_length=100)]
    collected_minor: Minor | None = None


async def name_exchange(call: Call, wish: ExchangedWish) -> ExchangeOut:
    """Keep what goods were exchanged for; from then on the new articles are worth what was paid for them."""
    await own_settlement(call)
    done = await flow.name_exchange(
        call.db, settlement_id=call.resource_id, order_id=wish.order_id,
        lines=[flow.NewLine(line.line_ref, line.quantity) for line in wish.lines],
        collected_minor=wish.collected_minor, actor=call.actor, now=call.now, policies=call.policies,
    )  # fmt: skip
    return _out(done.currency, done.done)


async def quote_exchange(call: Call, wish: ExchangeWish) -> ExchangeOut:
    """Return what a swap would move if all units arrive sound; writes nothing."""
    quoted = await flow.quote_exchange(
        call.db, store_id=call.store_id, order_id=wish.order_id,
        handed_in=[flow.HandedIn(line.line_ref, line.quantity, line.reason) for line in wish.lines],
        wanted=[_wanted(article) for article in wish.wanted], collect_at_most=wish.collect_at_most_minor,
        channel="api", now=call.now, policies=call.policies,
    )  # fmt: skip
    return _out(quoted.currency, quoted.done)


def _out(currency: str, done: Exchange) -> ExchangeOut:
    return ExchangeOut(
        currency=currency, even=done.even, given_minor=done.given.gross.presentment,
        price_minor=done.price.presentment, collect_minor=done.collect.presentment,
        pay_back_minor=done.pay_back.presentment, waived_minor=done.waived.presentment,
        bonus_minor=done.bonus.presentment, fees_minor=done.fees.presentment,
        carried=[
            CarriedOut(
                ref=one.ref, gross_minor=one.worth.gross.presentment, gross_books_minor=one.worth.gross.shop,
                tax_minor=sum(tax.amount.presentment for tax in one.worth.taxes),
            )
            for one in done.carried
        ],
        explanation=[
            ExchangeRowOut(
                code=row.code, label=row.label, ref=row.ref, amount_minor=row.amount.presentment,
                tax_minor=row.tax.presentment,
            )
            for row in explain(done)
        ],
    )  # fmt: skip


def _wanted(article: NewArticle) -> Wanted:
    books = article.price_minor if article.price_books_minor is None else article.price_books_minor
    tax_books = article.tax_minor if article.tax_books_minor is None else article.tax_books_minor
    taxes = (Tax(article.tax_name, Sides(article.tax_minor, tax_books)),) if article.tax_minor or tax_books else ()
    worth = Worth(Sides(article.price_minor, books), taxes)
    return Wanted(article.ref, article.quantity, worth, article.product_ref, article.available)


OPERATIONS: Final = (
    Operation(
        id="quote_exchange", method="POST", path="/exchanges/quote", tag="Returns", body=ExchangeWish,
        answer=ExchangeOut, needs_store=True, writes=False, do=quote_exchange,
        summary="See what an exchange would cost or pay back",
        description="The terms are those of the published policy; the prices of the new articles are the caller's.",
    ),
    Operation(
        id="name_exchange", method="POST", path="/settlements/{id}/exchange", tag="Money", body=ExchangedWish,
        answer=ExchangeOut, missing="settlement_not_found", do=name_exchange,
        summary="Say which lines of which order replace the goods of an exchange",
        description="From then on these lines are worth what was paid for them: the value that was handed in and what "
        "was collected. A later return of them pays that back, whatever the new article costs then.",
    ),
)  # fmt: skip
