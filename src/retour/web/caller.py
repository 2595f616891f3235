"""Who calls the API: in which account, with which role, under which name."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from retour.core.account import Role
from retour.core.isv import actor_of
from retour.store.isv import Isv


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the account, the role, and the stores by name; an integrator acts for an account that it serves.

    `made_by` is the integrator that had made the account's key that calls, if one had.
    """

    tenant_id: UUID
    key_id: UUID
    role: Role
    stores: Mapping[str, UUID]
    isv: Isv | None = None
    made_by: UUID | None = None

    @property
    def actor(self) -> str:
        """Return how events name the caller."""
        return f"key:{self.key_id}" if self.isv is None else actor_of(self.isv.id)

    @property
    def integrator(self) -> UUID | None:
        """Return whose program calls: the integrator's, by its own key or by one that it had made; else the merchant's."""
        return self.made_by if self.isv is None else self.isv.id
