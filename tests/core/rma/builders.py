"""Builders of orders, returns and stores for the tests: one word for each thing that a test wants to be different."""

import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from retour.core.effect import EffectKind, EffectState, OpenReturn
from retour.core.money import NOTHING
from retour.core.order import FulfilledUnits, Fulfilment, Order, OrderLine
from retour.core.removal import RemoveFromReturn
from retour.core.rma import (
    Decision,
    Due,
    EffectView,
    Grade,
    Inspection,
    Ownership,
    Return,
    ReturnLine,
    SettlementState,
    SettlementView,
    Shipment,
    ShipmentStatus,
    Span,
    Steps,
    derive_status,
    lowest,
    next_steps,
)
from retour.core.rma.state import Disposition

EXAMPLES = max(50, int(os.environ.get("EXAMPLES", "200")) // 10)

NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
REQUESTED_AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
DECIDED_AT = REQUESTED_AT + timedelta(hours=1)
SCANNED_AT = REQUESTED_AT + timedelta(days=2)
DELIVERED_AT = REQUESTED_AT + timedelta(days=4)
RECEIVED_AT = REQUESTED_AT + timedelta(days=5)
INSPECTED_AT = REQUESTED_AT + timedelta(days=6)

ORDER = "order/1"
SHOPPER = "shopper/1"
NATIVE = "native/1"
PLATFORM = frozenset(EffectKind) - {EffectKind.RESTOCK, EffectKind.REMOVE_FROM_RETURN}
BARE = frozenset({EffectKind.RESTOCK, EffectKind.REFUND_TENDER, EffectKind.TAG, EffectKind.UNTAG, EffectKind.NOTE})


def uid(n: int) -> uuid.UUID:
    """Return the n-th id."""
    return uuid.UUID(int=n)


RETURN = uid(1)
OPEN = f"open:{RETURN}"
DECIDE = f"decide:{RETURN}"
FINISH = f"finish:{RETURN}"
TAG = f"tag:{RETURN}"
UNTAG = f"untag:{RETURN}"


def batch(n: int = 1) -> uuid.UUID:
    """Return the id of the n-th batch of inspections."""
    return uid(500 + n)


def a_store(**different: Any) -> Ownership:
    """Return a store where Retour masters everything, on a platform that has returns of its own."""
    return replace(Ownership(capable_of=PLATFORM, location_ref="store/loc"), **different)


def a_bare_store(**different: Any) -> Ownership:
    """Return a store where Retour masters everything, on a platform without returns of its own."""
    return a_store(**{"capable_of": BARE, **different})


def an_order(shipped: Mapping[str, Iterable[int]] | None = None, *, tracked: bool = True) -> Order:
    """Return an order whose lines were shipped in parcels of these quantities; unit refs are `<line>/<parcel>`."""
    parcels = {
        ref: tuple(quantities) for ref, quantities in (shipped or {"L1": (10,), "L2": (10,), "L3": (10,)}).items()
    }
    lines = tuple(
        OrderLine(ref, n, f"Article {ref}", max(1, sum(quantities)), NOTHING, NOTHING, inventory_ref=f"{ref}/inv")
        for n, (ref, quantities) in enumerate(parcels.items(), 1)
    )
    fulfilments = tuple(
        Fulfilment(
            f"parcel/{n}",
            REQUESTED_AT,
            location_ref=f"loc/{n}",
            units=tuple(
                FulfilledUnits(f"{ref}/{n}", ref, quantities[n - 1])
                for ref, quantities in parcels.items()
                if len(quantities) >= n
            ),
        )
        for n in range(1, 1 + max(map(len, parcels.values())))
    )
    if not tracked:
        lines = tuple(replace(line, inventory_ref=None) for line in lines)
    return Order(ORDER, "#1001", "EUR", "EUR", REQUESTED_AT, REQUESTED_AT, NOTHING, lines, fulfilments=fulfilments)


def an_inspection(n: int, span: Span, **different: Any) -> Inspection:
    """Return a verdict on units of line L1 in batch 1: sealed, accepted, to be restocked, not yet restocked."""
    verdict = Inspection(uid(300 + n), batch(), uid(101), "L1", span, Grade.SEALED, Disposition.RESTOCK, accepted=True)
    return replace(verdict, **different)


def a_line(n: int = 1, units: int = 1, **different: Any) -> ReturnLine:
    """Return an approved line claiming the first units of order line `L<n>`; `received` and `inspected` are counts."""
    received, inspected = different.pop("received", 0), different.pop("inspected", 0)
    claimed = different.pop("claimed", ((1, units),) if units else ())
    line = ReturnLine(
        uid(100 + n),
        f"L{n}",
        n,
        max(1, units),
        "too_small",
        "refund",
        Decision.APPROVED,
        claimed=claimed,
        received=lowest(claimed, max(received, inspected)),
    )
    if inspected:
        verdicts = different.pop("verdicts", {})
        judged = tuple(
            an_inspection(n * 10 + k, span, line_id=line.id, line_ref=line.line_ref, **verdicts)
            for k, span in enumerate(lowest(claimed, inspected))
        )
        line = replace(line, inspections=judged)
    return replace(line, **different)


def a_return(*lines: ReturnLine, **different: Any) -> Return:
    """Return a return of these lines (one approved line of one unit if none), decided, with its derived status."""
    lines = lines or (a_line(),)
    ret = Return(
        RETURN,
        10001,
        derive_status(line.decision for line in lines),
        ORDER,
        SHOPPER,
        "EUR",
        REQUESTED_AT,
        lines,
        decided_at=DECIDED_AT,
    )
    return replace(ret, **different)


def an_inspected_return(*lines: ReturnLine, **different: Any) -> Return:
    """Return a return whose parcel came, with a quoted settlement of batch 1; one line of one judged unit if none."""
    arrived: dict[str, Any] = {
        "in_transit_at": SCANNED_AT,
        "delivered_at": DELIVERED_AT,
        "received_at": RECEIVED_AT,
        "inspected_at": INSPECTED_AT,
        "settlements": (a_settlement(),),
    }
    return a_return(*(lines or (a_line(inspected=1),)), **{**arrived, **different})


def a_settlement(n: int = 1, state: SettlementState = SettlementState.QUOTED, **different: Any) -> SettlementView:
    """Return the settlement of batch n over 25.90."""
    return replace(SettlementView(uid(700 + n), n, batch(n), state, 2590), **different)


def a_parcel(status: ShipmentStatus) -> Shipment:
    """Return a parcel in that status."""
    return Shipment(uid(201), "sandbox", "TRACK1", status, SCANNED_AT)


def an_effect(kind: EffectKind, ref: str, state: EffectState = EffectState.CONFIRMED, **different: Any) -> EffectView:
    """Return an effect of the return in that state."""
    number = uuid.uuid5(RETURN, f"{kind}|{ref}")
    return replace(EffectView(number, kind, ref, state, created_at=DECIDED_AT), **different)


def opened(*refs: str, state: EffectState = EffectState.CONFIRMED, **different: Any) -> EffectView:
    """Return the effect that opened the platform's return, which holds ten units of each of these refs."""
    return an_effect(EffectKind.OPEN_RETURN, OPEN, state, result=a_native(dict.fromkeys(refs, 10)), **different)


def a_native(units: Mapping[str, int]) -> dict[str, object]:
    """Return what a platform tells of its own return of these units: {fulfilled ref: quantity}."""
    rows = [
        {"fulfilled_ref": ref, "return_line_ref": f"row/{ref}", "reverse_ref": f"rev/{ref}", "quantity": quantity}
        for ref, quantity in units.items()
    ]
    return {"return_ref": NATIVE, "lines": rows}


def what_stays(ret: Return, target: RemoveFromReturn) -> dict[str, object]:
    """Return what a platform tells of its own return once units were taken out of it."""
    told = [e.result for e in ret.effects if "quantities" in e.result]
    rows = next(e.result["lines"] for e in reversed(ret.effects) if "lines" in e.result)
    assert isinstance(rows, list)
    before = told[-1]["quantities"] if told else {row["return_line_ref"]: row["quantity"] for row in rows}
    assert isinstance(before, dict)
    stay = {line.return_line_ref: line.quantity for line in target.lines}
    held = {ref: stay.get(ref, units) for ref, units in before.items()}
    return {"return_ref": NATIVE, "status": "open", "quantities": {ref: n for ref, n in held.items() if n}}


def requested(
    units: Mapping[str, int] | None = None, state: EffectState = EffectState.CONFIRMED, **different: Any
) -> EffectView:
    """Return the effect that requested the platform's return, of one unit of L1 or of these units."""
    result = a_native(units or {"L1/1": 1}) if state is EffectState.CONFIRMED else {}
    return an_effect(EffectKind.REQUEST_RETURN, OPEN, state, **{"result": result, **different})


def approved(*refs: str, state: EffectState = EffectState.CONFIRMED, **different: Any) -> EffectView:
    """Return the effect that approved the platform's return, which holds one unit of each of these refs."""
    result = a_native(dict.fromkeys(refs, 1)) if state is EffectState.CONFIRMED else {}
    return an_effect(EffectKind.APPROVE_RETURN, DECIDE, state, **{"result": result, **different})


def declined(state: EffectState = EffectState.CONFIRMED) -> EffectView:
    """Return the effect that declined the platform's return."""
    return an_effect(EffectKind.DECLINE_RETURN, DECIDE, state)


def processed(state: EffectState = EffectState.CONFIRMED, n: int = 1) -> EffectView:
    """Return the effect that processed batch n on the platform's return."""
    return an_effect(EffectKind.PROCESS_RETURN, f"process:{batch(n)}", state)


def planned(steps: Steps) -> list[tuple[EffectKind, str]]:
    """Return the kind and reference of each effect that is due."""
    return [(due.kind, due.business_ref) for due in steps.effects]


def as_effect(due: Due, state: EffectState, ret: Return) -> EffectView:
    """Return what is due as a stored effect in that state, answered as a platform would if it is confirmed."""
    made = an_effect(due.kind, due.business_ref, state)
    if state is not EffectState.CONFIRMED:
        return made
    if isinstance(due.target, OpenReturn):
        return replace(made, result=a_native({line.fulfilled_ref: line.quantity for line in due.target.lines}))
    if isinstance(due.target, RemoveFromReturn):
        return replace(made, result=what_stays(ret, due.target))
    request = ret.effect(EffectKind.REQUEST_RETURN, OPEN)
    return replace(made, result=request.result) if request and due.kind is EffectKind.APPROVE_RETURN else made


def stored(ret: Return, steps: Steps, state: EffectState = EffectState.INTENT) -> Return:
    """Return the return after what is due was stored in that state."""
    return replace(ret, effects=(*ret.effects, *(as_effect(due, state, ret) for due in steps.effects)))


def due(ret: Return, store: Ownership | None = None, order: Order | None = None) -> list[tuple[EffectKind, str]]:
    """Return kind and reference of what is due, in the usual store and order or in these."""
    return planned(next_steps(ret, order or an_order(), store or a_store()))


def a_paid_return(state: SettlementState = SettlementState.SETTLED, **different: Any) -> Return:
    """Return a return with one judged, restocked unit, processed on the platform, whose settlement is in that state."""
    line = a_line(inspected=1, verdicts={"restocked": True})
    effects = (opened("L1/1", "L2/1", "L3/1"), processed())
    return an_inspected_return(line, **{"effects": effects, "settlements": (a_settlement(state=state),), **different})
