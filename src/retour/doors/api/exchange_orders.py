"""The new orders of exchanges over the API: naming the article, how each order stands, deciding what becomes of it."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta

from retour.doors.api.operation import Call, Operation
from retour.doors.api.settlements import own_settlement
from retour.doors.api.shapes import NO_NUL, Asked, Told
from retour.doors.api.summaries import MISSING, ReturnOut, check_store, summary
from retour.flows import exchange as flow
from retour.store import exchange_order as rows
from retour.store.exchange_order import ExchangeOrder

Article = Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_NUL)]


class ArticleWish(Asked):
    """The article that the units of a return line are exchanged for, one for one: the platform's ref, or its SKU."""

    line_id: UUID
    article: Article


class NewOrderWish(Asked):
    """What is decided about a new order.

    `again`: tried once more, and the platform's total taken where it differed. `refund`, `credit`: the goods are paid
    for instead; a draft is deleted and an order that was made is cancelled before. `by_hand`: the merchant carries on.
    """

    decide: flow.Do


class OrderedArticle(Told):
    """Units of an article of the new order; `ref` and `title` once the platform knew it."""

    article: str
    quantity: int
    ref: str | None
    title: str | None


class NewOrderOut(Told):
    """The new order of one settlement's exchange.

    `state`: preparing, stuck (`problem` says why), drafting, releasing, invoicing, unpaid (`pay_url`, `pay_by`),
    linking, paying_rest, made, dropping, cancelled, by_hand. `back` is what follows once it is given up.
    """

    settlement_id: UUID
    return_id: UUID
    state: str
    since: datetime
    problem: str | None
    articles: list[OrderedArticle]
    collect_minor: int | None
    pay_back_minor: int | None
    draft_ref: str | None
    order_ref: str | None
    order_id: UUID | None
    pay_url: str | None
    pay_by: datetime | None
    back: str | None


class NewOrderList(Told):
    """The new orders of a return."""

    items: list[NewOrderOut]


async def want_article(call: Call, wish: ArticleWish) -> ReturnOut:
    """Name the article that a line is exchanged for."""
    await check_store(call)
    await flow.want(
        call.db, rma_id=call.resource_id, line_id=wish.line_id, article=wish.article, actor=call.actor, now=call.now
    )
    return await summary(call, call.resource_id)


async def list_new_orders(call: Call, _: None) -> NewOrderList:
    """Return the new orders of a return."""
    await check_store(call)
    await summary(call, call.resource_id)
    return NewOrderList(items=[_out(order) for order in await rows.list_of_rma(call.db, call.resource_id)])


async def decide_new_order(call: Call, wish: NewOrderWish) -> NewOrderOut:
    """Decide what becomes of a new order."""
    await own_settlement(call)
    order = await flow.act(call.db, settlement_id=call.resource_id, do=wish.decide, actor=call.actor, now=call.now)
    return _out(order)


def _out(order: ExchangeOrder) -> NewOrderOut:
    done = order.figures
    return NewOrderOut(
        settlement_id=order.settlement_id, return_id=order.rma_id, state=order.state.value, since=order.since,
        problem=order.problem,
        articles=[
            OrderedArticle(article=one.article, quantity=one.quantity, ref=one.ref, title=one.title)
            for one in order.articles
        ],
        collect_minor=done.collect.presentment if done else None,
        pay_back_minor=done.pay_back.presentment if done else None, draft_ref=order.draft_ref,
        order_ref=order.order_ref, order_id=order.order_id, pay_url=order.pay_url, pay_by=order.expires_at,
        back=order.back.value if order.back else None,
    )  # fmt: skip


OPERATIONS: Final = (
    Operation(
        id="want_article", method="POST", path="/returns/{id}/wanted-article", tag="Returns", body=ArticleWish,
        answer=ReturnOut, missing=MISSING, do=want_article,
        summary="Name the article that a line of a return is exchanged for",
        description="Retour then makes the new order on the platform at the moment of the policy (`settle_on`). Said "
        "after that moment, the order is made at once; for an order that is stuck it replaces the article.",
    ),
    Operation(
        id="list_new_orders", method="GET", path="/returns/{id}/new-orders", tag="Returns", answer=NewOrderList,
        missing=MISSING, summary="List the new orders of a return's exchanges", do=list_new_orders,
    ),
    Operation(
        id="decide_new_order", method="POST", path="/settlements/{id}/new-order", tag="Money", body=NewOrderWish,
        answer=NewOrderOut, missing="settlement_not_found", do=decide_new_order,
        summary="Decide what becomes of the new order of an exchange",
        description="What is drafted is deleted on the platform before anything is paid otherwise; an invoice that is "
        "paid in the same moment wins.",
    ),
)  # fmt: skip
