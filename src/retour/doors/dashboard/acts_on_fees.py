"""The fee that is paid beforehand in the dashboard: how it stands, and deciding what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from retour.core.errors import Refused
from retour.core.money import Money
from retour.core.rma.fee import FeeState, FeeView
from retour.doors.dashboard import fee_words
from retour.doors.dashboard.act import Act, Doing
from retour.doors.dashboard.told import word
from retour.doors.dashboard.whole import Whole
from retour.flows.fee import Do, act, choices
from retour.store.db import Db
from retour.web.reader import Reader
from retour.web.session import DESK


@dataclass(frozen=True, slots=True)
class Charged:
    """A fee in words: what it comes to, where it stands, until when it is to be paid."""

    amount: Money | None
    state: str
    problem: str | None
    tone: str
    pay_by: datetime | None
    pay_url: str | None


_TONES: Final = {
    FeeState.STUCK: "stopped", FeeState.UNREFUNDED: "stopped", FeeState.PAID: "done", FeeState.KEPT: "done",
    FeeState.FREE: "quiet", FeeState.ENDED: "quiet", FeeState.WITHHELD: "quiet", FeeState.REFUNDED: "quiet",
    FeeState.LAPSED: "quiet",
}  # fmt: skip


def charged(whole: Whole, reader: Reader) -> Charged | None:
    """Return the fee of a return as its page tells it, if one is paid beforehand."""
    fee = whole.record.rma.fee
    if fee is None:
        return None
    minor = fee.total if fee.collected_minor is None else fee.collected_minor
    amount = Money(minor, whole.record.rma.currency) if fee.parts or fee.collected_minor else None
    return Charged(
        amount, word(reader, fee_words.STATES, fee.state.value), problem_of(fee, reader), _TONES.get(fee.state, "moving"),
        fee.expires_at, fee.pay_url,
    )  # fmt: skip


def problem_of(fee: FeeView | None, reader: Reader) -> str | None:
    """Return why a fee is stuck in words; what the platform said itself stands behind them."""
    if fee is None or fee.problem is None:
        return None
    code, _, said = fee.problem.partition(": ")
    told = word(reader, fee_words.PROBLEMS, code)
    return f"{told} “{said}”" if said else told


def _decisions(whole: Whole, reader: Reader) -> Mapping[str, Any]:
    told = [
        {"value": do.value, "title": reader.say(title), "text": reader.say(text), "amount": None, "gain": None}
        for do in choices(whole.record.rma.fee)
        for title, text in [fee_words.CHOICES[do.value]]
    ]
    return {"choices": told, "fee": charged(whole, reader)}


async def _decide(doing: Doing, db: Db) -> None:
    may = choices(doing.whole.record.rma.fee)
    if not may:
        raise Refused("state_changed", "there is nothing to decide about it any more")
    chosen = doing.form.text("do")
    if chosen not in [do.value for do in may]:
        doing.errors.add("do", doing.reader.say("Choose one of them"))
        return
    await act(db, rma_id=doing.rma_id, do=Do(chosen), actor=doing.actor, now=doing.now)


ACTS: Final = (Act("fee-decide", "dashboard/act_fee_decide.html", DESK, _decisions, _decide, compares=False),)
