"""Settings of payments: the switch that stops them, who approves large ones, how much may leave in which time."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.breaker import MINUTES_MOST, Limits
from retour.core.errors import Refused
from retour.core.money import Money
from retour.core.second import Second, SecondRule
from retour.doors.dashboard import guard_words
from retour.doors.dashboard.desk import Desk, Visit
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import OWNER, back_to, show, store_of
from retour.doors.dashboard.told import actor_name, word
from retour.flows import guard as flow
from retour.store import account, guard
from retour.store.account import Store
from retour.store.db import Db
from retour.store.desk import page as rows
from retour.store.guard import Guard
from retour.web.forms import Form, FormErrors, read_form, read_money, typed_money
from retour.web.reader import Reader
from retour.web.session import DESK

AREA: Final = "payments"
_AMOUNTS: Final = ("second_above", "window_amount", "day_amount")
_WHOLE: Final = {"window_minutes": (1, MINUTES_MOST), "window_refunds": (1, 1_000_000), "norm_times": (2, 100)}


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at = f"/dashboard/settings/{AREA}"
    return [
        page(desk, at, _page),
        form(desk, at, _change, OWNER),
        form(desk, f"{at}/pause", _pause, DESK),
        form(desk, f"{at}/resume", _resume, OWNER),
    ]


async def _page(seen: Visit) -> Response[str]:
    return await _form(seen, None, FormErrors())


async def _form(seen: Visit, sent: Form | None, errors: FormErrors, *, status: int = 200) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        store = await store_of(db, seen)
        whole = await account.get_account(db)
        known = await guard.get(db, store.id)
        names = await rows.names(db)
    shown = _typed(known, store, seen.reader)
    if sent is not None:
        shown = {name: sent.text(name) for name in shown}
    return await show(
        seen, AREA, status=status, store=store, sent=shown, errors=errors, tripped=known.tripped_at is not None,
        all_paused=whole is not None and whole.payments_paused,
        paused_by=actor_name(seen.reader, store.paused_by, names) if store.paused_by else "",
        paused_because=_because(store, known, seen.reader), reason=sent.text("reason") if sent else "",
    )  # fmt: skip


def _because(store: Store, known: Guard, reader: Reader) -> str:
    """Return why payments are paused: a limit in words, or what the person wrote."""
    if known.tripped_at is not None and store.paused_because in guard_words.LIMITS:
        return word(reader, guard_words.LIMITS, store.paused_because)
    return store.paused_because or ""


def _typed(known: Guard, store: Store, reader: Reader) -> dict[str, str]:
    """Return what the form shows as it stands."""

    def money(minor: int | None) -> str:
        return "" if minor is None else typed_money(Money(minor, store.currency), reader)

    def whole(n: int | None) -> str:
        return "" if n is None else str(n)

    second, limits = known.second, known.limits
    return {
        "second_above": money(second.above_minor), "second_overrides": "1" if second.overrides else "",
        "second_by": second.by.value, "window_minutes": str(limits.window_minutes),
        "window_refunds": whole(limits.window_refunds), "window_amount": money(limits.window_minor),
        "day_amount": money(limits.day_minor), "norm_times": whole(limits.norm_times),
    }  # fmt: skip


async def _change(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        store = await store_of(db, seen)
    amounts = {name: _amount(sent, name, store, seen.reader, errors) for name in _AMOUNTS}
    whole = {name: _number(sent, name, seen.reader, errors) for name in _WHOLE}
    if sent.text("second_by") not in tuple(Second):
        errors.add("second_by", seen.reader.say("Choose who"))
    if errors:
        return await _form(seen, sent, errors, status=422)
    second = SecondRule(amounts["second_above"], sent.checked("second_overrides"), Second(sent.text("second_by")))
    limits = Limits(
        whole["window_minutes"] or 1, whole["window_refunds"], amounts["window_amount"], amounts["day_amount"],
        whole["norm_times"],
    )  # fmt: skip

    async def work(db: Db) -> None:
        await flow.change_guard(
            db, store_id=store.id, second=second, limits=limits, actor=seen.staff.actor, now=seen.now
        )

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors.add(refused.field or "second_above", explain(refused, seen.reader))
        return await _form(seen, sent, errors, status=refused.status)
    return back_to(AREA, "saved")


def _amount(sent: Form, name: str, store: Store, reader: Reader, errors: FormErrors) -> int | None:
    text = sent.text(name)
    if not text:
        return None
    try:
        minor = read_money(text, store.currency, reader).minor
    except Refused as no:
        errors.add(name, no.message)
        return None
    if minor == 0 and name != "second_above":
        errors.add(name, reader.say("An amount of nothing would stop every refund. Pause the payments instead."))
    return minor


def _number(sent: Form, name: str, reader: Reader, errors: FormErrors) -> int | None:
    least, most = _WHOLE[name]
    if not sent.text(name):
        return None
    found = sent.whole(name)
    if found is None or not least <= found <= most:
        errors.add(
            name,
            reader.say(
                "Enter a number from %(least)s to %(most)s", least=reader.number(least), most=reader.number(most)
            ),
        )
    return found


async def _pause(seen: Visit) -> Response[Any]:
    return await _switch(seen, paused=True)


async def _resume(seen: Visit) -> Response[Any]:
    return await _switch(seen, paused=False)


async def _switch(seen: Visit, *, paused: bool) -> Response[Any]:
    sent, errors, staff = await read_form(seen.request, token=seen.staff.csrf), FormErrors(), seen.staff
    change = flow.pause_payments if paused else flow.resume_payments

    async def work(db: Db) -> None:
        store = await store_of(db, seen)
        await change(
            db, tenant_id=staff.tenant_id, store_id=store.id, actor=staff.actor, now=seen.now, reason=sent.text("reason")
        )  # fmt: skip

    try:
        await seen.desk.database.run(staff.tenant_id, work)
    except Refused as refused:
        said: Mapping[str, str] = {"reason_missing": seen.reader.say("Say why payments may go on")}
        errors.add("reason", said.get(refused.code) or explain(refused, seen.reader))
        return await _form(seen, None, errors, status=refused.status)
    return back_to(AREA, "paused" if paused else "resumed")
