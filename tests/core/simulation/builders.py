"""Builders of past returns for the simulator's tests: facts gathered from an order, recorded as they were promised."""

from dataclasses import replace
from datetime import date
from typing import Any

from retour.core.money import Sides
from retour.core.order import Capture, Order, OrderLine, Tax, TenderKind
from retour.core.policy import Asked, LineFacts, PolicyDocument, encode_facts
from retour.core.policy.outcome import Approval, Approving, Fee, MethodKind, MethodOffer, Methods
from retour.core.simulation import Against, Compared, Court, Fate, Mode, Result, Tally, summed
from retour.core.simulation.past import Found, PastLine, PastReturn, Recorded
from retour.core.simulation.result import MOST_ROWS
from tests.core.policy import builders as p

VERSION = "v1"


def a_line(ref: str, minor: int, *, quantity: int = 1, tax: int = 0, **changes: Any) -> OrderLine:
    """Return a line of so many minor units with its tax, without a discount."""
    gross = Sides(minor, minor)
    taxes = (Tax("vat", Sides(tax, tax)),) if tax else ()
    return p.a_line(ref, quantity=quantity, gross=gross, list_value=gross, discounts=(), taxes=taxes, **changes)


def an_order(*lines: OrderLine, **changes: Any) -> Order:
    """Return a delivered order paid by one card."""
    total = sum(line.gross.shop for line in lines)
    paid = Capture("C1", TenderKind.CARD, "card", total, p.PLACED)
    parcel = p.a_parcel(*(line.ref for line in lines), quantity=max(line.quantity for line in lines))
    return p.an_order(*lines, total=Sides(total, total), captures=(paid,), fulfilments=(parcel,), **changes)


def kept(facts: LineFacts) -> dict[str, object]:
    """Return facts as a page of returns brings them."""
    values = {name: value.isoformat() if isinstance(value, date) else value for name, value in facts.values.items()}
    return {**encode_facts(facts), "values": values}


def a_past(
    order: Order,
    *asked: Asked,
    key: str = "r1",
    recorded: int | Recorded | None = None,
    held: dict[str, Fate] | None = None,
    found: dict[str, tuple[Found, ...]] | None = None,
    wished: str = "refund_original",
    method: str = "own_carrier",
    version: str | None = VERSION,
    **how: Any,
) -> PastReturn:
    """Return a return of one unit of each line unless asked otherwise; what was recorded in minor units."""
    wishes = asked or tuple(Asked(line.ref, 1, "too_small") for line in order.lines)
    lines = tuple(
        PastLine(
            facts.line_ref,
            wish.quantity or 0,
            kept(facts),
            wished,
            (held or {}).get(facts.line_ref),
            (found or {}).get(facts.line_ref, ()),
        )
        for facts, wish in zip(p.facts_of(order, *wishes, **how), wishes, strict=True)
    )
    return PastReturn(
        key, key, order.ref, order.name, p.NOW.date(), lines, method, version,
        Recorded(recorded) if isinstance(recorded, int) else recorded, rma_id=None,
    )  # fmt: skip


def a_court(candidate: PolicyDocument, then: PolicyDocument, baseline: PolicyDocument | None = None) -> Court:
    return Court(candidate, baseline, {VERSION: then})


def compared(court: Court, past: PastReturn, order: Order) -> Compared:
    """Return a return compared as a simulation does it, quoted only where that is needed."""
    case = court.case(past)
    if not court.needs_order(case):
        return court.compare(case)
    quotes = court.quote(order, [case], frozenset({past.key}))[past.key]
    return court.compare_unquoted(case) if isinstance(quotes, Exception) else court.compare(case, quotes)


def automatic(policy: PolicyDocument | None = None, **defaults: Any) -> PolicyDocument:
    """Return a policy that approves by itself, with these defaults."""
    policy = policy or p.a_policy()
    decision = Approving(Approval.AUTO_APPROVE)
    return replace(policy, defaults=replace(policy.defaults, **{"decision": decision, **defaults}))


def with_fee(policy: PolicyDocument, bp: int) -> PolicyDocument:
    """Return the policy with a restocking fee of so many basis points on everything it offers by default."""
    offered = tuple(replace(o, restocking_fee=Fee(bp=bp)) for o in policy.defaults.resolutions.offered)
    resolutions = replace(policy.defaults.resolutions, offered=offered)
    return replace(policy, currency="EUR", defaults=replace(policy.defaults, resolutions=resolutions))


def by(*kinds: str) -> Methods:
    """Return these ways back, in their order."""
    return Methods(tuple(MethodOffer(MethodKind(kind)) for kind in kinds))


def told(found: list[Compared], rules: dict[str, str] | None = None, most_rows: int = MOST_ROWS) -> Result:
    """Return what a simulation of these returns tells."""
    counted = Tally()
    for one in found:
        counted.add(one)
    return summed(
        [counted.plain()], mode=Mode.RETURNS, against=Against.RECORDED, listed=0, rules=rules or {}, most_rows=most_rows
    )
