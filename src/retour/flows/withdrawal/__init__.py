"""Statutory withdrawal: stated by anybody, acknowledged at once, matched with an order afterwards, ended by a person."""

from retour.flows.withdrawal.deciding import acknowledge_again, assign, close
from retour.flows.withdrawal.matching import Matcher, match
from retour.flows.withdrawal.opening import OpenReturn
from retour.flows.withdrawal.stating import Place, state

__all__ = ["Matcher", "OpenReturn", "Place", "acknowledge_again", "assign", "close", "match", "state"]
