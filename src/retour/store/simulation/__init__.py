"""Simulations as rows, and the past as a simulation reads it."""

from retour.store.simulation.rows import (
    AffectedRow,
    NewSimulation,
    SimulationRow,
    affected,
    cancel,
    forget_expired,
    get,
    list_of_store,
    open_,
    remove,
)

__all__ = [
    "AffectedRow",
    "NewSimulation",
    "SimulationRow",
    "affected",
    "cancel",
    "forget_expired",
    "get",
    "list_of_store",
    "open_",
    "remove",
]
