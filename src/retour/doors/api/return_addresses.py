"""Return addresses over the API: where a store's goods go back to, by the names that its policy uses."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta

from retour.core.errors import Refused
from retour.core.label import INSTRUCTIONS_MOST
from retour.core.postal import MOST, MOST_STREET, PostalAddress
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import NO_NUL, Asked, Nothing, Short, Told
from retour.flows import return_address as flow
from retour.store import return_address as addresses
from retour.store.return_address import ReturnAddress

MISSING: Final = "return_address_not_found"
Line = Annotated[str, Meta(min_length=1, max_length=MOST, pattern=NO_NUL)]
Maybe = Annotated[str, Meta(max_length=MOST, pattern=NO_NUL)]
Code = Annotated[str, Meta(min_length=1, max_length=flow.CODE_MOST, pattern=NO_NUL)]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$", description="ISO 3166-1, two letters.")]


class AddressWish(Asked):
    """A postal address."""

    name: Line
    street: Annotated[list[Line], Meta(min_length=1, max_length=MOST_STREET)]
    town: Line
    country: Country
    postcode: Maybe = ""
    region: Maybe = ""
    company: Maybe = ""


class ReturnAddressWish(Asked):
    """A return address; `code` is what the policy calls the destination, instructions are printed on the label.

    The default one is where goods go that the policy sends nowhere else.
    """

    code: Code
    address: AddressWish
    is_default: bool = False
    instructions: Annotated[
        dict[Short, Annotated[str, Meta(max_length=INSTRUCTIONS_MOST, pattern=NO_NUL)]],
        Meta(max_length=3, description="By language (en, de, ar)."),
    ] = {}  # noqa: RUF012 - msgspec copies it
    location_ref: Annotated[
        Short | None, Meta(description="The platform's location of what is handed in at a counter there.")
    ] = None
    expect_version: int | None = None


class AddressOut(Told):
    """A postal address."""

    name: str
    street: list[str]
    town: str
    country: str
    postcode: str
    region: str
    company: str


class ReturnAddressOut(Told):
    """One return address of a store."""

    id: UUID
    code: str
    is_default: bool
    address: AddressOut
    instructions: dict[str, str]
    location_ref: str | None
    version: int
    changed_at: datetime


class ReturnAddressList(Told):
    """The return addresses of a store, the default one first."""

    items: list[ReturnAddressOut]


async def list_return_addresses(call: Call, _: None) -> ReturnAddressList:
    """Return the store's addresses."""
    return ReturnAddressList(items=[_out(one) for one in await addresses.of_store(call.db, call.store_id)])


async def add_return_address(call: Call, wish: ReturnAddressWish) -> ReturnAddressOut:
    """Add an address."""
    added = await flow.add(call.db, store_id=call.store_id, place=_place(wish), actor=call.actor, now=call.now)
    return _out(added)


async def change_return_address(call: Call, wish: ReturnAddressWish) -> ReturnAddressOut:
    """Change an address."""
    await _own(call)
    done = await flow.change(
        call.db, address_id=call.resource_id, place=_place(wish), actor=call.actor, now=call.now,
        expect_version=wish.expect_version,
    )  # fmt: skip
    return _out(done)


async def remove_return_address(call: Call, _: Nothing) -> ReturnAddressList:
    """Take an address away."""
    found = await _own(call)
    await flow.remove(call.db, address_id=call.resource_id, actor=call.actor, now=call.now)
    return ReturnAddressList(items=[_out(one) for one in await addresses.of_store(call.db, found.store_id)])


async def _own(call: Call) -> ReturnAddress:
    found = await addresses.get(call.db, call.resource_id)
    if found is None or call.store not in (None, found.store_id):
        raise Refused(MISSING, "there is no such return address")
    return found


def postal(wish: AddressWish) -> PostalAddress:
    """Return an address as it was sent."""
    a = wish
    return PostalAddress(a.name, tuple(a.street), a.town, a.country, a.postcode, a.region, a.company)


def address_out(a: PostalAddress) -> AddressOut:
    """Return an address as it is told."""
    return AddressOut(
        name=a.name, street=list(a.street), town=a.town, country=a.country, postcode=a.postcode, region=a.region,
        company=a.company,
    )  # fmt: skip


def _place(wish: ReturnAddressWish) -> flow.Place:
    return flow.Place(wish.code, postal(wish.address), wish.is_default, wish.instructions, wish.location_ref)


def _out(of: ReturnAddress) -> ReturnAddressOut:
    return ReturnAddressOut(
        id=of.id, code=of.code, is_default=of.is_default, address=address_out(of.address),
        instructions=dict(of.instructions), location_ref=of.location_ref, version=of.version, changed_at=of.changed_at,
    )  # fmt: skip


OPERATIONS: Final = (
    Operation(
        id="list_return_addresses", method="GET", path="/return-addresses", tag="Return addresses", needs_store=True,
        answer=ReturnAddressList, summary="List where goods go back to", do=list_return_addresses,
    ),
    Operation(
        id="add_return_address", method="POST", path="/return-addresses", tag="Return addresses", needs_store=True,
        status=201, body=ReturnAddressWish, answer=ReturnAddressOut, summary="Add a return address",
        do=add_return_address, description="The first of a store is its default.",
    ),
    Operation(
        id="change_return_address", method="POST", path="/return-addresses/{id}", tag="Return addresses",
        missing=MISSING, body=ReturnAddressWish, answer=ReturnAddressOut, summary="Change a return address",
        do=change_return_address, description="Labels that were made keep what they say.",
    ),
    Operation(
        id="remove_return_address", method="POST", path="/return-addresses/{id}/remove", tag="Return addresses",
        missing=MISSING, body=Nothing, answer=ReturnAddressList, summary="Remove a return address",
        do=remove_return_address, description="409 default_needed for the default one while there are others.",
    ),
)  # fmt: skip
