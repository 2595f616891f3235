"""Use cases of a return: ask for it, decide it, move it on."""

from retour.flows.rma.address import Moved, address_of, change_address
from retour.flows.rma.advance import advance, move_on
from retour.flows.rma.asking import CARRIED_OUT, Asking, Judged, Opened, Promise, Wish, with_receiver
from retour.flows.rma.attend import assign, prioritise, retag, watch
from retour.flows.rma.consider import Considered, ConsideredLine, consider
from retour.flows.rma.decide import add_note, approve, cancel, hold, reject, release
from retour.flows.rma.edit import Content, Edited, edit_return, preview_edit
from retour.flows.rma.hear import hear
from retour.flows.rma.lose import treat_as_lost
from retour.flows.rma.many import do_one
from retour.flows.rma.merge import merge
from retour.flows.rma.question import answer, ask
from retour.flows.rma.reopen import reopen
from retour.flows.rma.request import judge, open_return, request_return
from retour.flows.rma.shopper import cancel_as_shopper, send_draft
from retour.flows.rma.swap import swap_of, terms_of
from retour.flows.rma.waive import waive_fees
from retour.flows.rma.withdrawn import open_withdrawal

__all__ = [
    "CARRIED_OUT",
    "Asking",
    "Considered",
    "ConsideredLine",
    "Content",
    "Edited",
    "Judged",
    "Moved",
    "Opened",
    "Promise",
    "Wish",
    "add_note",
    "address_of",
    "advance",
    "answer",
    "approve",
    "ask",
    "assign",
    "cancel",
    "cancel_as_shopper",
    "change_address",
    "consider",
    "do_one",
    "edit_return",
    "hear",
    "hold",
    "judge",
    "merge",
    "move_on",
    "open_return",
    "open_withdrawal",
    "preview_edit",
    "prioritise",
    "reject",
    "release",
    "reopen",
    "request_return",
    "retag",
    "send_draft",
    "swap_of",
    "terms_of",
    "treat_as_lost",
    "waive_fees",
    "watch",
    "with_receiver",
]
