"""The first run: an account, a shop, a policy and a test return, one task a page; each but the first can be skipped."""

import hmac
import zoneinfo
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from retour.core.account import Role
from retour.core.errors import Refused
from retour.core.policy import template
from retour.doors.dashboard.connecting import connect_sandbox, connect_shopify, read_shopify
from retour.doors.dashboard.desk import Desk, Visit
from retour.doors.dashboard.installation import Installation
from retour.doors.dashboard.policy_words import sentences
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.sign_in import anonymous_page, read_anonymous, staff_or_none
from retour.flows import account as account_flow
from retour.flows import look as look_flow
from retour.flows import policy as policy_flow
from retour.flows import session as session_flow
from retour.flows.session import SignedIn
from retour.store import account, connection, policy
from retour.store.account import Store
from retour.store.db import Db
from retour.store.desk import orders
from retour.store.ids import new_id
from retour.store.password import hash_password
from retour.web.forms import Form, FormErrors, read_form
from retour.web.pages import see
from retour.web.session import SIGN_IN

AnyRequest = Request[Any, Any, Any]
OWNER: Final = (Role.OWNER,)
CURRENCIES: Final = ("EUR", "USD", "GBP", "CHF", "AUD", "CAD", "DKK", "JPY", "NOK", "NZD", "PLN", "SEK", "AED", "SAR")
ZONE_OF: Final = {"de": "Europe/Berlin", "ar": "Asia/Riyadh"}
SYNC_DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the set-up of an account is: its first store, and what that store has."""

    store: Store
    shops: int
    policy_version: int | None


def route_handlers(desk: Desk, here: Installation) -> list[HTTPRouteHandler]:
    """Return the handlers of /set-up and its steps."""

    async def shop_page(seen: Visit) -> Response[Any]:
        return await _shop_form(seen, here, Form({}), FormErrors())

    async def connect_shop(seen: Visit) -> Response[Any]:
        return await _connect(seen, here)

    return [
        *_account_handlers(desk, here),
        page(desk, "/set-up/shop", shop_page, OWNER),
        form(desk, "/set-up/shop", connect_shop, OWNER),
        page(desk, "/set-up/policy", _policy_page, OWNER),
        form(desk, "/set-up/policy", _publish, OWNER),
        page(desk, "/set-up/test", _test_page, OWNER),
    ]


def _account_handlers(desk: Desk, here: Installation) -> list[HTTPRouteHandler]:
    @get("/set-up", include_in_schema=False)
    async def account_page(request: AnyRequest) -> Response[Any]:
        """Ask for the first account, of whoever has the code from the console."""
        elsewhere = await _elsewhere(desk, request)
        if elsewhere is not None:
            return elsewhere
        code = request.query_params.get("code", "")
        return _account_form(desk, request, here, Form({"code": [code]}), FormErrors())

    @post("/set-up", include_in_schema=False, status_code=200)
    async def open_account(request: AnyRequest) -> Response[Any]:
        """Open the first account and sign its owner in."""
        sent = await read_anonymous(desk, request)
        elsewhere = await _elsewhere(desk, request)
        if elsewhere is not None:
            return elsewhere
        errors = _wrong_answers(desk, request, here, sent)
        if errors:
            return _account_form(desk, request, here, sent, errors, status=422)
        try:
            opened = await _open(desk, request, sent)
        except Refused as refused:
            reader = desk.pages.reader(request, now=desk.clock())
            errors.add(refused.field or "shop_name", explain(refused, reader))
            return _account_form(desk, request, here, sent, errors, status=refused.status)
        answer = see("/set-up/shop")
        desk.sessions.let_in(answer, opened)
        return answer

    return [account_page, open_account]


async def _elsewhere(desk: Desk, request: AnyRequest) -> Response[Any] | None:
    """Return where to go instead when there is an account already; nothing while there is none."""
    async with desk.database.tx(None) as db:
        if not await account.has_accounts(db):
            return None
    staff = await staff_or_none(desk, request)
    return see("/set-up/shop" if staff and staff.role is Role.OWNER else SIGN_IN)


def _account_form(
    desk: Desk, request: AnyRequest, here: Installation, sent: Form, errors: FormErrors, *, status: int = 200
) -> Response[str]:
    language = desk.pages.reader(request, now=desk.clock()).language
    return anonymous_page(
        desk, request, "dashboard/set_up/account.html", status=status, errors=errors, sent=sent,
        knows_code=_is_code(here, sent.text("code")), zone=ZONE_OF.get(language, "Europe/London"),
        zones=time_zones(), currencies=[(name, name) for name in CURRENCIES],
    )  # fmt: skip


def time_zones() -> list[tuple[str, str]]:
    """Return the time zones of places, as the options of a select."""
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [(name, name.replace("_", " ")) for name in ("UTC", *names)]


def _is_code(here: Installation, given: str) -> bool:
    return hmac.compare_digest(here.set_up_code.encode(), given.lower().replace(" ", "").encode())


def _wrong_answers(desk: Desk, request: AnyRequest, here: Installation, sent: Form) -> FormErrors:
    errors, reader = FormErrors(), desk.pages.reader(request, now=desk.clock())
    if not _is_code(here, sent.text("code")):
        errors.add("code", reader.say("This is not the code that Retour printed when it started"))
    try:
        account_flow.check_new_password(sent.text("password"))
    except Refused as refused:
        errors.add("password", explain(refused, reader))
    return errors


async def _open(desk: Desk, request: AnyRequest, sent: Form) -> SignedIn:
    """Open the account with its store and owner, and a session of theirs, in one transaction."""
    hashed, tenant_id, now = await hash_password(sent.text("password")), new_id(), desk.clock()
    reader = desk.pages.reader(request, now=now)

    async def work(db: Db) -> SignedIn:
        owner = await account_flow.set_up(
            db, tenant_id=tenant_id, shop_name=sent.text("shop_name"), timezone=sent.text("timezone"),
            currency=sent.text("currency"), name=sent.text("name"), email=sent.text("email"), password_hash=hashed,
            language=reader.language, now=now,
        )  # fmt: skip
        agent = request.headers.get("user-agent", "")
        return await session_flow.open_session(db, tenant_id=tenant_id, staff_id=owner.id, user_agent=agent, now=now)

    return await desk.database.run(tenant_id, work)


async def _progress(db: Db, store_id: UUID | None) -> Progress:
    """Return how far the set-up is, of the store that is looked at, else of the account's first."""
    stores = await account.stores(db)
    if not stores:
        raise Refused("store_not_found", "the account has no store")
    store = next((each for each in stores if each.id == store_id), stores[0])
    shops = [
        c
        for c in await connection.connections(db)
        if c.store_id == store.id and c.platform not in ("carrier", "warehouse")
    ]
    context = await policy.context(db, store.id)
    return Progress(store, len(shops), context.policy_version if context else None)


async def _shop_form(
    seen: Visit, here: Installation, sent: Form, errors: FormErrors, *, status: int = 200
) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        progress = await _progress(db, seen.staff.store_id)
    kind = sent.text("kind") or ("sandbox" if here.sandbox_url else "shopify")
    return _step(seen, "shop", 2, status=status, errors=errors, sent=sent, progress=progress, kind=kind, here=here)


async def _connect(seen: Visit, here: Installation) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        store_id = (await _progress(db, seen.staff.store_id)).store.id
    since = seen.now - timedelta(days=SYNC_DAYS)
    try:
        if sent.text("kind") == "sandbox":
            await connect_sandbox(seen, here, store_id=store_id, since=since)
        else:
            shop = read_shopify(sent, errors, seen.reader)
            if shop is None:
                return await _shop_form(seen, here, sent, errors, status=422)
            await connect_shopify(seen, here, shop, store_id=store_id, since=since)
    except Refused as refused:
        errors.add("domain", explain(refused, seen.reader))
        return await _shop_form(seen, here, sent, errors, status=refused.status)
    return see("/set-up/policy")


async def _policy_page(seen: Visit) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        progress = await _progress(db, seen.staff.store_id)
    at_once, by_hand = (
        sentences(template(automatic=automatic), seen.reader, currency=progress.store.currency)
        for automatic in (True, False)
    )
    told = [
        ("automatic", [sentence for sentence in at_once if sentence not in by_hand]),
        ("by_hand", [sentence for sentence in by_hand if sentence not in at_once]),
    ]
    both = [sentence for sentence in at_once if sentence in by_hand]
    return _step(seen, "policy", 3, errors=FormErrors(), progress=progress, told=told, both=both)


async def _publish(seen: Visit) -> Response[Any]:
    sent = await read_form(seen.request, token=seen.staff.csrf)
    document = template(automatic=sent.text("template") == "automatic")

    async def work(db: Db) -> None:
        store_id = (await _progress(db, seen.staff.store_id)).store.id
        await policy_flow.publish(db, store_id=store_id, document=document, actor=seen.staff.actor, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return see("/set-up/test")


async def _test_page(seen: Visit) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        progress = await _progress(db, seen.staff.store_id)
        found = await orders.orders(db, store_id=progress.store.id, text=None)
    order = next((row for row in found.rows if row.person_email and not row.returns), None)

    async def work(db: Db) -> str:
        return (await look_flow.look_of(db, store_id=progress.store.id, now=seen.now)).handle

    handle = await seen.desk.database.run(seen.staff.tenant_id, work)
    return _step(seen, "test", 4, errors=FormErrors(), progress=progress, order=order, portal_url=f"/returns/{handle}")


def _step(seen: Visit, name: str, n: int, *, status: int = 200, **values: Any) -> Response[str]:
    return seen.desk.pages.render(
        f"dashboard/set_up/{name}.html", reader=seen.reader, status=status, csrf=seen.staff.csrf, step=n, **values
    )
