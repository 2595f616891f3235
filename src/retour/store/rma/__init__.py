"""Returns as rows."""

from retour.store.rma.load import (
    ReturnRecord,
    due_at,
    find_by_number,
    list_open_of_order,
    load,
    lock,
    rulings,
)
from retour.store.rma.refresh import changed, refresh
from retour.store.rma.save import (
    NewLine,
    NewReturn,
    add,
    add_note,
    decide,
    free_units,
    hold,
    mark_times,
    touch,
)

__all__ = [
    "NewLine",
    "NewReturn",
    "ReturnRecord",
    "add",
    "add_note",
    "changed",
    "decide",
    "due_at",
    "find_by_number",
    "free_units",
    "hold",
    "list_open_of_order",
    "load",
    "lock",
    "mark_times",
    "refresh",
    "rulings",
    "touch",
]
