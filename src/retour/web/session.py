"""Who of the staff is signed in: the cookie, the guard of every page and form of theirs, and what it found."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler
from litestar.types import ExceptionHandlersMap

from retour.core.account import Role
from retour.core.sign_in import IDLE, LONGEST, token_sha256
from retour.flows.session import SignedIn
from retour.store import session
from retour.store.db import Database
from retour.store.session import LiveSession
from retour.web import csrf
from retour.web.problem import ProblemError

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
SIGN_IN: Final = "/sign-in"
DESK: Final = (Role.OWNER, Role.AGENT)
EVERYBODY: Final = tuple(Role)
FORM_COOKIE: Final = "retour_form"
DEVICE_COOKIE: Final = "retour_device"
DEVICE_LIVES: Final = timedelta(days=365)
_TOUCH_EVERY: Final = timedelta(minutes=1)
_ROUTES_MOST: Final = 10_000
_FOUND: Final = "retour_staff"

Guard = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of the staff who is signed in; `store_id` None means all stores of the account.

    `timezone` is that of the store, or of the account's first one.
    """

    tenant_id: UUID
    session_id: UUID
    staff_id: UUID
    name: str
    email: str
    role: Role
    language: str | None
    timezone: str
    stores: tuple[tuple[UUID, str], ...]
    store_id: UUID | None
    csrf: str = field(repr=False)

    @property
    def actor(self) -> str:
        """Return how events name them."""
        return f"staff:{self.staff_id}"

    @property
    def store_name(self) -> str | None:
        """Return the name of the store that is looked at; nothing means all of them."""
        return next((name for store_id, name in self.stores if store_id == self.store_id), None)

    @property
    def initials(self) -> str:
        """Return one or two letters for the avatar."""
        words = self.name.split()
        return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


class SignInNeeded(Exception):  # noqa: N818 - an answer of the house: go and sign in, then come back
    """Nobody is signed in; `come_back` is where the page was."""

    def __init__(self, come_back: str | None = None) -> None:
        super().__init__("nobody is signed in")
        self.come_back = come_back

    @property
    def location(self) -> str:
        """Return the address of the sign-in page that leads back."""
        return f"{SIGN_IN}?next={quote(self.come_back)}" if self.come_back else SIGN_IN


class Sessions:
    """Knows who is signed in; one per process. Which account a token belongs to never changes and is remembered."""

    def __init__(self, database: Database, clock: Callable[[], datetime], *, https: bool) -> None:
        self._database, self._clock, self.https = database, clock, https
        self._tenants: OrderedDict[bytes, UUID] = OrderedDict()

    @property
    def cookie_name(self) -> str:
        """Return the name of the cookie; over https no other host and no subdomain can set it."""
        return "__Host-retour_session" if self.https else "retour_session"

    async def staff_of(self, request: ASGIConnection[Any, Any, Any, Any]) -> Staff:
        """Return who is signed in; raise SignInNeeded."""
        token = self.token_of(request)
        live = await self._read(token) if token else None
        if token is None or live is None:
            raise SignInNeeded(_page(request))
        tenant_id, found = live
        return Staff(
            tenant_id=tenant_id, session_id=found.session_id, staff_id=found.staff_id, name=found.name,
            email=found.email, role=found.role, language=found.language, timezone=found.timezone, stores=found.stores,
            store_id=found.store_id, csrf=csrf.token_of(token),
        )  # fmt: skip

    def require(self, *roles: Role) -> Guard:
        """Return the guard of handlers for some roles (none named: everybody of the staff).

        It refuses a foreign origin, nobody signed in, another role, and a form without the session's token, in this
        order; `signed_in(request)` then tells the handler who it is.
        """
        allowed = frozenset(roles or EVERYBODY)

        async def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
            assert isinstance(connection, Request)
            if connection.method not in SAFE:
                csrf.refuse_foreign(connection)
            staff = await self.staff_of(connection)
            if staff.role not in allowed:
                raise ProblemError(403, "forbidden", "Your role may not do this. Ask an owner of the account.")
            if connection.method not in SAFE:
                csrf.check_token(await sent_token(connection), staff.csrf)
            connection.state[_FOUND] = staff

        return guard

    def token_of(self, request: ASGIConnection[Any, Any, Any, Any]) -> str | None:
        """Return the token that the browser sent, which may be nobody's."""
        token = request.cookies.get(self.cookie_name)
        return token if token and len(token) <= 100 else None

    def let_in(self, response: Response[Any], opened: SignedIn) -> None:
        """Give the browser its session, and what it is known by when it signs in again."""
        response.set_cookie(self._cookie(self.cookie_name, opened.token, LONGEST))
        if opened.device:
            response.set_cookie(self._cookie(DEVICE_COOKIE, opened.device, DEVICE_LIVES, path=SIGN_IN))

    def let_out(self, response: Response[Any]) -> None:
        """Take the session from the browser."""
        response.set_cookie(self._cookie(self.cookie_name, "", timedelta(0)))

    def form_secret(self, request: ASGIConnection[Any, Any, Any, Any]) -> str | None:
        """Return the secret of a browser in which nobody is signed in, from the cookie that came with its form."""
        secret = request.cookies.get(FORM_COOKIE)
        return secret if secret and 32 <= len(secret) <= 100 else None

    def keep_form(self, response: Response[Any], secret: str) -> None:
        """Give a browser in which nobody is signed in the secret that its forms are bound to."""
        response.set_cookie(self._cookie(FORM_COOKIE, secret, timedelta(hours=12)))

    def _cookie(self, name: str, value: str, lives: timedelta, *, path: str = "/") -> Cookie:
        return Cookie(
            key=name, value=value, path=path, httponly=True, secure=self.https, samesite="lax",
            max_age=int(lives.total_seconds()),
        )  # fmt: skip

    async def _read(self, token: str) -> tuple[UUID, LiveSession] | None:
        digest, now = token_sha256(token), self._clock()
        tenant_id = await self._tenant(digest)
        if tenant_id is None:
            return None
        async with self._database.tx(tenant_id) as db:
            live = await session.read(db, digest, idle=IDLE, now=now)
            if live is not None and now - live.seen_at >= _TOUCH_EVERY:
                await session.touch(db, live.session_id, at=now)
        return None if live is None else (tenant_id, live)

    async def _tenant(self, digest: bytes) -> UUID | None:
        known = self._tenants.get(digest)
        if known is not None:
            return known
        async with self._database.tx(None) as db:
            found = await session.route(db, digest)
        if found is not None:
            self._tenants[digest] = found
            if len(self._tenants) > _ROUTES_MOST:
                self._tenants.popitem(last=False)
        return found


def sign_in_handlers() -> ExceptionHandlersMap:
    """Return what leads somebody who is not signed in to the sign-in, and back afterwards."""

    def lead(_: Request[Any, Any, Any], error: SignInNeeded) -> Response[bytes]:
        return Response(b"", status_code=303, headers={"Location": error.location, "Cache-Control": "no-store"})

    return {SignInNeeded: lead}


def signed_in(request: ASGIConnection[Any, Any, Any, Any]) -> Staff:
    """Return who the guard of this handler found."""
    found: Staff = request.state[_FOUND]
    return found


async def sent_token(request: Request[Any, Any, Any]) -> str:
    """Return the token that a form carries, or the header X-CSRF-Token of our script; "" for none.

    The body is kept by the request, so that the handler reads the form again.
    """
    header = request.headers.get("x-csrf-token")
    if header is not None:
        return header
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return ""
    try:
        value = (await request.form()).get(csrf.FIELD)
    except (HTTPException, ValueError):
        return ""
    return value if isinstance(value, str) else ""


def _page(request: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """Return the address of the page to come back to: only what a GET asked for, and only our own."""
    if request.scope.get("method") != "GET":
        return None
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")


def safe_next(text: str | None) -> str | None:
    """Return an address within this site, or nothing: never one that leads elsewhere."""
    if not text or len(text) > 2000 or not text.startswith("/") or text.startswith("//") or "\\" in text:
        return None
    return text if text.isprintable() and text.isascii() else None
