"""Use cases of a return: ask for it, decide it, move it on."""

from retour.flows.rma.advance import advance
from retour.flows.rma.decide import add_note, approve, cancel, hold, reject
from retour.flows.rma.request import Judged, Promise, Wish, judge, request_return

__all__ = [
    "Judged",
    "Promise",
    "Wish",
    "add_note",
    "advance",
    "approve",
    "cancel",
    "hold",
    "judge",
    "reject",
    "request_return",
]
