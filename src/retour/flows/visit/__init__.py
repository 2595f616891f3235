"""A shopper's visit: asking for an order, proving that it is theirs, and what they have answered so far."""

from retour.flows.visit.answers import keep_answers
from retour.flows.visit.ask import ask, ask_again
from retour.flows.visit.link import come_back, follow_link, is_good, portal_link
from retour.flows.visit.look_up import look_up, read_typed
from retour.flows.visit.prove import close, forget_expired, try_code

__all__ = [
    "ask",
    "ask_again",
    "close",
    "come_back",
    "follow_link",
    "forget_expired",
    "is_good",
    "keep_answers",
    "look_up",
    "portal_link",
    "read_typed",
    "try_code",
]
