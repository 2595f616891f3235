"""Exchanges: quoting a swap, naming what goods were exchanged for, and making the new order on the platform."""

from retour.core.exchange_order import Do
from retour.flows.exchange.acts import act, want
from retour.flows.exchange.choosing import Changeable, changeable, choose
from retour.flows.exchange.far import Far
from retour.flows.exchange.naming import HandedIn, NewLine, Quoted, name_exchange, quote_exchange
from retour.flows.exchange.ordering import carry_on

__all__ = [
    "Changeable",
    "Do",
    "Far",
    "HandedIn",
    "NewLine",
    "Quoted",
    "act",
    "carry_on",
    "changeable",
    "choose",
    "name_exchange",
    "quote_exchange",
    "want",
]
