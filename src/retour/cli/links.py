"""Signed links to the portal: make one for a shopper, show the secret for a merchant's own mails, renew it."""

from uuid import UUID

import click

from retour.cli.frame import (
    ACTOR,
    House,
    account_option,
    find_store,
    in_account,
    json_option,
    load_settings,
    now,
    store_option,
    tell,
    web_vault,
)
from retour.core.link import DAYS, GIVEN_DAYS
from retour.flows import look as look_flow
from retour.flows import visit as flow
from retour.store import look as looks
from retour.store.db import Database


@click.group("link", cls=House)
def link_command() -> None:
    """Signed links: whoever holds one sees the order without a code."""


@link_command.command("make")
@click.argument("order")
@click.option("--days", type=int, help=f"How long it is good, 400 at most.  [default: {DAYS}; {GIVEN_DAYS} for a gift]")
@click.option("--gift", is_flag=True, help="For whoever got the goods as a gift: no prices, no names.")
@account_option
@store_option
@json_option
def make_link(
    *, order: str, days: int | None, gift: bool, account: str | None, store: str | None, as_json: bool
) -> None:
    """Print a link to the portal for one order (ORDER: its number, such as '#1001')."""
    settings = load_settings()
    vault = web_vault(settings)

    async def make(database: Database, tenant_id: UUID) -> str:
        async with database.tx(tenant_id) as db:
            found = await find_store(db, store)
            await look_flow.look_of(db, store_id=found.id, now=now())
            return await flow.portal_link(
                db, vault, tenant_id=tenant_id, store_id=found.id, order=order, public_url=settings.public_url,
                now=now(), gift=gift,
                days=(GIVEN_DAYS if gift else DAYS) if days is None else days,
            )  # fmt: skip

    address = in_account(account, make, settings=settings)
    tell({"link": address}, [address], as_json=as_json)


@link_command.command("secret")
@account_option
@store_option
@json_option
def show_secret(*, account: str | None, store: str | None, as_json: bool) -> None:
    """Print the address of the portal and the secret that a mail of yours signs its links with."""
    settings = load_settings()
    vault = web_vault(settings)

    async def read(database: Database, tenant_id: UUID) -> tuple[str, str]:
        async with database.tx(tenant_id) as db:
            found = await find_store(db, store)
            look = await look_flow.look_of(db, store_id=found.id, now=now())
            secret = await looks.link_secret(db, vault, tenant_id=tenant_id, store_id=found.id)
        assert secret is not None, "a store with a look has a secret"
        return f"{settings.public_url}/returns/{look.handle}", secret.decode()

    portal, secret = in_account(account, read, settings=settings)
    tell({"portal": portal, "secret": secret}, [f"portal  {portal}", f"secret  {secret}"], as_json=as_json)


@link_command.command("renew")
@account_option
@store_option
@json_option
def renew(*, account: str | None, store: str | None, as_json: bool) -> None:
    """Make every link of a store worthless, those in mails that were sent too, and begin a new secret."""

    async def work(database: Database, tenant_id: UUID) -> str:
        async with database.tx(tenant_id) as db:
            found = await find_store(db, store)
            await look_flow.new_links(db, store_id=found.id, actor=ACTOR, now=now())
        return found.shop_name

    name = in_account(account, work)
    tell({"renewed": name}, [f"every earlier link of {name} is worthless now"], as_json=as_json)
