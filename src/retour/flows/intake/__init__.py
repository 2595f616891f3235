"""Use cases of what is sent in: take it in, let a person decide what is not clear, move known returns on."""

from retour.flows.intake.hands import Hands
from retour.flows.intake.joining import join
from retour.flows.intake.message import Told, read_message, refused_document
from retour.flows.intake.parcel import parcel_taken_back, park_parcel
from retour.flows.intake.parked import Choice, choose, dismiss
from retour.flows.intake.sources import add_source, remove_source, rotate_secret
from retour.flows.intake.table import Row, import_one, preview, read_file, source_of_files
from retour.flows.intake.taking import Outcome, Source, Taken, take_in
from retour.flows.intake.texts import take_text

__all__ = [
    "Choice",
    "Hands",
    "Outcome",
    "Row",
    "Source",
    "Taken",
    "Told",
    "add_source",
    "choose",
    "dismiss",
    "import_one",
    "join",
    "parcel_taken_back",
    "park_parcel",
    "preview",
    "read_file",
    "read_message",
    "refused_document",
    "remove_source",
    "rotate_secret",
    "source_of_files",
    "take_in",
    "take_text",
]
