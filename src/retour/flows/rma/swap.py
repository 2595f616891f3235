"""The new articles of exchanges that are chosen with a request: what they come to, checked again when it is sent."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from retour.core.article import Swap, check, swap
from retour.core.errors import Refused
from retour.core.policy.outcome import ExchangeTerms, ResolutionKind
from retour.core.ports import Article
from retour.core.terms import offer_of
from retour.flows.rma.asking import Asking, Judged, Wish
from retour.store import article as articles
from retour.store.article import Shown
from retour.store.db import Db
from retour.store.rma import NewReturn

_EXCHANGE: Final = ResolutionKind.EXCHANGE.value


def terms_of(judged: Judged, wishes: Sequence[Wish]) -> dict[str, ExchangeTerms]:
    """Return the terms under which each line is exchanged, by its ref."""
    found = {}
    for line, wish in zip(judged.lines, wishes, strict=True):
        offer = offer_of(line, wish.resolution, wish.ref)
        found[wish.line_ref] = offer.exchange if offer and offer.exchange else ExchangeTerms()
    return found


async def swap_of(db: Db, judged: Judged, wishes: Sequence[Wish], *, now: datetime) -> Swap:
    """Return what exchanging all that is asked for comes to, by what the shop's catalogue said lately.

    Raises Refused: `article_unknown` also for one that nobody asked about lately, `exchange_not_offered`,
    `out_of_stock`, `currency_mismatch`, `nothing_to_discount`; `field` names the place in the request.
    """
    named = {wish.line_ref: wish.article or "" for wish in wishes}
    known = await _known(db, judged, wishes, now)
    terms, order = terms_of(judged, wishes), judged.order.order
    for n, wish in enumerate(wishes):
        line = order.line(wish.line_ref)
        assert line is not None, "what was judged is a line of the order"
        check(
            known.get(wish.article or ""), line, quantity=wish.quantity, terms=terms[wish.line_ref],
            currency=order.currency, field=f"lines[{n}].article",
        )  # fmt: skip
    return swap(order, judged.promise.plans, named, known, terms, promised=judged.promise.hash)


async def _known(db: Db, judged: Judged, wishes: Sequence[Wish], now: datetime) -> dict[str, Article]:
    return await articles.known(
        db, connection_id=judged.order.connection_id, country=judged.order.order.country,
        refs={wish.article for wish in wishes if wish.article}, now=now,
    )  # fmt: skip


async def check_articles(db: Db, judged: Judged, asking: Asking, *, now: datetime) -> Mapping[str, Shown]:
    """Return what is shown of the articles that a request names, by their refs; nothing is read where none is named.

    Where the figures of a swap were shown, they must stand. Raises Refused: `not_an_exchange`, `invalid_text`, `price_changed`, and
    what `swap_of` refuses.
    """
    for n, wish in enumerate(asking.wishes):
        if wish.article is not None and wish.resolution != _EXCHANGE:
            raise Refused("not_an_exchange", "the line is not exchanged", field=f"lines[{n}].article")
        if wish.article is not None and not (wish.article.strip() and wish.article.isprintable()):
            raise Refused("invalid_text", "name the article by its ref or its SKU", field=f"lines[{n}].article")
    if asking.swap_hash is not None:
        found = await swap_of(db, judged, asking.wishes, now=now)
        if found.hash != asking.swap_hash:
            raise Refused("price_changed", "the figures have changed since they were shown", field="swap_hash")
    if asking.swap_hash is not None or asking.picked:
        known = await _known(db, judged, asking.wishes, now)
        return {ref: Shown(ref, one.title, one.price_minor, one.currency) for ref, one in known.items()}
    return {}


async def keep_articles(
    db: Db, new: NewReturn, asking: Asking, shown: Mapping[str, Shown], *, actor: str, now: datetime
) -> None:
    """Keep which article each line of a new return is exchanged for; nothing is written where none is named."""
    chosen = {
        line.id: (wish.article.strip(), shown.get(wish.article))
        for line, wish in zip(new.lines, asking.wishes, strict=True)
        if wish.article is not None
    }
    if chosen:
        await articles.choose(db, rma_id=new.id, chosen=chosen, actor=actor, at=now)
