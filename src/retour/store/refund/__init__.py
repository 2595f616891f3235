"""The money side of returns as rows."""

from retour.store.refund.position import Counter, Position, ledger_after, ledger_of, position
from retour.store.refund.settlement import (
    SettlementRow,
    accept_difference,
    add_lines,
    add_settlement,
    drop_lines,
    find_by_effect,
    get,
    list_legs,
    list_of_rma,
    lock_captures,
    move,
    plans_of,
    release,
    reserve,
    save_comparison,
    set_due,
)
from retour.store.refund.waiver import bearing_of, waive, waivers

__all__ = [
    "Counter",
    "Position",
    "SettlementRow",
    "accept_difference",
    "add_lines",
    "add_settlement",
    "bearing_of",
    "drop_lines",
    "find_by_effect",
    "get",
    "ledger_after",
    "ledger_of",
    "list_legs",
    "list_of_rma",
    "lock_captures",
    "move",
    "plans_of",
    "position",
    "release",
    "reserve",
    "save_comparison",
    "set_due",
    "waive",
    "waivers",
]
