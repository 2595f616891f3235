"""Simulations: asked for, run by a job beside everything else, and taken back."""

from retour.flows.simulation.asking import DAYS_KEPT, cancel, forget_expired, remove, start
from retour.flows.simulation.running import run

__all__ = ["DAYS_KEPT", "cancel", "forget_expired", "remove", "run", "start"]
