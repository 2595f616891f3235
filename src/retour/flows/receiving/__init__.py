"""The warehouse's side: what arrived, what it is worth as goods, what was put back, and what the dock scans."""

from retour.flows.receiving.counter import take_in
from retour.flows.receiving.goods import ArrivedUnits, Received, Verdict, inspect, receive, restocked

__all__ = ["ArrivedUnits", "Received", "Verdict", "inspect", "receive", "restocked", "take_in"]
