"""Integrators (ISVs): systems that provision and serve the accounts of many merchants, under one key."""

from typing import Final
from uuid import UUID, uuid5

from retour.core.account import Role

REFERENCE_MOST: Final = 200  # characters
KEEP_HOURS_MOST: Final = 168
_RANK: Final = {Role.WAREHOUSE: 0, Role.AGENT: 1, Role.OWNER: 2}


def actor_of(isv_id: UUID) -> str:
    """Return how events name an integrator."""
    return f"isv:{isv_id}"


def account_for(isv_id: UUID, reference: str) -> UUID:
    """Return the id of the account that an integrator opens for a reference of its own: the same one every time."""
    return uuid5(isv_id, reference)


def is_within(role: Role, most: Role) -> bool:
    """Return whether a role may do nothing that another one may not."""
    return _RANK[role] <= _RANK[most]
