"""What was sent in to become a return: kept sealed, once per source, with what it waits for."""

from retour.store.intake.again import WAITS_FOR_ORDER, in_turn, wake
from retour.store.intake.apart import apart, undone
from retour.store.intake.candidates import candidates
from retour.store.intake.elsewhere import told_by_another
from retour.store.intake.ending import set_alike, set_apart, standing, was_apart
from retour.store.intake.pushed import PUSH, link, told_as, unsent
from retour.store.intake.queues import IntakeQueue, queues
from retour.store.intake.rows import (
    Intake,
    Waiting,
    add,
    count_waiting,
    dismiss,
    document,
    find,
    get,
    list_page,
    lock,
    of_return,
    opened,
    park,
    seen,
    waiting,
)

__all__ = [
    "PUSH",
    "WAITS_FOR_ORDER",
    "Intake",
    "IntakeQueue",
    "Waiting",
    "add",
    "apart",
    "candidates",
    "count_waiting",
    "dismiss",
    "document",
    "find",
    "get",
    "in_turn",
    "link",
    "list_page",
    "lock",
    "of_return",
    "opened",
    "park",
    "queues",
    "seen",
    "set_alike",
    "set_apart",
    "standing",
    "told_as",
    "told_by_another",
    "undone",
    "unsent",
    "waiting",
    "wake",
    "was_apart",
]
