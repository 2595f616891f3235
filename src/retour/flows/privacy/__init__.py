"""What people may ask about their data: an export, an erasure; and the forgetting of what is old."""

from retour.flows.privacy.answering import Answerer, answer
from retour.flows.privacy.asking import ask_erasure, ask_export, cancel, download, of_email
from retour.flows.privacy.platform import ACTOR, TOPICS, Became, asked_by_platform
from retour.flows.privacy.retaining import change_terms, forget_old

__all__ = [
    "ACTOR",
    "TOPICS",
    "Answerer",
    "Became",
    "answer",
    "ask_erasure",
    "ask_export",
    "asked_by_platform",
    "cancel",
    "change_terms",
    "download",
    "forget_old",
    "of_email",
]
