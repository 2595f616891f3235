"""Use cases of a return: ask for it, decide it, move it on."""

from retour.flows.rma.advance import advance, move_on
from retour.flows.rma.decide import add_note, approve, cancel, hold, reject, release
from retour.flows.rma.request import Judged, Opened, Promise, Wish, judge, open_return, request_return

__all__ = [
    "Judged",
    "Opened",
    "Promise",
    "Wish",
    "add_note",
    "advance",
    "approve",
    "cancel",
    "hold",
    "judge",
    "move_on",
    "open_return",
    "reject",
    "release",
    "request_return",
]
