"""The return: its decision, its goods, its money; what is due next and whom it waits for."""

from retour.core.rma.acts import Act, Stage, allow, stage_of
from retour.core.rma.blocked import Blocked, blocked_by
from retour.core.rma.charging import FeeWish, awaits_fee, fee_wish
from retour.core.rma.deadline import Deadline, Turn, deadline, expiring, next_turn, sends_by, turn_due
from retour.core.rma.due import Due
from retour.core.rma.early import EarlyUnits, came_at, is_early, settled_early
from retour.core.rma.moves import Decision, decide_line, derive_status
from retour.core.rma.shopper import shopper_may_cancel
from retour.core.rma.state import (
    Disposition,
    EffectView,
    Grade,
    Inspection,
    Moment,
    Ownership,
    Patience,
    Question,
    Return,
    ReturnLine,
    SettlementState,
    SettlementView,
    Shipment,
    ShipmentStatus,
    Span,
    count,
    lowest,
    minus,
)
from retour.core.rma.steps import NO_STEPS, Steps, next_steps

__all__ = [
    "NO_STEPS",
    "Act",
    "Blocked",
    "Deadline",
    "Decision",
    "Disposition",
    "Due",
    "EarlyUnits",
    "EffectView",
    "FeeWish",
    "Grade",
    "Inspection",
    "Moment",
    "Ownership",
    "Patience",
    "Question",
    "Return",
    "ReturnLine",
    "SettlementState",
    "SettlementView",
    "Shipment",
    "ShipmentStatus",
    "Span",
    "Stage",
    "Steps",
    "Turn",
    "allow",
    "awaits_fee",
    "blocked_by",
    "came_at",
    "count",
    "deadline",
    "decide_line",
    "derive_status",
    "expiring",
    "fee_wish",
    "is_early",
    "lowest",
    "minus",
    "next_steps",
    "next_turn",
    "sends_by",
    "settled_early",
    "shopper_may_cancel",
    "stage_of",
    "turn_due",
]
