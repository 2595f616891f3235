"""What one evaluation costs: thirty rules on an order of five lines, and the quote of the same order, in microseconds."""

import gc
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from retour.core import refund
from retour.core.money import Sides
from retour.core.order import (
    Capture,
    DiscountShare,
    FulfilledUnits,
    Fulfilment,
    Order,
    OrderLine,
    Person,
    Product,
    Tax,
    TenderKind,
)
from retour.core.policy import (
    Asked,
    History,
    LineFacts,
    PolicyDocument,
    Request,
    Rule,
    compile_policy,
    decide,
    gather,
    time_zone,
)
from retour.core.policy.document import AllOf, AnyOf, Compare, Condition, Expression, Not, Op, WorkCalendar, Zone
from retour.core.policy.outcome import (
    Approval,
    Approving,
    ChargeMode,
    Eligibility,
    Fee,
    Fees,
    Mode,
    NeverBecause,
    Outcomes,
    RefundTerms,
    Requirements,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
)
from retour.core.policy.template import template
from retour.store.expression import Cel

from .report import Report

NAME: Final = "policy"
LIMIT_US: Final = 150  # microseconds of CPU
NOW: Final = datetime(2026, 3, 20, 10, tzinfo=UTC)
_ROUNDS: Final = 7
_TIMES: Final = 400

_NEVER: Final = Outcomes(Eligibility(Mode.NEVER, because=NeverBecause.FINAL_SALE))
_REVIEW: Final = Outcomes(decision=Approving(Approval.REVIEW))
_CREDIT: Final = Outcomes(
    resolutions=Resolutions(
        (ResolutionOffer(ResolutionKind.STORE_CREDIT), ResolutionOffer(ResolutionKind.REFUND_ORIGINAL))
    )
)
_FEE: Final = Outcomes(fees=Fees(return_fee=Fee(fixed_minor=499)))
_PHOTOS: Final = Outcomes(requirements=Requirements(photos=2))
_SHIPPING: Final = Outcomes(refund_terms=RefundTerms(ChargeMode.ALL))


def run(report: Report) -> None:
    """Measure a decision without and with expressions, what comes before it, and a quote."""
    order, zone = an_order(), time_zone("Europe/Berlin")
    request = Request(tuple(Asked(line.ref, 1, "too_small") for line in order.lines), channel="portal")
    history, person = History(returns_of_order=1), Person(tags=("vip",))
    plain = compile_policy(a_policy(), version="1")
    expressed = compile_policy(a_policy(expressions=3), version="1", expressions=Cel())

    def gathering() -> tuple[LineFacts, ...]:
        return gather(order, person=person, request=request, history=history, now=NOW, zone=zone)

    facts = gathering()
    report.add(NAME, "gather 5 lines, us", _cost(gathering))
    report.add(NAME, "decide 30 rules x 5, us", _cost(lambda: decide(plain, facts)), at_most=LIMIT_US)
    report.add(NAME, "with 3 expressions, us", _cost(lambda: decide(expressed, facts)))
    wished = refund.RefundRequest(
        tuple(refund.RequestedLine(line.ref, (refund.UnitRange(1, 1),)) for line in order.lines)
    )
    ledger, terms = a_ledger(order), refund.RefundTerms(shipping=refund.ChargeMode.PROPORTIONAL)
    report.add(NAME, "quote 5 lines, us", _cost(lambda: refund.quote(order, ledger, wished, terms)), at_most=LIMIT_US)


def an_order() -> Order:
    """Return an order of five lines of two units in two parcels, each with a discount and a tax."""
    at = NOW - timedelta(days=12)
    lines = tuple(
        OrderLine(
            ref=f"L{n}",
            position=n,
            title=f"Linen shirt {n}",
            quantity=2,
            gross=Sides(10_001 + n, 10_001 + n),
            list_value=Sides(12_500, 12_500),
            taxes=(Tax("19%", Sides(1_597, 1_597)),),
            discounts=(DiscountShare("SPRING", Sides(2_499 - n, 2_499 - n)),),
            sku=f"SHIRT-{n}",
            product=Product(
                ref=f"P{n}", type="Shirt", vendor="Loom", tags=("linen", "summer"), collections=("spring",)
            ),
        )
        for n in range(1, 6)
    )
    total = sum(line.gross.shop for line in lines)
    parcels = tuple(
        Fulfilment(
            f"F{n}", at, at + timedelta(days=n), units=tuple(FulfilledUnits(f"F{n}-{ln.ref}", ln.ref, 2) for ln in some)
        )
        for n, some in ((1, lines[:3]), (2, lines[3:]))
    )
    return Order(
        ref="O1",
        name="#1001",
        currency="EUR",
        shop_currency="EUR",
        placed_at=at - timedelta(days=1),
        updated_at=NOW,
        total=Sides(total, total),
        lines=lines,
        captures=(Capture("C1", TenderKind.CARD, "cards", total, at),),
        fulfilments=parcels,
        country="DE",
        tags=("online", "gift"),
        discount_codes=("SPRING",),
    )


def a_ledger(order: Order) -> refund.Ledger:
    """Return the ledger of an order of which nothing came back yet."""
    return refund.Ledger(
        tenders=tuple(
            refund.Tender(one.ref, one.kind, one.gateway, one.captured, 0, 0, 0, one.captured_at)
            for one in order.captures
        )
    )


def a_policy(*, expressions: int = 0) -> PolicyDocument:
    """Return thirty rules as merchants write them; few match, so that nearly all of them are asked for every line."""
    sample = template(automatic=True)
    rules = tuple(Rule(f"rule-{at}", f"Rule {at}", then, when) for at, (then, when) in enumerate(_RULES))
    texts = ("order.total > 50000 && line.quantity == 2", "size(order.tags) > 3", "line.price_paid * 2 < 500")
    more = tuple(Rule(f"expr-{at}", text, _REVIEW, Expression(text)) for at, text in enumerate(texts[:expressions]))
    zones = (Zone("dach", ("DE", "AT", "CH")), Zone("eu", ("FR", "IT", "ES", "NL")))
    return PolicyDocument(
        "Thirty rules", sample.defaults, more + rules[expressions:], "EUR", zones, WorkCalendar()
    )  # fmt: skip


def _is(fact: str, value: str) -> Compare:
    return Compare(fact, Op.EQ, value)


def _has(fact: str, *values: str) -> Compare:
    return Compare(fact, Op.HAS_ANY, values)


def _over(fact: str, value: int) -> Compare:
    return Compare(fact, Op.GT, value)


def _both(*parts: Condition) -> AllOf:
    return AllOf(parts)


_RULES: Final[tuple[tuple[Outcomes, Condition], ...]] = (
    (_NEVER, Compare("product.gift_card", Op.EQ, value=True)),
    (_NEVER, _has("product.tags", "final-sale", "final sale")),
    (_NEVER, _both(_has("product.collections", "underwear", "swimwear"), Not(_is("line.reason", "damaged")))),
    (_NEVER, _both(_over("line.discount_bp", 7_000), Not(_has("customer.tags", "staff")))),
    (_NEVER, _has("customer.tags", "blocked")),
    (_NEVER, _both(Compare("line.sku", Op.STARTS_WITH, "CUSTOM-"), _is("return.kind", "return"))),
    (_REVIEW, _over("return.value", 50_000)),
    (_REVIEW, _over("return.item_count", 6)),
    (_REVIEW, _both(_over("customer.earlier_returns", 10), _over("order.total", 20_000))),
    (_REVIEW, _both(_is("order.zone", "elsewhere"), _over("order.total", 10_000))),
    (_REVIEW, AnyOf((_is("line.reason", "damaged"), _is("line.reason", "wrong_item")))),
    (_REVIEW, _both(_is("order.country", "US"), _over("line.price_paid", 5_000))),
    (_PHOTOS, Compare("line.reason", Op.IN, ("damaged", "defective", "wrong_item"))),
    (_PHOTOS, _both(_is("product.type", "Electronics"), _over("line.price_paid", 10_000))),
    (_PHOTOS, _both(_is("product.vendor", "Brand X"), _over("line.days_since_delivered", 7))),
    (_SHIPPING, Compare("line.reason", Op.IN, ("damaged", "wrong_item"))),
    (_SHIPPING, _has("customer.tags", "vip", "gold")),
    (_CREDIT, _over("line.days_since_delivered", 14)),
    (_CREDIT, _both(_has("order.discount_codes", "OUTLET"), _is("order.zone", "eu"))),
    (_CREDIT, _both(_over("order.earlier_returns", 2), Not(_has("customer.tags", "vip")))),
    (_FEE, _both(_is("order.zone", "eu"), Compare("order.total", Op.LT, 5_000))),
    (_FEE, _both(_over("order.earlier_returns", 3), _is("return.kind", "return"))),
    (_FEE, _both(_is("line.reason", "no_longer_wanted"), Not(_has("customer.tags", "vip")))),
    (_FEE, Compare("order.country", Op.IN, ("NO", "CH", "GB", "US"))),
    (_NEVER, _both(_is("product.type", "Perfume"), Compare("line.days_since_delivered", Op.GT, 3))),
    (_NEVER, _both(_has("product.tags", "hygiene"), Compare("return.channel", Op.NE, "dashboard"))),
    (_NEVER, _both(_over("line.earlier_returned", 2), Compare("line.units_left", Op.LT, 1))),
    (_REVIEW, _both(_has("order.tags", "wholesale"), _over("line.quantity", 20))),
    (_REVIEW, _both(_is("product.vendor", "Brand Y"), AnyOf((_over("line.quantity", 3), _has("order.tags", "gift"))))),
    (_REVIEW, Compare("order.placed_on", Op.LT, NOW.date() - timedelta(days=300))),
)


def _cost(work: Callable[[], object]) -> float:
    """Return the microseconds of CPU one run takes: the best of some rounds, as other processes only add to it."""
    for _ in range(_TIMES):
        work()
    gc.collect()
    rounds = []
    for _ in range(_ROUNDS):
        started = time.process_time()
        for _ in range(_TIMES):
            work()
        rounds.append(time.process_time() - started)
    return min(rounds) / _TIMES * 1_000_000
