"""The new order of an exchange in the dashboard: how it stands, naming its article, deciding what becomes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.exchange_order import ARTICLE_MOST
from retour.core.money import Money
from retour.core.rma import ReturnLine
from retour.core.rma.exchange import ExchangeState
from retour.doors.dashboard import exchange_words
from retour.doors.dashboard.act import Act, Doing
from retour.doors.dashboard.exchange_choices import choosable, nameable
from retour.doors.dashboard.told import word
from retour.doors.dashboard.whole import Whole
from retour.flows import exchange as flow
from retour.store.db import Db
from retour.store.exchange_order import ExchangeOrder
from retour.web.reader import Reader
from retour.web.session import DESK


@dataclass(frozen=True, slots=True)
class NewOrder:
    """A new order in words: its articles, where it stands, what is to be paid or goes back, and its address."""

    articles: Sequence[str]
    state: str
    problem: str | None
    tone: str
    collect: Money | None
    pay_back: Money | None
    pay_by: datetime | None
    url: str | None


def new_orders(whole: Whole, reader: Reader) -> list[NewOrder]:
    """Return the new orders of a return as its page tells them."""
    return [_told(whole, order, reader) for order in whole.exchanges]


def wanted_by(whole: Whole, line: ReturnLine, reader: Reader) -> str | None:
    """Return which article a line is exchanged for, if somebody has said so."""
    chosen = whole.wanted.get(line.id)
    if chosen is None:
        return None
    if chosen.shown is None:
        return reader.say("New article: %(article)s", article=chosen.article)
    price = reader.amount(Money(chosen.shown.price_minor, chosen.shown.currency))
    if chosen.actor.startswith("staff:"):
        return reader.say(
            "New article: %(article)s, chosen from the catalogue at %(price)s", article=chosen.title, price=price
        )
    return reader.say("New article: %(article)s, chosen by the shopper at %(price)s", article=chosen.title, price=price)


def _told(whole: Whole, order: ExchangeOrder, reader: Reader) -> NewOrder:
    currency, done = whole.record.rma.currency, order.figures
    n = reader.number
    told = [
        reader.say("%(n)s × %(article)s", n=n(one.quantity), article=one.title or one.article)
        for one in order.articles
    ]  # fmt: skip
    tones = {ExchangeState.STUCK: "stopped", ExchangeState.UNPAID: "moving", ExchangeState.MADE: "done"}
    quiet = order.state in (ExchangeState.CANCELLED, ExchangeState.BY_HAND)
    return NewOrder(
        told, word(reader, exchange_words.STATES, order.state.value), problem_of(order, reader),
        tones.get(order.state, "quiet" if quiet else "moving"),
        Money(done.collect.presentment, currency) if done and done.collect else None,
        Money(done.pay_back.presentment, currency) if done and done.pay_back else None,
        order.expires_at, f"/dashboard/orders/{order.order_id}" if order.order_id else None,
    )  # fmt: skip


def problem_of(order: ExchangeOrder, reader: Reader) -> str | None:
    """Return why a new order is stuck in words; what the platform said itself stands behind them."""
    if order.state is not ExchangeState.STUCK or order.problem is None:
        return None
    code, _, said = order.problem.partition(": ")
    told = word(reader, exchange_words.PROBLEMS, code)
    return f"{told} “{said}”" if said else told


def stuck_one(whole: Whole) -> ExchangeOrder | None:
    """Return the new order that waits for a person or the shopper, if there is one."""
    waits = (ExchangeState.STUCK, ExchangeState.UNPAID)
    return next((order for order in whole.exchanges if order.state in waits), None)


def _articles(whole: Whole, _reader: Reader) -> Mapping[str, Any]:
    lines = [
        (str(line.id), whole.title(line.line_ref), one.article if one else "", one.title if one and one.shown else "")
        for line in nameable(whole.record.rma.lines, whole.exchanges)
        for one in (whole.wanted.get(line.id),)
    ]
    return {"lines": lines, "most": ARTICLE_MOST}


async def _name(doing: Doing, db: Db) -> None:
    lines = nameable(doing.whole.record.rma.lines, doing.whole.exchanges)
    given = {line.id: doing.form.text(f"article-{line.id}") for line in lines}
    for line in lines:
        said = given[line.id]
        if len(said) > ARTICLE_MOST or (said and not said.isprintable()):
            doing.errors.add(f"article-{line.id}", doing.reader.say("This text is too long"))
    if not any(given.values()):
        first = lines[0].id if lines else ""
        doing.errors.add(f"article-{first}", doing.reader.say("Name the new article by its SKU"))
    if doing.errors:
        return
    for line_id, article in given.items():
        if article:
            await flow.want(db, rma_id=doing.rma_id, line_id=line_id, article=article, actor=doing.actor, now=doing.now)


def _decisions(whole: Whole, reader: Reader) -> Mapping[str, Any]:
    found = choosable(whole.exchanges)
    if found is None:
        return {"choices": [], "new": None, "settlement": ""}
    order, choices = found
    words = [(do.value, *exchange_words.CHOICES[do.value]) for do in choices]
    told = [
        {"value": value, "title": reader.say(title), "text": reader.say(text), "amount": None, "gain": None}
        for value, title, text in words
    ]
    return {"choices": told, "new": _told(whole, order, reader), "settlement": str(order.settlement_id)}


async def _decide(doing: Doing, db: Db) -> None:
    found = choosable(doing.whole.exchanges)
    if found is None or doing.form.text("settlement") != str(found[0].settlement_id):
        raise Refused("state_changed", "there is nothing to decide about it any more")
    chosen = doing.form.text("do")
    if chosen not in [do.value for do in found[1]]:
        doing.errors.add("do", doing.reader.say("Choose one of them"))
        return
    settlement_id: UUID = found[0].settlement_id
    await flow.act(db, settlement_id=settlement_id, do=flow.Do(chosen), actor=doing.actor, now=doing.now)


ACTS: Final = (
    Act("exchange-article", "dashboard/act_exchange_article.html", DESK, _articles, _name, compares=False),
    Act("exchange-decide", "dashboard/act_exchange_decide.html", DESK, _decisions, _decide, compares=False),
)
