"""The return: its decision, its goods, its money; what is due next and whom it waits for."""

from retour.core.rma.blocked import Blocked, blocked_by
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
    "Blocked",
    "Decision",
    "Disposition",
    "Due",
    "EarlyUnits",
    "EffectView",
    "Grade",
    "Inspection",
    "Moment",
    "Ownership",
    "Return",
    "ReturnLine",
    "SettlementState",
    "SettlementView",
    "Shipment",
    "ShipmentStatus",
    "Span",
    "Steps",
    "blocked_by",
    "came_at",
    "count",
    "decide_line",
    "derive_status",
    "is_early",
    "lowest",
    "minus",
    "next_steps",
    "settled_early",
    "shopper_may_cancel",
]
