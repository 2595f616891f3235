"""The policy as a simple form asks for it: read from any document and written into it, leaving all else as it was."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from retour.core.policy.document import Compare, Op, PolicyDocument, Rule
from retour.core.policy.outcome import (
    Anchor,
    Approval,
    Approving,
    ChargeMode,
    Eligibility,
    Fee,
    Mode,
    Moment,
    NeverBecause,
    Outcomes,
    ResolutionKind,
    Start,
)
from retour.core.policy.template import TRANSIT_DAYS, WINDOW_DAYS

GIFT_CARDS: Final = "gift-cards"
FINAL_SALE: Final = "final-sale"
MANY_UNITS: Final = "larger-requests"
MUCH_VALUE: Final = "larger-values"
_BY_HAND: Final = Outcomes(decision=Approving(Approval.REVIEW))
_NO_GIFT_CARDS: Final = Outcomes(Eligibility(Mode.NEVER, because=NeverBecause.NEVER_ELIGIBLE))
_NO_FINAL_SALE: Final = Outcomes(Eligibility(Mode.NEVER, because=NeverBecause.FINAL_SALE))


@dataclass(frozen=True, slots=True)
class SimplePolicy:
    """What most merchants decide; amounts in minor units of the store's currency, shares in basis points.

    `window_days` counts where the mode is a window. `over_units` and `over_minor` send larger requests to a person
    although the others are approved at once. `tags` mark what never comes back.
    """

    mode: Mode
    window_days: int
    counted_from: Anchor
    automatic: bool
    over_units: int | None
    over_minor: int | None
    gift_cards_return: bool
    tags: tuple[str, ...]
    moment: Moment
    shipping: ChargeMode
    opened_deduction_bp: int
    damaged_deduction_bp: int
    restocking_fee_bp: int


def read(document: PolicyDocument) -> SimplePolicy:
    """Return what a document says of the questions of the form; what it says beyond them is in `beyond`."""
    defaults, terms = document.defaults, document.defaults.refund_terms
    tags = _found(document, FINAL_SALE, _is_final_sale)
    units = _found(document, MANY_UNITS, _is_many_units)
    value = _found(document, MUCH_VALUE, _is_much_value)
    return SimplePolicy(
        mode=defaults.eligibility.mode,
        window_days=WINDOW_DAYS if defaults.eligibility.window_days is None else defaults.eligibility.window_days,
        counted_from=next((start.anchor for start in defaults.eligibility.counted_from), Anchor.DELIVERED),
        automatic=defaults.decision.approval is Approval.AUTO_APPROVE,
        over_units=_number(units),
        over_minor=_number(value),
        gift_cards_return=_found(document, GIFT_CARDS, _is_gift_cards) is None,
        tags=tags.when.value if tags and isinstance(tags.when, Compare) and isinstance(tags.when.value, tuple) else (),
        moment=defaults.settle_on.moment,
        shipping=terms.shipping,
        opened_deduction_bp=terms.opened_deduction_bp,
        damaged_deduction_bp=terms.damaged_deduction_bp,
        restocking_fee_bp=next((fee.bp for fee in _refund_fees(document)), 0),
    )


def beyond(document: PolicyDocument) -> tuple[Rule, ...]:
    """Return the rules that the form neither shows nor changes."""
    return tuple(rule for rule in document.rules if not _is_ours(rule))


def written(wish: SimplePolicy, document: PolicyDocument, *, currency: str) -> PolicyDocument:
    """Return the document with the form's answers in it; `currency` is that of the store's books.

    Rules of the form stand after all others that were made elsewhere, so that those keep the first word.
    """
    others = beyond(document)
    taken = {rule.id for rule in others}
    rules = tuple(replace(rule, id=_free_id(rule.id, taken)) for rule in _rules(wish))
    defaults = replace(
        document.defaults,
        eligibility=_eligibility(wish, document.defaults.eligibility),
        decision=_approving(wish, document.defaults.decision),
        settle_on=replace(document.defaults.settle_on, moment=wish.moment),
        refund_terms=replace(
            document.defaults.refund_terms, shipping=wish.shipping,
            opened_deduction_bp=wish.opened_deduction_bp, damaged_deduction_bp=wish.damaged_deduction_bp,
        ),
        resolutions=replace(
            document.defaults.resolutions,
            offered=tuple(
                replace(offer, restocking_fee=_fee(wish, offer.restocking_fee))
                if offer.kind is ResolutionKind.REFUND_ORIGINAL
                else offer
                for offer in document.defaults.resolutions.offered
            ),
        ),
    )  # fmt: skip
    needs_currency = wish.over_minor is not None or document.currency is not None
    return replace(document, defaults=defaults, rules=(*others, *rules), currency=currency if needs_currency else None)


def _rules(wish: SimplePolicy) -> list[Rule]:
    made = []
    if not wish.gift_cards_return:
        when = Compare("product.gift_card", Op.EQ, value=True)
        made.append(Rule(GIFT_CARDS, "Gift cards never come back", _NO_GIFT_CARDS, when))
    if wish.tags:
        made.append(Rule(FINAL_SALE, "Final sale", _NO_FINAL_SALE, Compare("product.tags", Op.HAS_ANY, wish.tags)))
    if wish.automatic and wish.over_units is not None:
        when = Compare("return.item_count", Op.GT, wish.over_units)
        made.append(Rule(MANY_UNITS, "A person looks at requests of many units", _BY_HAND, when))
    if wish.automatic and wish.over_minor is not None:
        when = Compare("return.value", Op.GT, wish.over_minor)
        made.append(Rule(MUCH_VALUE, "A person looks at requests of much value", _BY_HAND, when))
    return made


def _eligibility(wish: SimplePolicy, before: Eligibility) -> Eligibility:
    if wish.mode is Mode.ALWAYS:
        return Eligibility(Mode.ALWAYS)
    if wish.mode is Mode.NEVER:
        return before if before.mode is Mode.NEVER else Eligibility(Mode.NEVER, because=NeverBecause.NEVER_ELIGIBLE)
    if before.mode is not Mode.WINDOW:
        return Eligibility(Mode.WINDOW, wish.window_days, _starts(wish.counted_from))
    if before.window_days is None and (wish.window_days, wish.counted_from) == (WINDOW_DAYS, Anchor.DELIVERED):
        return before  # an absolute last day alone, of which the form shows nothing
    same = before.counted_from and before.counted_from[0].anchor is wish.counted_from
    starts = before.counted_from if same else _starts(wish.counted_from)
    return replace(before, window_days=wish.window_days, counted_from=starts)


def _approving(wish: SimplePolicy, before: Approving) -> Approving:
    wanted = Approval.AUTO_APPROVE if wish.automatic else Approval.REVIEW
    return before if before.approval is wanted else Approving(wanted)


def _starts(anchor: Anchor) -> tuple[Start, ...]:
    """Return the days to count from: where the first is not known, the next one stands in for it."""
    fulfilled = Start(Anchor.FULFILLED, TRANSIT_DAYS if anchor is Anchor.DELIVERED else 0)
    chain = (Start(Anchor.DELIVERED), fulfilled, Start(Anchor.ORDERED))
    return chain[[start.anchor for start in chain].index(anchor) :]


def _fee(wish: SimplePolicy, before: Fee | None) -> Fee | None:
    fee = replace(before or Fee(), bp=wish.restocking_fee_bp)
    return fee if fee.bp or fee.fixed_minor else None


def _refund_fees(document: PolicyDocument) -> list[Fee]:
    return [
        offer.restocking_fee
        for offer in document.defaults.resolutions.offered
        if offer.kind is ResolutionKind.REFUND_ORIGINAL and offer.restocking_fee is not None
    ]


def _found(document: PolicyDocument, rule_id: str, fits: Callable[[Rule], bool]) -> Rule | None:
    return next((rule for rule in document.rules if rule.id == rule_id and fits(rule)), None)


def _is_ours(rule: Rule) -> bool:
    fits = {
        GIFT_CARDS: _is_gift_cards,
        FINAL_SALE: _is_final_sale,
        MANY_UNITS: _is_many_units,
        MUCH_VALUE: _is_much_value,
    }
    return rule.id in fits and fits[rule.id](rule)


def _is_gift_cards(rule: Rule) -> bool:
    return rule.enabled and rule.then == _NO_GIFT_CARDS and rule.when == Compare("product.gift_card", Op.EQ, value=True)


def _is_final_sale(rule: Rule) -> bool:
    return rule.enabled and rule.then == _NO_FINAL_SALE and _asks(rule, "product.tags", Op.HAS_ANY)


def _is_many_units(rule: Rule) -> bool:
    return rule.enabled and rule.then == _BY_HAND and _asks(rule, "return.item_count", Op.GT)


def _is_much_value(rule: Rule) -> bool:
    return rule.enabled and rule.then == _BY_HAND and _asks(rule, "return.value", Op.GT)


def _asks(rule: Rule, fact: str, op: Op) -> bool:
    return isinstance(rule.when, Compare) and (rule.when.fact, rule.when.op) == (fact, op)


def _number(rule: Rule | None) -> int | None:
    return rule.when.value if rule and isinstance(rule.when, Compare) and isinstance(rule.when.value, int) else None


def _free_id(wanted: str, taken: set[str]) -> str:
    """Return the id, or one like it if a rule made elsewhere has it already."""
    return next(name for name in (wanted, *(f"{wanted}-{n}" for n in range(2, 400))) if name not in taken)
