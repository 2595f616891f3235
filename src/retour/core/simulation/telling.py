"""Telling one affected return: each line before and after, and which rules said what."""

from typing import cast

from retour.core.policy import LineDecision
from retour.core.policy.encoding import encode_outcome
from retour.core.policy.outcome import Group
from retour.core.simulation.court import Compared, Court
from retour.core.simulation.result import Affected, AffectedLine, LineSide, Why
from retour.core.simulation.world import WorldLine


def affected(of: Compared, court: Court) -> Affected:
    """Return the entry of the list; lines are decided once more in full, for their days and messages."""
    past, case = of.case.past, of.case
    judge = court.judge_before(past)
    lines = []
    for before, after in zip(case.before.lines, case.after.lines, strict=True):
        facts, values = before.past.facts, before.past.values
        said_before, said_after = judge.decision(facts), court.candidate.decision(facts)
        lines.append(
            AffectedLine(
                line_ref=before.past.line_ref,
                title=cast("str", values.get("line.title") or ""),
                sku=cast("str | None", values.get("line.sku")),
                quantity=before.past.quantity,
                reason=cast("str | None", values.get("line.reason")),
                before=_side(before, said_before, case.before.method),
                after=_side(after, said_after, case.after.method),
                why=_why(said_before, said_after),
            )
        )
    return Affected(
        reference=past.reference,
        order_name=past.order_name,
        requested_on=past.requested_on,
        country=cast("str | None", past.lines[0].values.get("order.country")),
        currency=cast("str", past.lines[0].facts["books_currency"]),
        changes=of.changes,
        fate_before=case.before.fate,
        fate_after=case.after.fate,
        before=of.before,
        after=of.after,
        lines=tuple(lines),
        rma_id=past.rma_id,
    )


def _side(line: WorldLine, said: LineDecision, method: str | None) -> LineSide:
    first = said.objections[0] if said.objections else None
    return LineSide(
        fate=line.fate,
        code=first.code if first else None,
        message=first.message if first else None,
        closes_on=said.closes_on,
        resolution=line.offer.kind.value if line.offer else None,
        method=method if line.is_accepted else None,
    )


def _why(before: LineDecision, after: LineDecision) -> tuple[Why, ...]:
    pairs = [(group, before.ruling(group), after.ruling(group)) for group in Group]
    return tuple(
        Why(group.value, was.rule, now.rule, encode_outcome(was.outcome), encode_outcome(now.outcome))
        for group, was, now in pairs
        if was.outcome != now.outcome
    )
