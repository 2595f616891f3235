"""Telling one affected return: each line before and after, and which rules said what."""

from collections.abc import Mapping
from functools import lru_cache

from retour.core.policy.encoding import encode_outcome
from retour.core.policy.outcome import Group, Outcome
from retour.core.simulation.court import Compared, Court
from retour.core.simulation.judging import Judge, Seen, Verdict
from retour.core.simulation.past import PastLine
from retour.core.simulation.result import Affected, AffectedLine, LineSide, Why
from retour.core.simulation.world import WorldLine


def affected(of: Compared, court: Court) -> Affected:
    """Return the entry of the list; only refused lines are decided once more in full, for their messages."""
    past, case = of.case.past, of.case
    then, now = court.judge_before(past), court.candidate
    return Affected(
        reference=past.reference,
        order_name=past.order_name,
        requested_on=past.requested_on,
        country=past.lines[0].values.get("order.country"),
        currency=past.lines[0].facts["books_currency"],
        changes=of.changes,
        fate_before=case.before.fate,
        fate_after=case.after.fate,
        before=of.before,
        after=of.after,
        lines=tuple(
            _line(line, _side(line, before, then, seen), _side(line, after, now, seen), _why(before.verdict, after.verdict))
            for line, before, after, seen in zip(past.lines, case.before.lines, case.after.lines, case.seen, strict=True)
        ),
        rma_id=past.rma_id,
    )  # fmt: skip


def _line(past: PastLine, before: LineSide, after: LineSide, why: tuple[Why, ...]) -> AffectedLine:
    values = past.values
    title, sku, reason = values.get("line.title") or "", values.get("line.sku"), values.get("line.reason")
    return AffectedLine(past.line_ref, title, sku, past.quantity, reason, before, after, why)


def _side(past: PastLine, line: WorldLine, judge: Judge, seen: Seen) -> LineSide:
    first = judge.decision(past.facts).objections[0] if line.verdict.is_refused else None
    return LineSide(
        fate=line.fate,
        code=first.code if first else None,
        message=first.message if first else None,
        closes_on=judge.closes_on(past.facts, seen),
        resolution=line.offer.kind.value if line.offer else None,
        method=line.method,
    )


@lru_cache(maxsize=1024)
def _why(before: Verdict, after: Verdict) -> tuple[Why, ...]:
    pairs = [(group, before.decision.ruling(group), after.decision.ruling(group)) for group in Group]
    return tuple(
        Why(group.value, was.rule, now.rule, _encoded(was.outcome), _encoded(now.outcome))
        for group, was, now in pairs
        if was.outcome != now.outcome
    )


@lru_cache(maxsize=1024)
def _encoded(outcome: Outcome) -> Mapping[str, object]:
    """Return an outcome as plain JSON to be read only; a policy has few."""
    return encode_outcome(outcome)
