"""Signing in and out, the link that sets a password, and the choice of the store that is looked at."""

import secrets
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from retour.core.account import Role
from retour.core.errors import Refused
from retour.core.sign_in import token_sha256
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.installation import Installation
from retour.doors.dashboard.route import form
from retour.flows import account as account_flow
from retour.flows import session as flow
from retour.flows.session import Knock
from retour.store import account, session
from retour.store.password import hash_password
from retour.web import csrf
from retour.web.forms import Form, FormErrors, read_form
from retour.web.pages import see
from retour.web.reader import LANGUAGE_COOKIE
from retour.web.session import (
    DEVICE_COOKIE,
    EVERYBODY,
    SIGN_IN,
    SignInNeeded,
    Staff,
    safe_next,
)

AnyRequest = Request[Any, Any, Any]
LANGUAGE_S: Final = 365 * 24 * 3600
_TOO_MANY: Final = 429


def home_of(role: Role) -> str:
    """Return where somebody of a role starts."""
    return "/warehouse" if role is Role.WAREHOUSE else "/dashboard"


def route_handlers(desk: Desk, here: Installation) -> list[HTTPRouteHandler]:
    """Return the handlers of /, /sign-in, /sign-out, /password/{token} and the choice of a store."""
    return [
        *_anonymous(desk, here),
        *_password_handlers(desk),
        form(desk, "/sign-out", _sign_out, EVERYBODY),
        form(desk, "/dashboard/store", _choose_store, EVERYBODY),
    ]


def _anonymous(desk: Desk, here: Installation) -> list[HTTPRouteHandler]:
    @get("/", include_in_schema=False)
    async def start(request: AnyRequest) -> Response[Any]:
        """Lead to where the reader works, or to the sign-in."""
        staff = await staff_or_none(desk, request)
        return see(home_of(staff.role) if staff else SIGN_IN)

    @get(SIGN_IN, include_in_schema=False)
    async def sign_in_page(request: AnyRequest) -> Response[Any]:
        """Ask who it is; an installation without an account is set up first."""
        staff = await staff_or_none(desk, request)
        if staff is not None:
            return see(safe_next(request.query_params.get("next")) or home_of(staff.role))
        async with desk.database.tx(None) as db:
            if not await account.has_accounts(db):
                return see("/set-up")
        return sign_in_form(desk, request, Form({"next": [request.query_params.get("next", "")]}))

    @post(SIGN_IN, include_in_schema=False, status_code=200)
    async def sign_in(request: AnyRequest) -> Response[Any]:
        """Let somebody in, or say the one thing that is said of every wrong try."""
        sent = await read_anonymous(desk, request)
        knock = Knock(
            email=sent.text("email")[:320], password=_password(sent), address=_address(request),
            user_agent=request.headers.get("user-agent", ""), device=request.cookies.get(DEVICE_COOKIE),
            old_token=desk.sessions.token_of(request),
        )  # fmt: skip
        try:
            opened = await here.sign_in(knock)
        except Refused as refused:
            return sign_in_form(desk, request, sent, refused)
        async with desk.database.tx(opened.tenant_id) as db:
            member = await account.lock_staff(db, opened.staff_id)
        assert member is not None
        answer = see(safe_next(sent.text("next")) or home_of(member.role))
        desk.sessions.let_in(answer, opened)
        if opened.language:
            answer.set_cookie(
                key=LANGUAGE_COOKIE, value=opened.language, path="/", max_age=LANGUAGE_S, samesite="lax", httponly=True
            )
        return answer

    return [start, sign_in_page, sign_in]


def _password_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    @get("/password/{token:str}", include_in_schema=False)
    async def password_page(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
        """Ask somebody who holds a link for a new password; refuses link_not_found."""
        tenant_id = await _tenant_of_link(desk, token)
        async with desk.database.tx(tenant_id) as db:
            link = await session.open_link(db, token_sha256(token), now=desk.clock())
        if link is None:
            raise _spent()
        return anonymous_page(desk, request, "dashboard/password.html", errors=FormErrors(), email=link.email)

    @post("/password/{token:str}", include_in_schema=False, status_code=200)
    async def set_password(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
        """Set the password of whom the link was made for, once."""
        sent = await read_anonymous(desk, request)
        tenant_id = await _tenant_of_link(desk, token)
        errors = FormErrors()
        try:
            plain = account_flow.check_new_password(_password(sent))
        except Refused:
            reader = desk.pages.reader(request, now=desk.clock())
            errors.add("password", reader.say("Choose a password of 12 characters or more"))
            return anonymous_page(
                desk, request, "dashboard/password.html", status=422, errors=errors, email=sent.text("email")
            )
        hashed = await hash_password(plain)

        async def work(db: Any) -> UUID:
            return await account_flow.use_password_link(db, token=token, password_hash=hashed, now=desk.clock())

        await desk.database.run(tenant_id, work)
        return see(f"{SIGN_IN}?said=password")

    return [password_page, set_password]


async def _tenant_of_link(desk: Desk, token: str) -> UUID:
    async with desk.database.tx(None) as db:
        tenant_id = await session.route_link(db, token_sha256(token))
    if tenant_id is None:
        raise _spent()
    return tenant_id


def _spent() -> Refused:
    return Refused("link_not_found", "this link was used or is too old")


async def _sign_out(seen: Visit) -> Response[Any]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        await flow.sign_out(db, staff_id=seen.staff.staff_id, session_id=seen.staff.session_id, now=seen.now)
    answer = see(f"{SIGN_IN}?said=out")
    seen.desk.sessions.let_out(answer)
    return answer


async def _choose_store(seen: Visit) -> Response[Any]:
    sent = await read_form(seen.request, token=seen.staff.csrf)
    wanted = sent.text("store")
    store_id = uuid_of(wanted, "store_not_found") if wanted else None
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        await flow.choose_store(db, session_id=seen.staff.session_id, store_id=store_id)
    return see(safe_next(sent.text("next")) or home_of(seen.staff.role))


async def staff_or_none(desk: Desk, request: AnyRequest) -> Staff | None:
    """Return who is signed in, or nothing."""
    try:
        return await desk.sessions.staff_of(request)
    except SignInNeeded:
        return None


async def read_anonymous(desk: Desk, request: AnyRequest) -> Form:
    """Return a form of a browser in which nobody is signed in, after checking that it is ours; raise 403."""
    secret = desk.sessions.form_secret(request)
    return await read_form(request, token=csrf.token_of(secret) if secret else "")


def anonymous_page(
    desk: Desk, request: AnyRequest, template: str, *, status: int = 200, headers: dict[str, str] | None = None,
    **values: Any,
) -> Response[str]:  # fmt: skip
    """Return a page for a browser in which nobody is signed in; its forms are bound to a secret of that browser."""
    known = desk.sessions.form_secret(request)
    secret = known or secrets.token_urlsafe(32)
    answer = desk.pages.render(
        template, reader=desk.pages.reader(request, now=desk.clock()), status=status, csrf=csrf.token_of(secret),
        headers=headers, **values,
    )  # fmt: skip
    if known is None:
        desk.sessions.keep_form(answer, secret)
    return answer


def sign_in_form(desk: Desk, request: AnyRequest, sent: Form, refused: Refused | None = None) -> Response[str]:
    """Return the sign-in page, with what was wrong; the password is never sent back."""
    reader, errors, headers, status = desk.pages.reader(request, now=desk.clock()), FormErrors(), {}, 200
    if refused is not None and refused.code == "too_many_tries":
        wait_s = int(str(refused.facts["wait_s"]))
        text = reader.say_plural("Wait %(n)s second, then try again", "Wait %(n)s seconds, then try again", wait_s)
        errors.add("password", text)
        headers, status = {"Retry-After": str(wait_s)}, _TOO_MANY
    elif refused is not None:
        errors.add("email", reader.say("E-mail address and password do not fit together"))
        status = 422
    said = request.query_params.get("said", "")
    return anonymous_page(
        desk, request, "dashboard/sign_in.html", status=status, headers=headers, errors=errors,
        email=sent.text("email"), next=safe_next(sent.text("next")) or "", said=said,
    )  # fmt: skip


def _password(sent: Form) -> str:
    return sent.text("password")


def _address(request: AnyRequest) -> str:
    return request.client.host if request.client else "nowhere"
