"""Generated policies, facts and JSON for the properties; each policy grows from one drawn seed, which is fast."""

import copy
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st

from retour.core.order import TenderKind
from retour.core.policy import LineFacts, PolicyDocument, Rule
from retour.core.policy.document import (
    ELSEWHERE,
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Not,
    Op,
    PromotionCondition,
    Several,
    WorkCalendar,
    Zone,
)
from retour.core.policy.facts import FACTS, Fact, FactType, ParcelDays
from retour.core.policy.outcome import (
    Anchor,
    AnswerKind,
    Approval,
    Approving,
    Bonus,
    CaptureOrder,
    ChargeMode,
    DayCount,
    Defaults,
    Disposition,
    DownCharge,
    Eligibility,
    ExchangeItems,
    ExchangePrice,
    ExchangeTerms,
    Fee,
    FeeOf,
    FeePer,
    Fees,
    FeeTax,
    Inspection,
    InstantTerms,
    MethodKind,
    MethodOffer,
    Methods,
    Mode,
    Moment,
    NeverBecause,
    Outcomes,
    PromotionMode,
    Proposal,
    Question,
    RefundTerms,
    Requirements,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
    SettleOn,
    Shortfall,
    Start,
    UpCharge,
)
from retour.core.policy.zone import ZONE

examples = settings(max_examples=max(50, int(os.environ.get("EXAMPLES", "200")) // 4), deadline=None)

WORDS = ("red", "Red", "blue", "straße", "STRASSE", "a", "B", "final-sale")
NAMES = ("Shirts", "x", "Rückgabe – später", "返品", "a" * 200, "🧦 socks", '"quoted" \\ back')
_LISTED = (Op.IN, Op.NOT_IN, Op.HAS_ANY, Op.HAS_ALL, Op.HAS_NONE)
ZONES = ("dach", "Übersee")
COUNTRIES = ("DE", "AT", "CH", "FR", "US", "JP", "GB")
T = TypeVar("T")


def _maybe(chance: Random, make: Callable[[Random], T]) -> T | None:
    return make(chance) if chance.random() < 0.5 else None


def _name(chance: Random) -> str:
    return chance.choice(NAMES)


def _day(chance: Random) -> date:
    return date(2024, 2, 20) + timedelta(chance.randrange(1000))


def _number(chance: Random) -> int:
    return chance.randrange(-3, 40)


def _words(chance: Random, words: tuple[str, ...], least: int) -> tuple[str, ...]:
    return tuple(chance.choice(words) for _ in range(chance.randint(least, 3)))


def _comparison(chance: Random) -> Compare:
    fact = FACTS[chance.choice(sorted(FACTS))]
    op = chance.choice(fact.ops)
    return Compare(fact.name, op, _wanted(chance, fact, op))


def _wanted(chance: Random, fact: Fact, op: Op) -> str | int | bool | date | tuple[str, ...]:
    if op is Op.KNOWN or fact.type is FactType.FLAG:
        return chance.random() < 0.5
    choices = (*ZONES, ELSEWHERE) if fact.name == ZONE else fact.choices
    words = choices if choices and op is not Op.STARTS_WITH else WORDS
    if op in _LISTED:
        return _words(chance, words, 1)
    if fact.type is FactType.TEXT:
        return chance.choice(words)
    return _day(chance) if fact.type is FactType.DATE else _number(chance)


def grown_condition(chance: Random, depth: int = 4) -> Condition:
    """Return a condition tree of at most that many groups inside each other."""
    kind = chance.choice(("compare", "compare", "all", "any", "not"))
    if depth == 0 or kind == "compare":
        return _comparison(chance)
    if kind == "not":
        return Not(grown_condition(chance, depth - 1))
    if kind == "all":
        return AllOf(tuple(grown_condition(chance, depth - 1) for _ in range(chance.randint(0, 3))))
    return AnyOf(tuple(grown_condition(chance, depth - 1) for _ in range(chance.randint(1, 3))))


def _eligibility(chance: Random) -> Eligibility:
    mode = chance.choice((Mode.ALWAYS, Mode.NEVER, Mode.WINDOW, Mode.WINDOW))
    if mode is Mode.ALWAYS:
        return Eligibility(mode)
    if mode is Mode.NEVER:
        return Eligibility(mode, because=chance.choice(tuple(NeverBecause)), message=_maybe(chance, _name))
    anchors = chance.sample(tuple(Anchor), chance.randint(1, 3))
    starts = tuple(Start(anchor, chance.randint(0, 20)) for anchor in anchors)
    until = _maybe(chance, _day)
    window_days, starts = (None, ()) if until and chance.random() < 0.3 else (chance.randint(0, 600), starts)
    return Eligibility(
        mode,
        window_days,
        starts,
        message=_maybe(chance, _name),
        until=until,
        days=chance.choice(tuple(DayCount)),
        extend=chance.random() < 0.5,
    )


def _fee(chance: Random, *, of_a_label: bool = False) -> Fee:
    tax = chance.choice(tuple(FeeTax))
    supply = tax is FeeTax.SUPPLY
    return Fee(
        chance.randint(0, 10_000),
        chance.randint(0, 900),
        chance.choice(tuple(FeePer)),
        tax,
        chance.randint(0, 3000) if supply else 0,
        chance.choice(tuple(FeeOf)),
        actual_cost=of_a_label and chance.random() < 0.5,
        tax_included=not supply or chance.random() < 0.5,
        at_most_minor=_maybe(chance, lambda some: some.randint(0, 5000)),
    )


def _label_fee(chance: Random) -> Fee:
    return _fee(chance, of_a_label=True)


def _bonus(chance: Random) -> Bonus:
    return Bonus(chance.randint(0, 3000), chance.randint(0, 900), _maybe(chance, lambda some: some.randint(0, 5000)))


def _exchange(chance: Random) -> ExchangeTerms:
    return ExchangeTerms(
        chance.choice(tuple(ExchangeItems)),
        chance.choice(tuple(ExchangePrice)),
        chance.randint(0, 10_000),
        chance.randint(10_000, 20_000),
        chance.choice(tuple(UpCharge)),
        chance.choice(tuple(DownCharge)),
        out_of_stock=chance.random() < 0.5,
        instant=InstantTerms(chance.randint(1, 60), chance.randint(0, 60)) if chance.random() < 0.3 else None,
    )


def _resolution(chance: Random, kind: ResolutionKind) -> ResolutionOffer:
    offer = ResolutionOffer(kind, _maybe(chance, _name), _maybe(chance, _fee))
    if kind is ResolutionKind.EXCHANGE:
        return replace(offer, bonus=_maybe(chance, _bonus), exchange=_maybe(chance, _exchange))
    if kind in (ResolutionKind.REPAIR, ResolutionKind.REPLACEMENT):
        return offer
    bonus = None if kind is ResolutionKind.REFUND_ORIGINAL else _maybe(chance, _bonus)
    return replace(offer, bonus=bonus, share_bp=chance.choice((10_000, chance.randint(0, 10_000))))


def _resolutions(chance: Random) -> Resolutions:
    kinds = chance.sample(tuple(ResolutionKind), chance.randint(0, 3))
    return Resolutions(tuple(_resolution(chance, kind) for kind in kinds))


def _methods(chance: Random) -> Methods:
    kinds = chance.sample(tuple(MethodKind), chance.randint(0, 3))
    return Methods(tuple(MethodOffer(kind, _maybe(chance, _name), _maybe(chance, _label_fee)) for kind in kinds))


def _decision(chance: Random) -> Approving:
    approval = chance.choice(tuple(Approval))
    hours = chance.choice((0, 12)) if approval is Approval.AUTO_APPROVE else 0
    return Approving(approval, _maybe(chance, _name), hours)


def _refund_terms(chance: Random) -> RefundTerms:
    sealed, opened, damaged = (chance.randint(0, 10_000) for _ in range(3))
    order = tuple(chance.sample(tuple(TenderKind), len(TenderKind)))
    shipping, duties, tips, sale_fees, wrapping = (chance.choice(tuple(ChargeMode)) for _ in range(5))
    promotions, shortfall = chance.choice(tuple(PromotionMode)), chance.choice(tuple(Shortfall))
    charges = (duties, tips, sale_fees, wrapping)
    captures = chance.choice(tuple(CaptureOrder))
    return RefundTerms(shipping, sealed, opened, damaged, order, *charges, promotions, shortfall, captures)


def _fees(chance: Random) -> Fees:
    waived = chance.random() < 0.3
    waiver = _maybe(chance, _name) if waived else None
    return Fees(_maybe(chance, _fee), _maybe(chance, _fee), waived, waiver)


def _question(chance: Random, at: int) -> Question:
    answer = chance.choice(tuple(AnswerKind))
    choices = ("yes", "no", "Größe – später") if answer is AnswerKind.CHOICE else ()
    return Question(f"q-{at}", _name(chance), answer, choices, required=chance.random() < 0.5)


def _requirements(chance: Random) -> Requirements:
    questions = tuple(_question(chance, at) for at in range(chance.choice((0, 0, 1, 3))))
    return Requirements(chance.choice((0, 0, 2)), note=chance.random() < 0.5, questions=questions)


def _proposal(chance: Random) -> Proposal:
    return Proposal(accepted=chance.random() < 0.5, disposition=chance.choice(tuple(Disposition)))


_GROUPS: dict[str, Callable[[Random], Any]] = {
    "eligibility": _eligibility,
    "resolutions": _resolutions,
    "methods": _methods,
    "decision": _decision,
    "settle_on": lambda chance: SettleOn(chance.choice(tuple(Moment)), chance.choice((0, 0, 36))),
    "refund_terms": _refund_terms,
    "inspection": lambda chance: Inspection(_proposal(chance), _proposal(chance), _proposal(chance)),
    "fees": _fees,
    "requirements": _requirements,
}


def _grown_rule(chance: Random, at: int) -> Rule:
    names = chance.sample(sorted(_GROUPS), chance.randint(1, len(_GROUPS)))
    then = Outcomes(**{name: _GROUPS[name](chance) for name in names})
    return Rule(f"rule-{at}", _name(chance), then, grown_condition(chance), enabled=chance.random() < 0.85)


def grown_policy(seed: int) -> PolicyDocument:
    """Return a whole policy in EUR with up to six rules."""
    chance = Random(seed)
    defaults = Defaults(**{name: make(chance) for name, make in _GROUPS.items()})
    rules = tuple(_grown_rule(chance, at) for at in range(chance.randint(0, 6)))
    return PolicyDocument(
        _name(chance),
        defaults,
        rules,
        "EUR",
        _zones(chance),
        WorkCalendar(
            tuple({_day(chance) for _ in range(chance.choice((0, 3, 30)))}),
            chance.choice(((6, 7), (), (7,), (5, 6), (1, 2, 3, 4, 6, 7))),
        ),
        tuple(
            PromotionCondition(code, 5000, _maybe(chance, lambda some: 3))
            for code in ("TEN", "3FOR2")[: chance.randint(0, 2)]
        ),
        chance.choice(tuple(Several)),
    )


def _zones(chance: Random) -> tuple[Zone, ...]:
    countries = chance.sample(COUNTRIES, len(COUNTRIES))
    return tuple(Zone(name, tuple(countries[2 * at : 2 * at + chance.randint(1, 2)])) for at, name in enumerate(ZONES))


def _fact_value(chance: Random, fact: Fact) -> str | int | bool | date | tuple[str, ...] | None:
    if fact.type is FactType.TEXTS:
        return _words(chance, WORDS, 0)
    if fact.type is FactType.FLAG:
        return chance.random() < 0.5
    if chance.random() < 0.25:
        return None
    if fact.name == "order.country":
        return chance.choice(COUNTRIES)
    if fact.type is FactType.TEXT:
        return chance.choice(fact.choices or WORDS)
    return _day(chance) if fact.type is FactType.DATE else _number(chance)


def _parcel(chance: Random) -> ParcelDays:
    left = _day(chance)
    return ParcelDays(left, _maybe(chance, lambda some: left + timedelta(some.randrange(9))))


def grown_facts(seed: int) -> LineFacts:
    """Return facts of one line, a quarter of them not known."""
    chance = Random(seed)
    values = {name: _fact_value(chance, fact) for name, fact in FACTS.items()}
    parcels = tuple(_parcel(chance) for _ in range(chance.randint(0, 3)))
    return LineFacts("L1", _day(chance), chance.choice(("EUR", "EUR", "JPY")), values, parcels)


SEEDS = st.integers(0, 2**48)
POLICIES = SEEDS.map(grown_policy)
CONDITIONS = SEEDS.map(lambda seed: grown_condition(Random(seed)))
FACTS_OF_LINES = SEEDS.map(grown_facts)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=6,
)


def damage(data: st.DataObject, value: Any) -> None:
    """Replace, remove or add one thing somewhere inside."""
    while isinstance(value, dict | list) and value:
        key = data.draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
        inner = value[key]
        if isinstance(inner, dict | list) and inner and data.draw(st.integers(0, 3)):
            value = inner
            continue
        how = data.draw(st.sampled_from(("replace", "remove", "add")))
        if how == "replace":
            value[key] = data.draw(JSON)
        elif how == "remove":
            del value[key]
        elif isinstance(value, dict):
            value[data.draw(st.text(max_size=5))] = data.draw(JSON)
        else:
            value.append(copy.deepcopy(inner))
        return
