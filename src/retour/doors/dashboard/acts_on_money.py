"""Acts that move money or touch calls: what is confirmed is the very table that is shown, by its hash."""

from collections.abc import Mapping
from typing import Any, Final

from retour.core.account import Role
from retour.core.errors import Refused
from retour.core.money import Money
from retour.core.policy.outcome import ResolutionKind
from retour.core.refund import FeeKind, RowKind
from retour.core.refund.fees import ROWS
from retour.doors.dashboard import words
from retour.doors.dashboard.act import Act, Doing
from retour.doors.dashboard.next_step import our_total, platform_total
from retour.doors.dashboard.refund_told import table
from retour.doors.dashboard.told import word
from retour.doors.dashboard.whole import Whole
from retour.flows import effect as effects
from retour.flows import hand_over, refund
from retour.flows.rma.waive import REASON_MOST, waive_fees
from retour.store import refund as refunds
from retour.store.db import Db
from retour.store.refund import SettlementRow
from retour.web.explained import fee_name
from retour.web.reader import Reader
from retour.web.session import DESK

_OWNER: Final = (Role.OWNER,)
REFERENCE_MOST: Final = 200


def _disputed(whole: Whole, reader: Reader) -> Mapping[str, Any]:
    row = whole.disputed()
    if row is None:
        return _gone()
    theirs = platform_total(row.platform_quote)
    return {
        **_settlement(whole, row, reader),
        "theirs": None if theirs is None else Money(theirs, row.currency),
        "ours": Money(our_total(row), row.currency),
        "difference": None if theirs is None else Money(abs(theirs - our_total(row)), row.currency),
        "differences": _differences(whole, row),
    }


def _differences(whole: Whole, row: SettlementRow) -> list[tuple[str, str, Money | None, Money | None]]:
    """Return what differs, as (where, what, ours, theirs)."""
    found = next((d for d in whole.differences if d.resource_id == row.id and d.state == "open"), None)
    if found is None:
        return []

    def money(minor: object) -> Money | None:
        return Money(minor, row.currency) if isinstance(minor, int) else None

    return [
        (
            whole.title(d["ref"]) if d.get("ref") else "",
            str(d["component"]),
            money(d.get("ours")),
            money(d.get("theirs")),
        )
        for d in found.details.get("differences", ())
    ]


def _failed(whole: Whole, reader: Reader) -> Mapping[str, Any]:
    row = whole.refused_money()
    if row is None:
        return _gone()
    call = next((e for e in whole.effects if e.id == row.effect_id), None)
    return {**_settlement(whole, row, reader), "reason": call.message if call else None}


def _settlement(whole: Whole, row: SettlementRow, reader: Reader) -> Mapping[str, Any]:
    pays = sum(leg.amount_minor for leg in row.plan.legs)
    fees = any(r.kind is not RowKind.UNITS for r in row.plan.rows) or bool(row.plan.adjustments)
    return {
        "rows": table(whole, row.plan, reader), "hash": row.plan_hash, "pays": Money(pays, row.currency),
        "unpaid": Money(row.plan.unallocated, row.currency) if row.plan.unallocated else None, "has_more": fees,
    }  # fmt: skip


def _gone() -> Mapping[str, Any]:
    """Return what a page shows whose settlement has moved on while the form was sent."""
    nothing = Money(0, "EUR")
    return {
        "rows": [], "hash": "", "pays": nothing, "unpaid": None, "has_more": False, "theirs": None, "ours": nothing,
        "difference": None, "differences": [], "reason": None,
    }  # fmt: skip


async def _accept(doing: Doing, db: Db) -> None:
    row = doing.whole.disputed()
    await refund.accept_difference(
        db, settlement_id=await _same(doing, db, row), actor=doing.actor, now=doing.now
    )  # fmt: skip


async def _by_hand(doing: Doing, db: Db) -> None:
    reason = doing.form.text("reason")
    if not 1 <= len(reason) <= REASON_MOST:
        doing.errors.add("reason", doing.reader.say("Say why: it stands in the timeline"))
        return
    await hand_over.pay_outside(
        db, settlement_id=await _same(doing, db, doing.whole.disputed()), reason=reason, actor=doing.actor,
        now=doing.now, policies=doing.seen.desk.policies,
    )  # fmt: skip


async def _pay_again(doing: Doing, db: Db) -> None:
    row = doing.whole.refused_money()
    await refund.retry(db, settlement_id=await _same(doing, db, row), actor=doing.actor, now=doing.now)


async def _same(doing: Doing, db: Db, row: SettlementRow | None) -> Any:
    """Return the settlement that was confirmed; raise Refused(plan_changed) if its table is not the one shown."""
    found = None if row is None else await refunds.get(db, row.id)
    if found is None:
        raise Refused("state_changed", "there is nothing to pay any more")
    if found.plan_hash != doing.form.text("hash"):
        raise Refused("plan_changed", "the figures have changed since they were shown")
    return found.id


def _unreported(whole: Whole, reader: Reader) -> Mapping[str, Any]:
    row = whole.unreported()
    if row is None:
        return {**_gone(), "name": "", "service": None, "worth": Money(0, "EUR")}
    record = whole.records.get(row.resolution_ref or "")
    name = whole.resolution_name(reader, row.resolution, row.resolution_ref)
    outside = None if row.resolution == ResolutionKind.REFUND_ORIGINAL else name
    return {
        **_settlement(whole, row, reader), "rows": table(whole, row.plan, reader, outside=outside), "name": name,
        "service": record.integration if record else None,
        "worth": Money(row.total_minor + row.plan.bonus, row.currency),
    }  # fmt: skip


async def _report(doing: Doing, db: Db) -> None:
    reference = doing.form.text("reference")
    if len(reference) > REFERENCE_MOST:
        most = doing.reader.number(REFERENCE_MOST)
        doing.errors.add("reference", doing.reader.say("At most %(most)s characters", most=most))
        return
    await hand_over.report_paid(
        db, settlement_id=await _same(doing, db, doing.whole.unreported()), reference=reference or None,
        actor=doing.actor, now=doing.now,
    )  # fmt: skip


async def _report_failed(doing: Doing, db: Db) -> None:
    reason = doing.form.text("reason")
    if not 1 <= len(reason) <= REASON_MOST:
        doing.errors.add("reason", doing.reader.say("Say why, so that whoever pays next knows"))
        return
    await hand_over.report_failed(
        db, settlement_id=await _same(doing, db, doing.whole.unreported()), reason=reason, actor=doing.actor,
        now=doing.now,
    )  # fmt: skip


def _parked(whole: Whole, reader: Reader) -> Mapping[str, Any]:
    return _call(whole.parked(), reader)


def _refused(whole: Whole, reader: Reader) -> Mapping[str, Any]:
    return _call(whole.refused_call(), reader)


def _call(effect: Any, reader: Reader) -> Mapping[str, Any]:
    what = word(reader, words.EFFECTS, effect.kind.value) if effect else ""
    return {"what": what, "message": effect.message if effect else None}


async def _look_again(doing: Doing, db: Db) -> None:
    effect = doing.whole.parked()
    if effect is None:
        raise Refused("state_changed", "no call waits for a person any more")
    await effects.hand_back(db, effect_id=effect.id, actor=doing.actor, now=doing.now)


async def _try_again(doing: Doing, db: Db) -> None:
    effect = doing.whole.refused_call()
    if effect is None:
        raise Refused("state_changed", "no call has failed any more")
    await effects.retry(db, effect_id=effect.id, actor=doing.actor, now=doing.now)


def _fees(_whole: Whole, reader: Reader) -> Mapping[str, Any]:
    """Return the fees that can be waived, as (code, name)."""
    names = [(kind.value, fee_name(ROWS[kind], reader)) for kind in FeeKind if kind is not FeeKind.CANCELLATION]
    return {"kinds": names}


async def _waive(doing: Doing, db: Db) -> None:
    kind, reason = doing.form.text("kind"), doing.form.text("reason")
    if kind not in ("", *FeeKind):
        doing.errors.add("kind", doing.reader.say("Choose one of the fees"))
    if not reason:
        doing.errors.add("reason", doing.reader.say("Say why: it stands beside the fee"))
    elif len(reason) > REASON_MOST:
        doing.errors.add("reason", doing.reader.say("This text is too long"))
    if not doing.errors:
        await waive_fees(
            db, rma_id=doing.rma_id, kind=FeeKind(kind) if kind else None, reason=reason, actor=doing.actor,
            now=doing.now, expect_version=doing.version,
        )  # fmt: skip


ACTS: Final = (
    Act("waive-fees", "dashboard/act_waive_fees.html", DESK, _fees, _waive),
    Act("accept", "dashboard/act_accept.html", _OWNER, _disputed, _accept),
    Act("by-hand", "dashboard/act_by_hand.html", _OWNER, _disputed, _by_hand),
    Act("pay-again", "dashboard/act_pay_again.html", DESK, _failed, _pay_again),
    Act("report", "dashboard/act_report.html", DESK, _unreported, _report),
    Act("report-failed", "dashboard/act_report_failed.html", DESK, _unreported, _report_failed),
    Act("look-again", "dashboard/act_look_again.html", _OWNER, _parked, _look_again),
    Act("try-again", "dashboard/act_try_again.html", _OWNER, _refused, _try_again),
)
