"""What every page of the policies shares: the store, the version that is meant, its tabs, and what is told once."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlencode

from litestar import Response

from retour.core.account import Role
from retour.core.errors import Refused
from retour.doors.dashboard.desk import Visit
from retour.doors.dashboard.policy.sentences import Teller
from retour.doors.dashboard.settings.area import store_of
from retour.store import policy
from retour.store import resolution as resolutions
from retour.store import why as reasons
from retour.store.account import Store
from retour.store.db import Db
from retour.store.desk.page import names
from retour.store.policy import PolicyVersion
from retour.web.pages import see
from retour.web.reader import Reader

ROOT: Final = "/dashboard/policies"
OWNER: Final = (Role.OWNER,)
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,8}")
PART: Final = "x-part"  # the header by which a script asks for a part of a page


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


# What a form that went through says on the next page.
SAID: Final[Mapping[str, str]] = {
    "started": _("The draft is started. Nothing changes until it is published."),
    "saved": _("Saved in the draft."),
    "moved": _("Moved."),
    "copied": _("Copied. The copy is switched off."),
    "removed": _("Removed from the draft."),
    "switched": _("Switched."),
    "discarded": _("The draft is discarded."),
    "published": _("Published. New requests follow this version."),
    "reverted": _("Published again. New requests follow this version."),
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A version that is looked at, with the store it belongs to and the names of the staff by actor."""

    store: Store
    version: PolicyVersion
    in_force: int  # the number of the published version, 0 for none
    people: Mapping[str, str]
    teller: Teller
    reasons: tuple[tuple[str, str], ...] = ()  # (code, name) of the store's own, archived ones too

    @property
    def document(self) -> dict[str, object]:
        """Return the document as plain JSON."""
        return cast("dict[str, object]", self.version.document)

    @property
    def url(self) -> str:
        """Return the address of the version."""
        return f"{ROOT}/{self.version.version}"

    @property
    def is_draft(self) -> bool:
        """Return whether the version may still change."""
        return self.version.state == "draft"

    @property
    def currency(self) -> str:
        """Return the currency of the amounts."""
        return str(self.document.get("currency") or self.store.currency)

    @property
    def zones(self) -> tuple[str, ...]:
        """Return the names of the zones."""
        zones = self.document.get("zones")
        return tuple(str(zone["name"]) for zone in zones) if isinstance(zones, list) else ()

    def who(self, actor: str | None) -> str:
        """Return the name of whoever did something."""
        return self.people.get(actor or "", actor or "")


async def opened(db: Db, seen: Visit) -> Opened:
    """Return the version that the address names; raise Refused(policy_not_found)."""
    store = await store_of(db, seen)
    number = seen.request.path_params["number"]
    found = await policy.numbered(db, store.id, int(number)) if _NUMBER.fullmatch(number) else None
    version = await policy.get_version(db, store.id, found) if found else None
    if version is None:
        raise Refused("policy_not_found", "There is no such version.")
    live = await policy.published(db, store.id)
    teller = await teller_of(db, seen, store, version.document)
    return Opened(store, version, live[1] if live else 0, await names(db), teller, await reason_names(db, seen, store))


async def a_draft(db: Db, seen: Visit) -> Opened:
    """Return the draft that the address names; raise Refused(policy_not_found) for what is none."""
    here = await opened(db, seen)
    if not here.is_draft:
        raise Refused("policy_not_found", "There is no such draft.")
    return here


async def teller_of(db: Db, seen: Visit, store: Store, document: object) -> Teller:
    """Return who tells a document of the store to the reader."""
    currency = document.get("currency") if isinstance(document, dict) else None
    return Teller(seen.reader, str(currency or store.currency), await records(db, store, seen.reader))


async def records(db: Db, store: Store, reader: Reader) -> Mapping[str, str]:
    """Return the names of the merchant's own resolutions by their ids, as the reader reads them."""
    found, default = await resolutions.of_store(db, store.id), await resolutions.default_language(db, store.id)
    said = {str(one.id): one.wording(reader.language, default).name for one in found}
    gone = {str(one.id) for one in found if not one.active}
    return {ref: reader.say("%(name)s (archived)", name=name) if ref in gone else name for ref, name in said.items()}


async def reason_names(db: Db, seen: Visit, store: Store) -> tuple[tuple[str, str], ...]:
    """Return (code, name) of the store's reasons in the merchant's order, as the reader reads them."""
    default = await resolutions.default_language(db, store.id)
    return tuple((one.code, one.name(seen.reader.language, default)) for one in await reasons.of_store(db, store.id))


async def show(seen: Visit, template: str, *, status: int = 200, **values: Any) -> Response[str]:
    """Return a page of the policies."""
    code = seen.request.query_params.get("said", "") if seen.request.method == "GET" else ""
    said = seen.reader.say(SAID[code]) if code in SAID else None
    return await seen.page(
        f"dashboard/policy/{template}.html", current="policies", status=status, said=said,
        is_owner=seen.staff.role is Role.OWNER, **values,
    )  # fmt: skip


async def show_version(
    seen: Visit, here: Opened, template: str, *, tab: str, status: int = 200, **values: Any
) -> Response[str]:
    """Return a page about one version, with its tabs; of a growing form only the part that a script asks for."""
    part = seen.request.headers.get(PART, "")
    if part in ("form", "told"):
        return seen.desk.pages.render(
            f"dashboard/policy/{template}_part.html", reader=seen.reader, status=status, csrf=seen.staff.csrf, part=part,
            here=here, **values,
        )  # fmt: skip
    return await show(seen, template, status=status, here=here, tabs=tabs(here, seen.reader, tab), **values)


def tabs(here: Opened, reader: Reader, current: str) -> list[tuple[str, str, None, bool]]:
    """Return the pages of a version as (label, address, count, is it this one)."""
    found = [(reader.say("Rules"), here.url, "rules")]
    if here.is_draft:
        found += [
            (reader.say("Otherwise"), f"{here.url}/otherwise", "otherwise"),
            (reader.say("Zones and days"), f"{here.url}/calendar", "calendar"),
        ]
    found += [
        (reader.say("Conflicts"), f"{here.url}/conflicts", "conflicts"),
        (reader.say("Compare"), f"{here.url}/compare", "compare"),
        (reader.say("Simulate"), f"{here.url}/simulate", "simulate"),
    ]
    return [(label, url, None, name == current) for label, url, name in found]


def back_to(here: Opened, said: str, *, trial: Mapping[str, str] | None = None, at: str = "") -> Response[Any]:
    """Return the redirect to a version after a form was accepted; `trial` is what it is tried on."""
    return see(f"{here.url}?{urlencode({'said': said, **(trial or {})})}{at}")


def overtaken(here: Opened, reader: Reader) -> str:
    """Return who saved the draft meanwhile, as a sentence."""
    return reader.say(
        "%(who)s saved this draft %(when)s. Your change was not saved.",
        who=here.who(here.version.changed_by), when=reader.ago(here.version.changed_at),
    )  # fmt: skip


def as_file(document: object) -> bytes:
    """Return a document as people read and keep it: indented JSON."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
