"""Returns as rows."""

from retour.store.rma.going_on import find_going_on, goes_on
from retour.store.rma.load import (
    Ground,
    ReturnHead,
    ReturnRecord,
    due_at,
    find_by_number,
    ground,
    list_open_of_order,
    load,
    lock,
    lock_head,
    promised,
    rulings,
)
from retour.store.rma.open import NewLine, NewReturn, open_
from retour.store.rma.refresh import changed, refresh, settle_down
from retour.store.rma.save import (
    add_note,
    announce,
    decide,
    free_units,
    hold,
    mark_times,
    touch,
)
from retour.store.rma.standing import standing

__all__ = [
    "Ground",
    "NewLine",
    "NewReturn",
    "ReturnHead",
    "ReturnRecord",
    "add_note",
    "announce",
    "changed",
    "decide",
    "due_at",
    "find_by_number",
    "find_going_on",
    "free_units",
    "goes_on",
    "ground",
    "hold",
    "list_open_of_order",
    "load",
    "lock",
    "lock_head",
    "mark_times",
    "open_",
    "promised",
    "refresh",
    "rulings",
    "settle_down",
    "standing",
    "touch",
]
