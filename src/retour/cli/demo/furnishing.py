"""Furnishes the demo's merchant for people: a login, how the store looks to shoppers, and where its mail comes from."""

import dataclasses
import secrets
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from retour.cli.frame import ACTOR, now
from retour.core.account import Role
from retour.core.errors import Refused
from retour.core.look import Texts
from retour.core.postal import PostalAddress
from retour.flows import account as account_flow
from retour.flows import look as look_flow
from retour.flows import return_address
from retour.flows.return_address import Place
from retour.store.db import Database, Db
from retour.store.mail.sender import Sender, save_sender
from retour.store.password import hash_password

EMAIL: Final = "owner@example.com"
NAME: Final = "Ana Keller"
HANDLE: Final = "sandbox-outfitters"
BRAND: Final = "#1f4d3a"
_TEXTS: Final = {
    "en": Texts(
        greeting="You have 30 days. We look at every parcel by hand and explain every cent.",
        sending="Pack the items well and hand the parcel in at any parcel shop.",
    ),
    "de": Texts(
        greeting="Sie haben 30 Tage Zeit. Wir prüfen jedes Paket von Hand und erklären jeden Cent.",
        sending="Packen Sie die Artikel gut ein und geben Sie das Paket in einem Paketshop ab.",
    ),
}
_PLACE: Final = Place(
    "Berlin",
    PostalAddress("Returns", ("Am Speicher 1",), "Berlin", "DE", "10969", company="Sandbox Outfitters"),
    is_default=True,
    instructions={"en": "Any parcel shop takes it.", "de": "Jeder Paketshop nimmt es an."},
)


@dataclass(frozen=True, slots=True)
class Login:
    """Who may sign in; the password is known to nobody else and new with every demo."""

    email: str
    password: str = field(repr=False)


async def furnish(database: Database, *, tenant_id: UUID, store_id: UUID) -> tuple[Login, str]:
    """Give the merchant an owner who can sign in, and the store its look and its sender; return login and handle."""
    password = secrets.token_urlsafe(12)
    hashed = await hash_password(password)
    async with database.tx(tenant_id) as db:
        await account_flow.add_staff(
            db, email=EMAIL, name=NAME, role=Role.OWNER, password_hash=hashed, actor=ACTOR, now=now()
        )
        handle = await _dress(db, store_id)
        await save_sender(db, store_id, Sender(), at=now())
        await return_address.add(db, store_id=store_id, place=_PLACE, actor=ACTOR, now=now())
    return Login(EMAIL, password), handle


async def make_room(db: Db, *, store_id: UUID) -> None:
    """Let the store of an earlier demo give up its address on the web."""
    look = await look_flow.look_of(db, store_id=store_id, now=now())
    if look.handle == HANDLE:
        aside = dataclasses.replace(look, handle=f"{HANDLE}-{store_id.hex[-8:]}")
        await look_flow.change_look(db, look=aside, actor=ACTOR, now=now())


async def _dress(db: Db, store_id: UUID) -> str:
    bare = await look_flow.look_of(db, store_id=store_id, now=now())
    look = dataclasses.replace(
        bare, handle=HANDLE, name="Sandbox Outfitters", brand_hex=BRAND, texts=_TEXTS, contact_email="help@example.com",
        return_address="Sandbox Outfitters, Am Speicher 1, 10969 Berlin, Germany", sender_name="Sandbox Outfitters",
    )  # fmt: skip
    try:
        return (await look_flow.change_look(db, look=look, actor=ACTOR, now=now())).handle
    except Refused as refused:
        if refused.field != "handle":  # somebody's own store has that address: the demo keeps the one it was given
            raise
        own = dataclasses.replace(look, handle=bare.handle)
        return (await look_flow.change_look(db, look=own, actor=ACTOR, now=now())).handle
