"""Settings of connections: how each one is, what it may do, its last calls; check, connect, connect again, disconnect."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.effect import EffectKind, EffectState
from retour.core.errors import Refused
from retour.core.platforms import FEED, MAILBOX
from retour.doors.dashboard.connecting import connect_sandbox, connect_shopify, read_shopify
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.installation import Installation
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.set_up import SYNC_DAYS
from retour.doors.dashboard.settings.area import OWNER, back_to, show, store_id_of
from retour.flows import connection as flow
from retour.flows import order as order_flow
from retour.store import account, connection
from retour.store.connection import Connection
from retour.store.db import Db
from retour.store.desk import board, upkeep
from retour.web.forms import Form, FormErrors, read_form
from retour.web.session import DESK

AREA: Final = "connections"
LATE_AFTER: Final = timedelta(minutes=15)


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


KINDS: Final[Mapping[EffectKind, str]] = {
    EffectKind.REQUEST_RETURN: _("Request a return"),
    EffectKind.APPROVE_RETURN: _("Approve the return"),
    EffectKind.DECLINE_RETURN: _("Decline the return"),
    EffectKind.OPEN_RETURN: _("Open the return"),
    EffectKind.CANCEL_RETURN: _("Cancel the return"),
    EffectKind.CLOSE_RETURN: _("Close the return"),
    EffectKind.REMOVE_FROM_RETURN: _("Take units out of the return"),
    EffectKind.PROCESS_RETURN: _("Confirm what arrived"),
    EffectKind.REFUND_TENDER: _("Refund"),
    EffectKind.RESTOCK: _("Restock"),
    EffectKind.TAG: _("Tag"),
    EffectKind.UNTAG: _("Remove a tag"),
    EffectKind.NOTE: _("Write a note"),
    EffectKind.PUSH_RETURN: _("Take a return"),
}
STATES: Final[Mapping[EffectState, str]] = {
    EffectState.INTENT: _("to be sent"),
    EffectState.SENDING: _("being sent"),
    EffectState.PENDING: _("accepted, not final"),
    EffectState.CONFIRMED: _("done"),
    EffectState.FAILED: _("refused"),
    EffectState.UNKNOWN: _("not known yet"),
    EffectState.CANCELLED: _("withdrawn"),
}
_MISSING: Final = "connection_not_found"
_RETURNS: Final = frozenset({EffectKind.OPEN_RETURN, EffectKind.REQUEST_RETURN})


def route_handlers(desk: Desk, here: Installation) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at, one = f"/dashboard/settings/{AREA}", f"/dashboard/settings/{AREA}/{{connection_id:str}}"

    async def new_page(seen: Visit) -> Response[Any]:
        return await _new_form(seen, here, Form({}), FormErrors())

    async def connect(seen: Visit) -> Response[Any]:
        return await _connect(seen, here)

    async def one_page(seen: Visit) -> Response[Any]:
        return await _one(seen, here, FormErrors())

    async def reconnect(seen: Visit) -> Response[Any]:
        return await _reconnect(seen, here)

    return [
        page(desk, at, _page),
        page(desk, f"{at}/new", new_page, OWNER),
        form(desk, f"{at}/new", connect, OWNER),
        page(desk, one, one_page),
        form(desk, f"{one}/check", _check, DESK),
        form(desk, f"{one}/reconnect", reconnect, OWNER),
        page(desk, f"{one}/disconnect", _disconnect_page, OWNER),
        form(desk, f"{one}/disconnect", _disconnect, OWNER),
    ]


async def _page(seen: Visit) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        healths = await board.health(db, None, late_before=seen.now - LATE_AFTER)
        found = [one for one in await connection.connections(db) if one.platform not in (FEED, MAILBOX)]
        stores = {store.id: store.shop_name for store in await account.stores(db)}
    by_id = {health.id: health for health in healths}
    return await show(seen, AREA, found=found, health=by_id, stores=stores)


async def _new_form(
    seen: Visit, here: Installation, sent: Form, errors: FormErrors, *, status: int = 200
) -> Response[str]:
    kind = sent.text("kind") or "shopify"
    return await show(
        seen, AREA, template="connection_new", status=status, sent=sent, errors=errors, kind=kind,
        sandbox_url=here.sandbox_url,
    )  # fmt: skip


async def _connect(seen: Visit, here: Installation) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    store_id, since = await store_id_of(seen), seen.now - timedelta(days=SYNC_DAYS)
    try:
        if sent.text("kind") == "sandbox":
            added = await connect_sandbox(seen, here, store_id=store_id, since=since)
        else:
            shop = read_shopify(sent, errors, seen.reader)
            if shop is None:
                return await _new_form(seen, here, sent, errors, status=422)
            added = await connect_shopify(seen, here, shop, store_id=store_id, since=since)
    except Refused as refused:
        errors.add("domain", explain(refused, seen.reader))
        return await _new_form(seen, here, sent, errors, status=refused.status)
    return back_to(f"{AREA}/{added}", "connected")


async def _own(db: Db, seen: Visit) -> Connection:
    found = await connection.get(db, uuid_of(seen.request.path_params["connection_id"], _MISSING))
    if found is None or found.platform in (FEED, MAILBOX):
        raise Refused(_MISSING, "there is no such connection")
    return found


async def _one(seen: Visit, here: Installation, errors: FormErrors, *, status: int = 200) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found = await _own(db, seen)
        healths = await board.health(db, None, late_before=seen.now - LATE_AFTER)
        calls = await upkeep.calls(db, found.id)
        sync = await upkeep.sync_state(db, found.id)
        store = await account.get_store(db, found.store_id)
    return await show(
        seen, AREA, template="connection", status=status, found=found, calls=calls, sync=sync, store=store,
        health=next((health for health in healths if health.id == found.id), None), errors=errors,
        hook_url=here.hook_url(found.platform, found.id), rights=_rights(found, here, seen),
        kinds={kind.value: seen.reader.say(text) for kind, text in KINDS.items()},
        states={state.value: seen.reader.say(text) for state, text in STATES.items()},
    )  # fmt: skip


def _rights(found: Connection, here: Installation, seen: Visit) -> list[str]:
    """Return in words what Retour does through a connection, and which process holds the credential for it."""
    say, able = seen.reader.say, here.platforms.get(found.platform, frozenset())
    told = []
    if found.platform == "carrier":
        told.append(say("It tells where parcels are. Nothing is called there."))
    else:
        told.append(
            say("Reads orders, in the process that reads; it cannot write.")
            if found.sealed_read
            else say("Reads orders, in the process that moves money, because there is no token that may only read.")
        )
    if able & _RETURNS:
        told.append(say("Opens, answers and closes returns there."))
    if EffectKind.REFUND_TENDER in able:
        told.append(say("Refunds payments there, each once, after comparing amounts."))
    if EffectKind.RESTOCK in able:
        told.append(say("Adds inspected units to the stock there."))
    if EffectKind.TAG in able:
        told.append(say("Tags orders and writes notes."))
    if found.sealed_webhook_secrets:
        told.append(say("Is told by signed messages what changes there."))
    elif found.platform != "carrier":
        told.append(say("Asks every few minutes what changed there."))
    return told


async def _check(seen: Visit) -> Response[Any]:
    async def work(db: Db) -> UUID:
        found = await _own(db, seen)
        if found.state != "connected":
            raise Refused("move_not_allowed", "the connection is not connected")
        await order_flow.start_sync(db, connection_id=found.id, since=seen.now, at=seen.now)
        return found.id

    return back_to(f"{AREA}/{await seen.desk.database.run(seen.staff.tenant_id, work)}", "asked")


async def _reconnect(seen: Visit, here: Installation) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    write, read, secret = sent.text("write"), sent.text("read"), sent.text("webhook_secret")
    if not (write or read or secret):
        errors.add("write", seen.reader.say("Enter what is to be replaced"))
        return await _one(seen, here, errors, status=422)

    async def work(db: Db) -> UUID:
        found = await _own(db, seen)
        await flow.reseal(
            db, seen.desk.vault, tenant_id=seen.staff.tenant_id, connection_id=found.id,
            write={"token": write} if write else None, read={"token": read} if read else None,
            webhook_secrets=[secret.encode()] if secret else None, actor=seen.staff.actor, now=seen.now,
        )  # fmt: skip
        if found.platform != "carrier":
            await order_flow.start_sync(db, connection_id=found.id, since=seen.now, at=seen.now)
        return found.id

    return back_to(f"{AREA}/{await seen.desk.database.run(seen.staff.tenant_id, work)}", "reconnected")


async def _disconnect_page(seen: Visit) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found = await _own(db, seen)
    return await show(seen, AREA, template="disconnect", found=found)


async def _disconnect(seen: Visit) -> Response[Any]:
    async def work(db: Db) -> UUID:
        found = await _own(db, seen)
        await flow.disconnect(db, connection_id=found.id, actor=seen.staff.actor, now=seen.now)
        return found.id

    return back_to(f"{AREA}/{await seen.desk.database.run(seen.staff.tenant_id, work)}", "disconnected")
