"""Effects on the outside: carried out exactly once, and handed back or tried again by people."""

from retour.flows.effect.again import hand_back, retry
from retour.flows.effect.carry import Carrier, MoveOn, Pace, carry_out

__all__ = ["Carrier", "MoveOn", "Pace", "carry_out", "hand_back", "retry"]
