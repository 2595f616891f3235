"""The article that goods are exchanged for, as a shopper chooses it: which may be had, and what the swap comes to."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from retour.core.errors import Refused
from retour.core.exchange import Exchange, exchange, fees_of, given_of, together
from retour.core.exchange_order import Chosen, discount, handed_in, priced
from retour.core.money import Sides
from retour.core.order import Order, OrderLine
from retour.core.policy.outcome import ExchangeItems, ExchangeTerms
from retour.core.ports import Article
from retour.core.refund import Plan
from retour.core.rma.exchange import ExchangeState
from retour.core.rma.state import count
from retour.core.visit import Limit

FRESH: Final = timedelta(minutes=10)  # how long an answer of the shop's catalogue is believed
PATIENCE: Final = timedelta(minutes=2)  # how long a question to it is tried
KEPT: Final = timedelta(hours=1)  # when an answer is forgotten at the latest
SEARCH_MOST: Final = 80  # characters
SEARCHES: Final = Limit(timedelta(seconds=10), 20)  # of one visit: so many at once, then one in every so often
_SPACES: Final = re.compile(r"\s+")


class Question(StrEnum):
    """What the catalogue is asked."""

    VARIANTS = "variants"  # of one product
    SEARCH = "search"  # by words


@dataclass(frozen=True, slots=True)
class Offered:
    """An article with why it cannot be chosen, as the code of the refusal; nothing where it can."""

    article: Article
    barred: str | None = None


def plain(words: str) -> str:
    """Return what somebody searches for, however it is spaced and cased."""
    return _SPACES.sub(" ", words).strip().casefold()


def question_key(question: Question, said: str, country: str | None) -> bytes:
    """Return under what an answer is found again: SHA-256 of the whole question."""
    return hashlib.sha256(json.dumps([question.value, said, country]).encode()).digest()


def offered(
    articles: Iterable[Article], line: OrderLine, *, quantity: int, terms: ExchangeTerms, currency: str
) -> tuple[Offered, ...]:
    """Return the articles that units of a line may be exchanged for, each once, with why some of them cannot be chosen.

    What was bought is left out, and so is what the terms never allow; what is sold out stays.
    """
    found: dict[str, Offered] = {}
    for article in articles:
        barred = why_not(article, line, quantity=quantity, terms=terms, currency=currency)
        if article.ref != line.variant_ref and barred != "exchange_not_offered":
            found.setdefault(article.ref, Offered(article, barred))
    return tuple(found.values())


def why_not(
    article: Article, line: OrderLine, *, quantity: int, terms: ExchangeTerms, currency: str
) -> str | None:  # fmt: skip
    """Return why units of a line cannot be exchanged for an article, as the code of the refusal, or nothing."""
    is_variant = article.product_ref is not None and article.product_ref == line.product.ref
    if terms.items is ExchangeItems.VARIANT and not is_variant:
        return "exchange_not_offered"
    if article.currency != currency:
        return "currency_mismatch"
    if article.available is not None and article.available < quantity and not terms.out_of_stock:
        return "out_of_stock"
    return None


_SAID: Final[Mapping[str, str]] = {
    "exchange_not_offered": "only another variant of the same article",
    "currency_mismatch": "the article is sold in another currency here",
    "out_of_stock": "fewer units are in stock",
}


def check(
    article: Article | None, line: OrderLine, *, quantity: int, terms: ExchangeTerms, currency: str, field: str
) -> Article:
    """Return an article that somebody chose; raise Refused where it is unknown or cannot be had."""
    if article is None:
        raise Refused("article_unknown", "the shop was not asked about this article lately", field=field)
    no = why_not(article, line, quantity=quantity, terms=terms, currency=currency)
    if no is not None:
        raise Refused(no, _SAID[no], field=field)
    return article


# --- what it comes to -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Swap:
    """What the plans of a return become when its units are exchanged for articles; one exchange for each plan.

    `hash` covers what was promised for the goods, the price of each article and what moves.
    """

    exchanges: tuple[Exchange, ...]
    articles: tuple[Chosen, ...]
    hash: str

    @property
    def collect(self) -> int:
        """Return what is to be paid, in presentment minor units."""
        return sum(one.collect.presentment for one in self.exchanges)

    @property
    def pay_back(self) -> int:
        """Return what goes back, in presentment minor units."""
        return sum(one.pay_back.presentment for one in self.exchanges)


def swap(
    order: Order,
    plans: Sequence[Plan],
    named: Mapping[str, str],
    articles: Mapping[str, Article],
    terms: Mapping[str, ExchangeTerms],
    *,
    promised: str,
) -> Swap:
    """Return what exchanging all units of the plans comes to, computed as the new order will be.

    `named` is the ref of the article for each order line, `articles` each by its ref, `terms` those of each line;
    `promised` is the hash of what was promised. Raises Refused: `article_unknown`, `currency_mismatch`, `out_of_stock`,
    `exchange_not_offered`, `nothing_to_discount`, `nothing_given`, `wrong_sign`.
    """
    done, chosen = list[Exchange](), list[Chosen]()
    for plan in plans:
        one, mine = _of_plan(order, plan, named, articles, terms)
        done.append(one)
        chosen.extend(mine)
    prices = sorted((one.ref or "", articles[one.ref or ""].price_minor, one.quantity) for one in chosen)
    moves = [(one.collect.presentment, one.pay_back.presentment) for one in done]
    said = json.dumps([promised, prices, moves, sorted(named.items())], separators=(",", ":"))
    return Swap(tuple(done), tuple(chosen), hashlib.sha256(said.encode()).hexdigest())


def _of_plan(
    order: Order,
    plan: Plan,
    named: Mapping[str, str],
    articles: Mapping[str, Article],
    terms: Mapping[str, ExchangeTerms],
) -> tuple[Exchange, tuple[Chosen, ...]]:
    units: dict[str, int] = {}
    for line_ref, spans in handed_in(plan).items():
        ref = named.get(line_ref)
        if ref is None:
            raise Refused("article_unknown", "each item needs its new article", field=line_ref)
        units[ref] = units.get(ref, 0) + count(spans)
    rows = (*plan.rows, *plan.adjustments)
    given = given_of(order, rows)
    chosen, wanted = priced([Chosen(ref, n) for ref, n in units.items()], articles, order, together(given))
    under = next((terms[row.ref] for row in plan.rows if row.ref is not None and row.ref in terms), ExchangeTerms())
    done = exchange(given, wanted, under, bonus=Sides(plan.bonus, plan.bonus_shop), fees=fees_of(rows))
    discount(done, wanted, taxes_included=order.taxes_included)
    return done, chosen


# --- after the request ------------------------------------------------------------------------------------------------


def may_change(state: ExchangeState | None, draft_ref: str | None, *, is_given_up: bool) -> bool:
    """Return whether the shopper may still change the article: no order was begun, or it is stuck and none stands.

    What somebody carries out by hand is theirs: a shopper who changed it would be sent two articles.
    """
    return state is None or (state is ExchangeState.STUCK and draft_ref is None and not is_given_up)
