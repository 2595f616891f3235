"""What every area of the settings shares: the list of areas, the store that is meant, and what is told once."""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Response

from retour.core.account import Role
from retour.core.errors import Refused
from retour.doors.dashboard.desk import Visit
from retour.store import account
from retour.store.account import Store
from retour.store.db import Db
from retour.store.vault import NotMyKey
from retour.web.pages import see
from retour.web.reader import Reader

ROOT: Final = "/dashboard/settings"
OWNER: Final = (Role.OWNER,)
ONCE_COOKIE: Final = "retour_once"
_ONCE_LIVES: Final = timedelta(minutes=2)


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


# The areas in their order: path, name, what is found there. Who has a role of the desk reads them all.
AREAS: Final = (
    ("store", _("Store"), _("Name, time zone, who keeps returns, refunds and stock")),
    ("payments", _("Payments"), _("Pause them, four eyes above an amount, the velocity breaker")),
    ("cards", _("Card payments"), _("Where amounts are held, for new items that are sent at once")),
    ("waits", _("Waits"), _("How long returns may wait, and who is told")),
    ("shoppers", _("Signs of abuse"), _("What counts as one, block and allow lists")),
    ("look", _("Look of the portal"), _("Colour, logo, texts, contact, languages")),
    ("mail", _("Mail"), _("What shoppers are told, and from which address")),
    ("policy", _("Policy"), _("What may come back, until when, and what is paid")),
    ("resolutions", _("Resolutions"), _("What shoppers get: refund, credit, exchange, and who carries it out")),
    ("reasons", _("Reasons"), _("Why things go back, in two levels, and what is asked")),
    ("addresses", _("Return addresses"), _("Where goods go back to, and what labels say")),
    ("partners", _("Warehouses and carriers"), _("Systems that report what arrives and where parcels are")),
    ("deadlines", _("Deadlines"), _("How long you wait for a parcel or an answer, and when you remind")),
    ("privacy", _("Privacy"), _("How long personal data is kept, exports and erasures")),
    ("connections", _("Connections"), _("Shops and carriers, how they are, what they may do")),
    ("sources", _("Sources"), _("Systems of yours that send returns and orders")),
    ("mailboxes", _("Mailboxes"), _("Where shoppers write to: their mail becomes drafts and messages")),
    ("team", _("Team"), _("Who works here and what they may do")),
    ("keys", _("API keys"), _("Programs that act for this account")),
    ("integrators", _("Integrators"), _("Companies whose programs serve this account")),
    ("webhooks", _("Webhooks"), _("Programs that are told what happens")),
    ("you", _("You"), _("Your name, language, password and sessions")),
)
# What a form that went through says on the next page.
SAID: Final[Mapping[str, str]] = {
    "saved": _("Saved."),
    "archived": _("Archived. No new rule can offer it; returns that chose it go on."),
    "reason_archived": _("Archived. Shoppers cannot choose it any more; returns that have it keep its name."),
    "restored": _("It is back at the end of the list."),
    "paused": _("Payments are paused."),
    "resumed": _("Payments go again."),
    "published": _("Published. New requests follow this version."),
    "revoked": _("The key is revoked. It stops working within ten seconds."),
    "admitted": _("Admitted. It serves this account from now on."),
    "service_ended": _("Ended. Nothing of this account is told to it any more, and its keys are revoked."),
    "connected": _("Connected. The first orders are coming in."),
    "cards_connected": _("Connected. Policies may now offer the new item at once."),
    "cards_held": _("Nothing was changed: cards are held with it. Wait for their ends, or release them."),
    "reconnected": _("Connected again."),
    "mailbox_added": _("Kept. The mailbox is looked through now."),
    "disconnected": _("Disconnected. Nothing is called there any more; what was read stays."),
    "asked": _("The shop is being asked now. Open the page again in a few seconds."),
    "deleted": _("Deleted."),
    "switched_on": _("Switched on."),
    "switched_off": _("Switched off. Nothing is sent there."),
    "sent_again": _("Sent again."),
    "disabled": _("Disabled. Every session of theirs has ended."),
    "enabled": _("Enabled. They sign in with the password they had."),
    "password": _("Your password is changed. Your other sessions have ended."),
    "ended": _("Ended."),
    "nothing_to_end": _("There was no other session."),
}


def said_of(code: str, reader: Reader) -> str | None:
    """Return the sentence of a code, or nothing for one that is none."""
    return reader.say(SAID[code]) if code in SAID else None


async def index_page(seen: Visit) -> Response[str]:
    """Return the list of areas."""
    return await seen.page("dashboard/settings/index.html", current="settings", areas=areas(seen.reader), area="")


def areas(reader: Reader) -> list[tuple[str, str, str]]:
    """Return (address, name, what is found there) of every area."""
    return [(f"{ROOT}/{path}", reader.say(name), reader.say(text)) for path, name, text in AREAS]


async def show(
    seen: Visit, area: str, *, template: str | None = None, status: int = 200, **values: Any
) -> Response[str]:
    """Return a page of an area; `template` is another one than the area's first."""
    code = seen.request.query_params.get("said", "") if seen.request.method == "GET" else ""
    return await seen.page(
        f"dashboard/settings/{template or area}.html", current="settings", status=status, area=f"{ROOT}/{area}",
        areas=areas(seen.reader), said=said_of(code, seen.reader), is_owner=seen.staff.role is Role.OWNER, **values,
    )  # fmt: skip


def back_to(area: str, said: str | None = None) -> Response[Any]:
    """Return the redirect to a page of the settings after a form was accepted."""
    return see(f"{ROOT}/{area}?said={said}" if said else f"{ROOT}/{area}")


async def store_of(db: Db, seen: Visit) -> Store:
    """Return the store that is looked at, or the account's first one where all are; refuses store_not_found."""
    stores = await account.stores(db)
    wanted = seen.staff.store_id
    found = next((store for store in stores if wanted is None or store.id == wanted), None)
    if found is None:
        raise Refused("store_not_found", "the account has no store")
    return found


async def store_id_of(seen: Visit) -> UUID:
    """Return the id of that store."""
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        return (await store_of(db, seen)).id


def tell_once(seen: Visit, answer: Response[Any], **secret: str) -> Response[Any]:
    """Send what may be read on the next page and never again: locked to this session, in a cookie of that page."""
    locked = seen.desk.vault.lock(
        json.dumps(secret).encode(), tenant_id=seen.staff.tenant_id, purpose=f"once:{seen.staff.session_id}"
    )
    answer.set_cookie(
        key=ONCE_COOKIE, value=base64.urlsafe_b64encode(locked).decode(), path=ROOT, httponly=True, samesite="strict",
        secure=seen.desk.sessions.https, max_age=int(_ONCE_LIVES.total_seconds()),
    )  # fmt: skip
    return answer


def told_once(seen: Visit) -> Mapping[str, str]:
    """Return what the form before sent to this page; nothing once it was shown (`forget` takes it away)."""
    try:
        locked = base64.urlsafe_b64decode(seen.request.cookies.get(ONCE_COOKIE, ""))
        plain = seen.desk.vault.unlock(locked, tenant_id=seen.staff.tenant_id, purpose=f"once:{seen.staff.session_id}")
    except (NotMyKey, binascii.Error, ValueError):
        return {}
    found: dict[str, str] = json.loads(plain)
    return found


def forget(answer: Response[Any]) -> Response[Any]:
    """Take away what was told once."""
    answer.set_cookie(key=ONCE_COOKIE, value="", path=ROOT, httponly=True, samesite="strict", max_age=0)
    return answer
