"""Exceptions: where two systems disagree; whose it is, what waits for it, what is safe, and what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.core.money import Money
from retour.doors.dashboard import evidence, intake_words, mismatch_words, words
from retour.doors.dashboard.desk import Desk, Visit, uuid_of, whole
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.told import actor_name, age, word
from retour.doors.dashboard.whole import allowed, read_whole
from retour.flows import discrepancy as flow
from retour.flows import visit as visits
from retour.store.desk import exceptions as store
from retour.store.desk.exceptions import Mismatch
from retour.store.desk.listing import PAGE
from retour.store.desk.page import names
from retour.store.vault import NotMyKey
from retour.web.forms import read_form
from retour.web.pages import see
from retour.web.parts import Mark
from retour.web.reader import Reader
from retour.web.session import DESK

PATH: Final = "/dashboard/exceptions"
SHOPPER_ASKS: Final = "shopper_asks"
_LINK_DAYS: Final = 7
_STANDS: Final = {**intake_words.STATUSES, **words.DECISIONS}
_STOPPED: Final = frozenset({"effect_failed", "effect_unknown"})


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


# What waits because of it, and what is safe meanwhile.
_MEANS: Final[Mapping[str, tuple[str, str]]] = {
    "platform_disagrees": (
        _("The refund is on hold until somebody decides."),
        _("Nothing was paid. The goods are not touched."),
    ),
    "effect_unknown": (
        _("Everything after this call waits."),
        _("Nothing is sent twice: the call is looked up before anything is sent again."),
    ),
    "effect_failed": (_("What depends on this call waits."), _("The platform refused it, so nothing happened there.")),
    "surplus_received": (
        _("Nothing waits."),
        _("The units beyond the announced ones are not counted, not restocked and not refunded."),
    ),
    "paid_before_inspection": (
        _("Nothing waits."),
        _("The money left before the goods were inspected, as the policy says. Nothing is taken back by itself."),
    ),
    "paid_not_received": (
        _("Nothing waits."),
        _("The money left before the goods arrived, as the policy says. Nothing is taken back by itself."),
    ),
    "refund_gave_way": (
        _("Nothing waits."),
        _("Our refund was withdrawn before it was sent and is computed anew from what is left."),
    ),
    "goods_not_expected": (
        _("Nothing waits."),
        _("The goods are kept apart: not counted, not restocked, not refunded."),
    ),
    "goods_not_on_return": (
        _("Nothing waits."),
        _("The goods are kept apart: not counted, not restocked, not refunded."),
    ),
    "goods_unannounced": (
        _("Nothing waits."),
        _("The goods are kept apart: not counted, not restocked, not refunded."),
    ),
    "payout_overdue": (
        _("The shopper waits for what was handed over."),
        _("Nothing is sent to the payment. A report ends it, however late."),
    ),
    "mail_unknown": (_("Nothing waits."), _("The mail is not sent again by itself, so nobody gets it twice.")),
    "mail_refused": (_("Nothing waits."), _("The return moves on; only this person was not told.")),
    "shopper_asks": (
        _("The shopper waits for an answer."),
        _("They read what everybody reads. Nobody sees the order without a code or a signed link."),
    ),
    "refunded_outside_too_much": (
        _("Further refunds of this order are limited to what is left."),
        _("Retour never pays more than was paid."),
    ),
}
_ANY_MEANING: Final = (_("Nothing waits for it by itself."), _("Retour has changed nothing because of it."))
# The act on the return that ends a difference.
_ENDED_BY: Final[Mapping[str, str]] = {
    "platform_disagrees": "accept", "effect_unknown": "look-again", "payout_overdue": "report",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """One row of the list in words."""

    mark: Mark
    title: str
    concerns: str
    concerns_url: str | None
    url: str
    owner: str
    age: str
    resolved_at: datetime | None


def exception_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the list, of one exception, and of settling it."""
    return [
        page(desk, PATH, _list, DESK),
        page(desk, f"{PATH}/{{id:str}}", _one, DESK),
        form(desk, f"{PATH}/{{id:str}}/resolve", _resolve, DESK),
        form(desk, f"{PATH}/{{id:str}}/link", _link, DESK),
    ]


async def _list(seen: Visit) -> Response[Any]:
    query, reader = seen.request.query_params, seen.reader
    state = "resolved" if query.get("state") == "resolved" else "open"
    owner = query.get("owner") if query.get("owner") in words.OWNERS else None
    at = whole(query.get("page"), most=2_000)
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found = await store.exceptions(db, store_id=seen.staff.store_id, state=state, owner=owner, page=at)
    base = f"{PATH}?state={state}" + (f"&owner={owner}" if owner else "")
    return await seen.page(
        "dashboard/exceptions.html",
        current="exceptions",
        state=state,
        owner=owner,
        owners=[(code, reader.say(name)) for code, name in words.OWNERS.items()],
        rows=[_shown(reader, row) for row in found.rows],
        place=reader.say_plural("%(n)s exception", "%(n)s exceptions", found.total),
        previous_url=f"{base}&page={at - 1}" if at > 1 else None,
        next_url=f"{base}&page={at + 1}" if at * PAGE < found.total else None,
    )


async def _one(seen: Visit, *, link: str | None = None) -> Response[Any]:
    reader, role = seen.reader, seen.staff.role
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        row = await store.exception(db, uuid_of(seen.request.path_params["id"], "discrepancy_not_found"))
        if row is None:
            raise Refused("discrepancy_not_found", "There is no such exception.")
        rma = await read_whole(db, row.rma_id) if row.rma_id is not None else None
        people = await names(db)
    acts = allowed(rma, role).acts if rma is not None else frozenset()
    act = _ENDED_BY.get(row.kind) or ("pay-again" if row.moves_money else "try-again")
    is_open = row.state == "open"
    hold, safe = _MEANS.get(row.kind, _ANY_MEANING)
    return await seen.page(
        "dashboard/exception.html",
        current="exceptions",
        row=row,
        shown=_shown(reader, row),
        hold=reader.say(hold),
        safe=reader.say(safe),
        next_step=reader.say(mismatch_words.NEXT_STEPS.get(row.kind, row.next_step)),
        action=(_label(reader, act), f"{rma.url}/{act}") if is_open and rma is not None and act in acts else None,
        may_resolve=is_open and row.kind not in flow.ENDED_BY_AN_ACT,
        needs_owner=is_open and row.kind in flow.ENDED_BY_AN_ACT and act not in acts,
        facts=[*_asked(seen, row), *_facts(reader, row)],
        may_link=is_open and row.kind == SHOPPER_ASKS,
        link=link,
        link_days=reader.number(_LINK_DAYS),
        differences=_differences(row, rma),
        resolved_by=actor_name(reader, row.resolved_by, people) if row.resolved_by else None,
    )


async def _resolve(seen: Visit) -> Response[Any]:
    await read_form(seen.request)
    id_ = uuid_of(seen.request.path_params["id"], "discrepancy_not_found")
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        await flow.resolve(db, discrepancy_id=id_, actor=seen.staff.actor, now=seen.now)
    return see(f"{PATH}/{id_}")


async def _link(seen: Visit) -> Response[Any]:
    """Make the link that lets in a shopper who cannot be sent a code; who asks is checked by whoever makes it."""
    await read_form(seen.request)
    id_ = uuid_of(seen.request.path_params["id"], "discrepancy_not_found")
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        row = await store.exception(db, id_)
        if row is None or row.kind != SHOPPER_ASKS or row.state != "open" or row.store_id is None:
            raise Refused("discrepancy_not_found", "There is no such question of a shopper.")
        made = await visits.portal_link(
            db, seen.desk.vault, tenant_id=seen.staff.tenant_id, store_id=row.store_id, order=str(row.resource_id),
            public_url=seen.desk.public_url, now=seen.now, days=_LINK_DAYS,
        )  # fmt: skip
    return await _one(seen, link=made)


def _asked(seen: Visit, row: Mismatch) -> list[tuple[str, Any]]:
    """Return what a shopper typed who asks to be let in; nothing for what a key of ours no longer opens."""
    if row.kind != SHOPPER_ASKS:
        return []
    say, tenant_id = seen.reader.say, seen.staff.tenant_id
    try:
        typed = visits.read_typed(seen.desk.vault, row.details, tenant_id=tenant_id, order_id=row.resource_id)
    except NotMyKey:
        return []
    return [(say("Order, as typed"), typed.number), (say("Contact, as typed"), typed.contact)]


def _label(reader: Reader, act: str) -> str:
    return {
        "accept": reader.say("Compare the amounts"),
        "look-again": reader.say("Look again"),
        "pay-again": reader.say("Refund again"),
        "try-again": reader.say("Try again"),
    }[act]


def _shown(reader: Reader, row: Mismatch) -> Shown:
    if row.state != "open":
        mark = Mark("money", "full", "quiet", "")
    else:
        mark = Mark("money", "stopped", "stopped" if row.kind in _STOPPED else "you", "")
    title = word(reader, mismatch_words.MISMATCHES, row.kind)
    if row.effect_kind is not None:
        title = f"{title}: {word(reader, words.EFFECTS, row.effect_kind)}"
    concerns, url = "", None
    if row.number is not None:
        concerns, url = f"R-{row.number}", f"/dashboard/returns/R-{row.number}"
    elif row.order_id is not None:
        concerns, url = row.order_name or "", f"/dashboard/orders/{row.order_id}"
    return Shown(
        mark, title, concerns, url, f"{PATH}/{row.id}", word(reader, words.OWNERS, row.owner),
        age(reader, row.opened_at), row.resolved_at,
    )  # fmt: skip


def _facts(reader: Reader, row: Mismatch) -> list[tuple[str, Any]]:
    """Return what is known beside the difference itself, as (label, value)."""
    facts: list[tuple[str, Any]] = []
    if row.effect_message:
        facts.append((reader.say("The platform says"), row.effect_message))
    if row.total_minor is not None and row.currency is not None:
        facts.append((reader.say("Amount"), reader.money(Money(row.total_minor, row.currency))))
    shown = {
        "units": reader.say("Units"),
        "far_code": reader.say("Answer"),
        "found": reader.say("Found"),
        "refs": reader.say("Lines"),
        "there": reader.say("In the other system"),
        "here": reader.say("In Retour"),
    }
    for name, label in shown.items():
        value = row.details.get(name)
        if value not in (None, "", []):
            text = ", ".join(str(one) for one in value[:10]) if isinstance(value, list) else str(value)
            if name == "far_code":
                text = evidence.far(reader, text)
            facts.append((label, word(reader, _STANDS, text) if row.kind == "ended_elsewhere" else text))
    return facts


def _differences(row: Mismatch, rma: Any) -> Sequence[tuple[str, str, Money | None, Money | None]]:
    found = row.details.get("differences")
    if not isinstance(found, list) or row.currency is None:
        return []
    currency = row.currency

    def money(minor: object) -> Money | None:
        return Money(minor, currency) if isinstance(minor, int) else None

    return [
        (rma.title(d["ref"]) if rma and d.get("ref") else "", str(d.get("component", "")), money(d.get("theirs")),
         money(d.get("ours")))
        for d in found
    ]  # fmt: skip
