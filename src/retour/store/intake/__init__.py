"""What was sent in to become a return: kept sealed, once per source, with what it waits for."""

from retour.store.intake.apart import apart, undone
from retour.store.intake.candidates import candidates
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
    "undone",
    "unsent",
    "waiting",
    "was_apart",
]
