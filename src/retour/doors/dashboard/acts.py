"""What staff do to a return: each act has a page that says what will happen, and a form that makes it so."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.account import Role
from retour.core.errors import Refused
from retour.doors.dashboard import (
    acts_on_address,
    acts_on_attention,
    acts_on_cards,
    acts_on_exchanges,
    acts_on_fees,
    acts_on_goods,
    acts_on_money,
    acts_on_parcels,
    acts_on_repairs,
    acts_on_second,
    acts_on_turns,
    attached,
)
from retour.doors.dashboard.act import Act, Doing, Refusal, explain
from retour.doors.dashboard.asked import PATH
from retour.doors.dashboard.desk import Desk, Visit
from retour.doors.dashboard.one_return import whole_of
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.told import actor_name
from retour.doors.dashboard.whole import Whole, allowed
from retour.flows import rma as flow
from retour.flows.photo import evidence
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.desk.page import last_change
from retour.web.forms import LIMIT_BYTES, Form, FormErrors, read_form
from retour.web.pages import see
from retour.web.reader import Reader
from retour.web.session import DESK, EVERYBODY

OWNER: Final = (Role.OWNER,)
MOST_TEXT: Final = 10_000


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines that a form chose, by the ids that the page offered."""

    chosen: list[Any]


def _chosen(doing: Doing) -> _Lines:
    open_ones = doing.whole.undecided()
    wanted = set(doing.form.texts("line"))
    lines = [line.id for line in open_ones if str(line.id) in wanted]
    if not lines:
        doing.errors.add("line", doing.reader.say("Choose at least one item"))
    return _Lines(lines)


async def _approve(doing: Doing, db: Db) -> None:
    lines = _chosen(doing)
    if not doing.errors:
        await flow.approve(
            db, rma_id=doing.rma_id, actor=doing.actor, now=doing.now, expect_version=doing.version,
            line_ids=lines.chosen,
        )  # fmt: skip


async def _reject(doing: Doing, db: Db) -> None:
    lines, message = _chosen(doing), _text(doing, "message", doing.reader.say("Say why: the shopper reads it"))
    if not doing.errors:
        await flow.reject(
            db, rma_id=doing.rma_id, message=message, actor=doing.actor, now=doing.now, expect_version=doing.version,
            line_ids=lines.chosen,
        )  # fmt: skip


async def _hold(doing: Doing, db: Db) -> None:
    reason = _text(doing, "reason", doing.reader.say("Say why, so that colleagues know when to release it"))
    if not doing.errors:
        await flow.hold(
            db, rma_id=doing.rma_id, reason=reason, actor=doing.actor, now=doing.now, expect_version=doing.version
        )


async def _release(doing: Doing, db: Db) -> None:
    await flow.release(db, rma_id=doing.rma_id, actor=doing.actor, now=doing.now, expect_version=doing.version)


async def _cancel(doing: Doing, db: Db) -> None:
    await flow.cancel(db, rma_id=doing.rma_id, actor=doing.actor, now=doing.now, expect_version=doing.version)


async def _note(doing: Doing, db: Db) -> None:
    body = _text(doing, "body", doing.reader.say("Write something"))
    shown = doing.form.checked("shown")
    if shown and doing.seen.staff.role not in DESK:
        doing.errors.add("shown", doing.reader.say("Only agents and owners write to the shopper"))
    if not doing.errors:
        note_id = await flow.add_note(
            db, rma_id=doing.rma_id, body=body, shown_to_shopper=shown, actor=doing.actor, now=doing.now,
            attached=len(doing.sent),
        )  # fmt: skip
        for one in doing.sent:
            await evidence.keep_with_note(
                db, doing.seen.desk.vault, tenant_id=doing.seen.staff.tenant_id, rma_id=doing.rma_id, note_id=note_id,
                sent=one, actor=doing.actor, now=doing.now,
            )  # fmt: skip


def _text(doing: Doing, name: str, missing: str) -> str:
    text = doing.form.text(name)
    if not text:
        doing.errors.add(name, missing)
    elif len(text) > MOST_TEXT:
        doing.errors.add(name, doing.reader.say("This text is too long"))
    return text


def _items(whole: Whole, _reader: Reader) -> Mapping[str, Any]:
    return {"lines": [(line.id, whole.title(line.line_ref), line.quantity) for line in whole.undecided()]}


def _nothing(_whole: Whole, _reader: Reader) -> Mapping[str, Any]:
    return {}


ACTS: Final[tuple[Act, ...]] = (
    Act("approve", "dashboard/act_approve.html", DESK, _items, _approve),
    Act("reject", "dashboard/act_reject.html", DESK, _items, _reject),
    Act("hold", "dashboard/act_hold.html", DESK, _nothing, _hold),
    Act("release", "dashboard/act_release.html", DESK, _nothing, _release),
    Act("cancel", "dashboard/act_cancel.html", DESK, _nothing, _cancel),
    Act("note", "dashboard/act_note.html", EVERYBODY, _nothing, _note, compares=False, takes_files=True),
    *acts_on_goods.ACTS,
    *acts_on_money.ACTS,
    *acts_on_exchanges.ACTS,
    *acts_on_cards.ACTS,
    *acts_on_fees.ACTS,
    *acts_on_attention.ACTS,
    *acts_on_parcels.ACTS,
    *acts_on_repairs.ACTS,
    *acts_on_turns.ACTS,
    *acts_on_address.ACTS,
    *acts_on_second.ACTS,
)
# Who changed the return while somebody decided; the sentence that the latter reads.
_FASTER: Final[Mapping[str, str]] = {
    "return.approved": _("%(who)s approved this %(when)s. Your change was not saved."),
    "return.rejected": _("%(who)s rejected this %(when)s. Your change was not saved."),
    "return.cancelled": _("%(who)s cancelled this %(when)s. Your change was not saved."),
    "return.held": _("%(who)s put this on hold %(when)s. Your change was not saved."),
    "return.released": _("%(who)s released this %(when)s. Your change was not saved."),
    "return.received": _("%(who)s received this %(when)s. Your change was not saved."),
    "return.info_asked": _("%(who)s asked the shopper something %(when)s. Your change was not saved."),
    "return.expired": _("This expired %(when)s. Your change was not saved."),
    "return.inspected": _("%(who)s inspected this %(when)s. Your change was not saved."),
}
_CHANGED: Final = _("%(who)s changed this %(when)s. Your change was not saved.")


def act_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of every act's page and form."""
    made: list[HTTPRouteHandler] = []
    for act in ACTS:
        at = f"{PATH}/{{number:str}}/{act.name}"
        made += [
            page(desk, at, _asking(act), act.roles),
            form(desk, at, _acting(act), act.roles, most_bytes=_most(act)),
        ]
    return made


def _asking(act: Act) -> Callable[[Visit], Awaitable[Response[Any]]]:
    async def ask(seen: Visit) -> Response[Any]:
        whole = await whole_of(seen)
        if act.name not in allowed(whole, seen.staff.role):
            return await _not_now(seen, whole)
        known = await act.begins(seen, whole) if act.begins is not None else Form({})
        return await _shown(seen, act, whole, known, FormErrors(), asked=True)

    return ask


def _acting(act: Act) -> Callable[[Visit], Awaitable[Response[Any]]]:
    async def do(seen: Visit) -> Response[Any]:
        sent, errors = await read_form(seen.request, _most(act)), FormErrors()
        whole = await whole_of(seen)
        files = await attached.taken(sent, errors, seen.reader) if act.takes_files else ()
        if errors:
            return await _shown(seen, act, whole, sent, errors)
        doing = Doing(seen, whole, sent, errors, files)

        async def work(db: Db) -> None:
            if act.compares:
                await _check_version(doing, db)
            await act.do(doing, db)
            if doing.errors:
                raise Refusal

        try:
            await seen.desk.database.run(seen.staff.tenant_id, work)
        except Refusal:
            return await _shown(seen, act, whole, sent, doing.errors)
        except Refused as no:
            return await _refused(seen, act, whole, sent, doing.errors, no)
        return see(whole.url)

    return do


def _most(act: Act) -> int:
    """Return how many bytes the form of an act may have."""
    return attached.LIMIT_BYTES if act.takes_files else LIMIT_BYTES


async def _check_version(doing: Doing, db: Db) -> None:
    """Lock the return and raise Refused(state_changed) if somebody acted since the page was read."""
    record = await returns.lock(db, doing.rma_id)
    if record is None or record.version != doing.version:
        raise Refused("state_changed", "somebody changed the return since you read it")


async def _shown(
    seen: Visit, act: Act, whole: Whole, sent: Form, errors: FormErrors, *, asked: bool = False, told: str | None = None,
    status: int | None = None,
) -> Response[Any]:  # fmt: skip
    values = dict(act.values(whole, seen.reader))
    values |= {"whole": whole, "act": act.name, "form": sent, "errors": errors, "asked": asked, "told": told}
    wrong = 422 if errors else 200
    return await seen.page(act.template, current="returns", status=status or wrong, **values)


async def _refused(seen: Visit, act: Act, whole: Whole, sent: Form, errors: FormErrors, no: Refused) -> Response[Any]:
    if no.code == "plan_changed":
        told = seen.reader.say("The amount changed since you saw it. Check it and confirm again.")
        return await _shown(seen, act, await whole_of(seen), sent, errors, told=told, status=409)
    if no.code in ("state_changed", "already_decided", "move_not_allowed", "already_received", "already_restocked",
                   "already_asked", "nothing_asked"):  # fmt: skip
        return await _too_late(seen, whole)
    said = explain(no, seen.reader)
    return await _shown(seen, act, whole, sent, errors, told=said, status=no.status)


async def _too_late(seen: Visit, whole: Whole) -> Response[Any]:
    """Answer who was faster, and what they did."""
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        change = await last_change(db, whole.record.rma.id)
    reader = seen.reader
    text = reader.say("This has changed since you opened the page. Your change was not saved.")
    if change is not None:
        mine = change.actor == seen.staff.actor
        who = reader.say("You") if mine else actor_name(reader, change.actor, whole.names)
        text = reader.say(_FASTER.get(change.type, _CHANGED), who=who, when=reader.ago(change.at))
    return await seen.page("dashboard/too_late.html", current="returns", status=409, whole=whole, text=text)


async def _not_now(seen: Visit, whole: Whole) -> Response[Any]:
    text = seen.reader.say("This cannot be done to the return as it stands now.")
    return await seen.page("dashboard/too_late.html", current="returns", status=409, whole=whole, text=text)
