"""What every page of the portal stands on: the store behind the handle, the browser's visit, the reader, the frame."""

import hashlib
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.exceptions import NotFoundException

from retour.core.brand import DEFAULT
from retour.core.visit import IDLE, VISIT_LIFE, VisitState
from retour.store import look as looks
from retour.store import visit as visits
from retour.store.db import Database, Db
from retour.store.look import Portal
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from retour.store.visit import Visit
from retour.web import csrf
from retour.web.forms import Form, read_form
from retour.web.frames import PortalFrame
from retour.web.pages import Pages
from retour.web.reader import Reader

AnyRequest = Request[Any, Any, Any]
COOKIE: Final = "retour_visit"
TOKEN_BYTES: Final = 32
KNOWN_S: Final = 5.0  # how long a handle is believed to belong to its store
KNOWN_MOST: Final = 1_000
FORM_LIMIT: Final = 64 * 1024  # bytes
_HANDLE: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class Elsewhere(Exception):  # noqa: N818 - a way, not an error
    """The page at hand is not the shopper's next one; `path` below the portal's address is."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def new_token() -> str:
    """Return what a browser will hold: 256 random bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def sha256(token: str) -> bytes:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


@dataclass(frozen=True, slots=True)
class Here:
    """One request to a portal: whose it is, who reads, which visit it belongs to, and the open transaction."""

    desk: "Desk"
    db: Db
    portal: Portal
    reader: Reader
    token: str
    is_new_token: bool
    visit: Visit | None
    address: str
    now: datetime

    @property
    def base(self) -> str:
        """Return the address of the portal's first page."""
        return f"/returns/{self.portal.look.handle}"

    @property
    def tenant_id(self) -> UUID:
        """Return the tenant of the store."""
        return self.portal.tenant_id

    @property
    def store_id(self) -> UUID:
        """Return the store."""
        return self.portal.look.store_id

    @property
    def proven(self) -> "Proven":
        """Return the proof of the visit; raise Elsewhere where there is none, or one that lay idle for too long."""
        visit = self.visit
        if visit is None or visit.state is not VisitState.PROVEN:
            raise Elsewhere("")
        if self.now - visit.seen_at > IDLE:
            raise Elsewhere("?again=1")
        assert visit.order_id is not None, "a proven visit has its order"
        assert visit.person_id is not None, "a proven visit has its person"
        return Proven(visit, visit.order_id, visit.person_id)

    def page(
        self, template: str, *, status: int = 200, headers: dict[str, str] | None = None, **values: Any
    ) -> Response[str]:
        """Return a page in the frame of the store."""
        return self.keep(
            self.desk.pages.render(
                f"portal/{template}.html", reader=self.reader, status=status, csrf=csrf.token_of(self.token),
                headers=headers, frame=self.frame(), base=self.base, look=self.portal.look, **values,
            )
        )  # fmt: skip

    def frame(self) -> PortalFrame:
        """Return the store around the page."""
        look = self.portal.look
        logo = f"{self.base}/logo-{int(self.portal.changed_at.timestamp())}" if self.portal.has_logo else None
        return PortalFrame(
            shop_name=look.name,
            home_url=self.base,
            brand_hex=look.brand_hex or DEFAULT,
            logo_url=logo,
            help_url=self.help_url,
            legal_links=[(self.reader.say("Withdraw from contract here"), f"{self.base}/withdraw")]
            if look.withdrawal_link
            else [],
        )

    @property
    def help_url(self) -> str | None:
        """Return where the shop answers questions, or nothing if it named no place."""
        look = self.portal.look
        return look.contact_url or (f"mailto:{look.contact_email}" if look.contact_email else None)

    def keep(self, response: Response[Any]) -> Response[Any]:
        """Let the browser keep its token with the answer, if it is a new one."""
        if self.is_new_token:
            response.cookies.append(self.desk.cookie(self.portal.look.handle, self.token))
        return response


@dataclass(frozen=True, slots=True)
class Proven:
    """A visit that may see its order."""

    visit: Visit
    order_id: UUID
    person_id: UUID

    @property
    def gift(self) -> bool:
        """Return whether the visit is of whoever got the order as a gift."""
        return self.visit.gift

    @property
    def receiver_id(self) -> UUID | None:
        """Return who got the gift, or nothing where the visit is the shopper's own."""
        return self.person_id if self.visit.gift else None

    @property
    def receivers(self) -> list[UUID] | None:
        """Return as whom a receiver of a gift may see returns, or nothing where the visit is the shopper's own."""
        return [self.person_id, *(self.visit.also or ())] if self.gift else None

    def may_see(self, row: Mapping[str, Any]) -> bool:
        """Return whether a return (`row` of its view) is this visit's: a gift is seen by its receiver alone."""
        mine = self.receivers is None or row["person_id"] in self.receivers
        return row["order_id"] == self.order_id and row["gift"] == self.gift and mine

    @property
    def actor(self) -> str:
        """Return how events name the shopper."""
        return f"shopper:{self.person_id}"


class Desk:
    """Opens requests to portals; one per process, and it holds nothing but what can be read again."""

    def __init__(
        self, database: Database, vault: Vault, pages: Pages, policies: PolicyCache, *, clock: Callable[[], datetime],
        public_url: str,
    ) -> None:  # fmt: skip
        self.database, self.vault, self.pages, self.policies = database, vault, pages, policies
        self.clock, self.public_url = clock, public_url
        self._secure = public_url.startswith("https://")
        self._known: dict[str, tuple[UUID, UUID, float]] = {}

    def cookie_name(self, handle: str) -> str:
        """Return the name of the browser's cookie for one portal."""
        return f"{'__Host-' if self._secure else ''}{COOKIE}-{handle}"

    def cookie(self, handle: str, token: str) -> Cookie:
        """Return the cookie that holds a browser's token."""
        return Cookie(
            key=self.cookie_name(handle), value=token, path="/", max_age=int(VISIT_LIFE.total_seconds()), httponly=True,
            secure=self._secure, samesite="lax",
        )  # fmt: skip

    def token_of(self, request: AnyRequest, handle: str) -> str | None:
        """Return the token that the browser holds for a portal, or nothing."""
        token = request.cookies.get(self.cookie_name(handle), "")
        return token if _TOKEN.fullmatch(token) else None

    async def form(self, request: AnyRequest, handle: str, limit: int = FORM_LIMIT) -> Form:
        """Return the form of a POST of at most `limit` bytes.

        Raise ProblemError 403 for one that is not of this browser and portal.
        """
        token = self.token_of(request, handle)
        return await read_form(request, limit, token=csrf.token_of(token) if token else "")

    @asynccontextmanager
    async def here(self, request: AnyRequest, handle: str) -> AsyncIterator[Here]:
        """Open the portal of a handle for one request, in one transaction; raise NotFoundException for none."""
        tenant_id, store_id = await self._route(handle)
        held, now = self.token_of(request, handle), self.clock()
        async with self.database.tx(tenant_id) as db:
            portal = await looks.portal(db, tenant_id=tenant_id, store_id=store_id)
            if portal is None or portal.look.handle != handle:
                self._known.pop(handle, None)
                raise NotFoundException
            reader = self.pages.reader(
                request, now=now, timezone=portal.timezone, default_language=portal.look.default_language
            )
            visit = await visits.find(db, sha256(held), store_id=store_id, at=now) if held else None
            if visit is not None:
                await visits.seen(db, visit.id, at=now)
            address = request.client.host if request.client else ""
            yield Here(self, db, portal, reader, held or new_token(), held is None, visit, address, now)

    async def _route(self, handle: str) -> tuple[UUID, UUID]:
        known = self._known.get(handle)
        if known is not None and time.monotonic() - known[2] < KNOWN_S:
            return known[0], known[1]
        if not _HANDLE.fullmatch(handle):
            raise NotFoundException
        async with self.database.tx(None) as db:
            found = await looks.route(db, handle)
        if found is None:
            raise NotFoundException
        if len(self._known) >= KNOWN_MOST:
            self._known.clear()
        self._known[handle] = (*found, time.monotonic())
        return found
