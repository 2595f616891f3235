"""Settings of signs of abuse: from which figures on something is one, who is on a list, what a shopper then reads."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.core.fraud import KeyKind, Thresholds
from retour.doors.dashboard import guard_words
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.refusals import explain
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.settings.area import OWNER, back_to, show, store_of
from retour.doors.dashboard.told import actor_name, word
from retour.flows import fraud as flow
from retour.store import fraud
from retour.store.db import Db
from retour.store.desk import page as rows
from retour.web.forms import Form, FormErrors, read_form

AREA: Final = "shoppers"
_WHOLE: Final[Mapping[str, tuple[int, int]]] = {
    "returns": (1, 1_000), "share": (0, 100), "worn": (1, 1_000), "swapped": (1, 1_000), "without_goods": (1, 1_000),
    "others": (1, 1_000), "review_from": (1, 100),
}  # fmt: skip
_LISTS: Final = ("block", "allow")


def route_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the area."""
    at = f"/dashboard/settings/{AREA}"
    return [
        page(desk, at, _page),
        form(desk, at, _change, OWNER),
        form(desk, f"{at}/list", _list, OWNER),
        form(desk, f"{at}/{{entry_id:str}}/remove", _remove, OWNER),
    ]


async def _page(seen: Visit) -> Response[str]:
    return await _form(seen, None, None, FormErrors())


async def _form(
    seen: Visit, sent: Form | None, listed: Form | None, errors: FormErrors, *, status: int = 200
) -> Response[str]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        store = await store_of(db, seen)
        limits, appeal = await fraud.limits(db, store.id)
        known = await fraud.entries(db)
        names = await rows.names(db)
    shown = {
        "returns": str(limits.returns), "share": str(limits.share_bp // 100), "worn": str(limits.worn),
        "swapped": str(limits.swapped), "without_goods": str(limits.without_goods), "others": str(limits.others),
        "review_from": "" if limits.review_from is None else str(limits.review_from), "appeal": appeal or "",
    }  # fmt: skip
    if sent is not None:
        shown = {name: sent.text(name) for name in shown}
    reader = seen.reader
    entries = [
        (e.id, word(reader, guard_words.LISTS, e.list), word(reader, guard_words.KEYS, e.kind), e.hint, e.reason,
         actor_name(reader, e.actor, names), e.at)
        for e in known
    ]  # fmt: skip
    return await show(
        seen, AREA, status=status, store=store, sent=shown, listed=listed or Form({}), errors=errors, entries=entries,
        kinds=[(kind.value, reader.say(guard_words.KEYS[kind.value])) for kind in KeyKind if kind != KeyKind.PERSON],
        lists=[(name, reader.say(guard_words.LISTS[name])) for name in _LISTS],
    )  # fmt: skip


async def _change(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    found: dict[str, int | None] = {}
    for name, (least, most) in _WHOLE.items():
        found[name] = value = sent.whole(name)
        if name == "review_from" and not sent.text(name):
            continue
        if value is None or not least <= value <= most:
            low, high = seen.reader.number(least), seen.reader.number(most)
            errors.add(name, seen.reader.say("Enter a number from %(least)s to %(most)s", least=low, most=high))
    if errors:
        return await _form(seen, sent, None, errors, status=422)
    limits = Thresholds(
        found["returns"] or 1, (found["share"] or 0) * 100, found["worn"] or 1, found["swapped"] or 1,
        found["without_goods"] or 1, found["others"] or 1, found["review_from"],
    )  # fmt: skip

    async def work(db: Db) -> None:
        store = await store_of(db, seen)
        await flow.change_limits(
            db, store_id=store.id, limits=limits, appeal=sent.text("appeal"), actor=seen.staff.actor, now=seen.now
        )

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        errors.add(refused.field or "returns", explain(refused, seen.reader))
        return await _form(seen, sent, None, errors, status=refused.status)
    return back_to(AREA, "saved")


async def _list(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request, token=seen.staff.csrf), FormErrors()
    list_, kind = sent.text("list"), sent.text("kind")
    if list_ not in _LISTS:
        errors.add("list", seen.reader.say("Choose a list"))
    if kind not in tuple(KeyKind):
        errors.add("kind", seen.reader.say("Choose by what"))
    if errors:
        return await _form(seen, None, sent, errors, status=422)

    async def work(db: Db) -> None:
        await flow.list_shopper(
            db, list_="allow" if list_ == "allow" else "block", kind=KeyKind(kind), value=sent.text("value"),
            reason=sent.text("reason"), actor=seen.staff.actor, now=seen.now,
        )  # fmt: skip

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as refused:
        said = guard_words.NOT_LISTED.get(refused.code)
        errors.add(refused.field or "value", seen.reader.say(said) if said else explain(refused, seen.reader))
        return await _form(seen, None, sent, errors, status=refused.status)
    return back_to(AREA, "saved")


async def _remove(seen: Visit) -> Response[Any]:
    entry_id = uuid_of(str(seen.request.path_params["entry_id"]), "entry_not_found")

    async def work(db: Db) -> None:
        await flow.unlist_shopper(db, entry_id=entry_id, actor=seen.staff.actor, now=seen.now)

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return back_to(AREA, "deleted")
