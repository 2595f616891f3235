"""Use cases of what is sent in: take it in, let a person decide what is not clear, move known returns on."""

from retour.flows.intake.hands import Hands
from retour.flows.intake.message import Told, read_message, refused_document
from retour.flows.intake.parked import Choice, choose, dismiss
from retour.flows.intake.sources import add_source, remove_source, rotate_secret
from retour.flows.intake.taking import Outcome, Source, Taken, take_in

__all__ = [
    "Choice",
    "Hands",
    "Outcome",
    "Source",
    "Taken",
    "Told",
    "add_source",
    "choose",
    "dismiss",
    "read_message",
    "refused_document",
    "remove_source",
    "rotate_secret",
    "take_in",
]
