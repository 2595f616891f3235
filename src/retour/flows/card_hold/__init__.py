"""Instant exchanges: the new article is sent at once against an authorisation of the shopper's card."""

from retour.flows.card_hold.asking import ask, decide, is_offered, offered_days
from retour.flows.card_hold.carrying import carry_on
from retour.flows.card_hold.far import Far

__all__ = ["Far", "ask", "carry_on", "decide", "is_offered", "offered_days"]
