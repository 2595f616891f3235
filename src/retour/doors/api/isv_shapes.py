"""What integrators (ISVs) send and are told: accounts that they serve, and the keys they have for them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from retour.core.account import Role
from retour.core.isv import REFERENCE_MOST
from retour.doors.api.shapes import NO_NUL, Asked, Name, Told

Reference = Annotated[
    str,
    Meta(min_length=1, max_length=REFERENCE_MOST, pattern=r"^[!-~]+$", description="Your own name for the merchant."),
]


class OwnerWish(Asked):
    """Whom to mail an invitation to as the merchant's owner."""

    email: Annotated[str, Meta(min_length=3, max_length=320, pattern=NO_NUL)]
    name: Name
    language: Literal["en", "de"] | None = None


class AccountWish(Asked):
    """A merchant: the account, its first store and, if wanted, its owner."""

    reference: Reference
    name: Name
    shop_name: Name
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$", min_length=3, max_length=3)]
    timezone: Annotated[str, Meta(min_length=1, max_length=100, pattern=NO_NUL)] = "UTC"
    owner: OwnerWish | None = None


class StoreOfAccount(Told):
    """A store of a merchant: its name goes into `X-Shop-Name`."""

    id: UUID
    shop_name: str
    currency: str


class AccountOut(Told):
    """A merchant whom the integrator serves; its id or reference goes into `Retour-Account`."""

    id: UUID
    name: str
    reference: str | None
    role: Role
    since: datetime
    stores: list[StoreOfAccount]


class AccountPage(Asked):
    """Which part of the list is wanted."""

    after: Annotated[UUID | None, Meta(description="The `next` of the page before.")] = None
    limit: Annotated[int, Meta(ge=1, le=50, description="How many items at most.")] = 50


class AccountList(Told):
    """Merchants by id, and where the list goes on."""

    items: list[AccountOut]
    next: UUID | None


class KeyWish(Asked):
    """A key of one account, for all of its stores."""

    name: Name
    role: Role


class KeyChoice(Asked):
    """One of the keys that the integrator had made."""

    key_id: UUID


class KeyOut(Told):
    """A key of an account, without its text."""

    id: UUID
    name: str
    role: Role
    created_at: datetime
    last_used_at: datetime | None


class KeyCreated(Told):
    """A key, told in this answer alone."""

    id: UUID
    name: str
    role: Role
    key: str


class KeyList(Told):
    """The live keys that the integrator had made for an account."""

    items: list[KeyOut]
