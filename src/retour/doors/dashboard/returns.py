"""The list of returns: views as tabs, filters as chips, search, sorting, pages; all of it in the address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from markupsafe import Markup

from retour.core.account import Role
from retour.core.money import Money
from retour.core.rma.axes import answers_for
from retour.doors.dashboard import mark_words, way_words, words
from retour.doors.dashboard.asked import KNOWN, NOBODY, PATH, Asked, place_of, read
from retour.doors.dashboard.bulk_acts import ACTS
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.told import age, blocker, marks, person_name, word
from retour.store import saved_view
from retour.store.desk import listing, names
from retour.store.desk.listing import Counts, Row
from retour.store.rma import attention
from retour.store.saved_view import SavedView
from retour.web.forms import read_form
from retour.web.pages import see
from retour.web.parts import Blocker, Mark
from retour.web.reader import Reader
from retour.web.session import DESK, EVERYBODY

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "blocker": words.WHAT, "status": words.DECISIONS, "channel": way_words.CHANNELS, "resolution": words.RESOLUTIONS,
    "kind": way_words.KINDS,
    "priority": mark_words.PRIORITIES,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """One row of the list in words."""

    id: UUID
    number: str
    url: str
    order_name: str
    person: str
    units: int
    marks: Sequence[Mark]
    blocker: Blocker | None
    amount: Money
    age: str | Markup
    day: str
    urgent: str | None  # the priority where it is above the usual
    assignee: str | None
    tags: Sequence[str]


def returns_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the list and of the views that staff keep of it."""
    return [
        page(desk, PATH, _list, EVERYBODY),
        form(desk, f"{PATH}/views", _keep_view, DESK),
        form(desk, f"{PATH}/views/{{view_id:str}}/remove", _remove_view, DESK),
    ]


async def _list(seen: Visit) -> Response[Any]:
    asked, staff, reader = read(seen.request.query_params), seen.staff, seen.reader
    async with seen.desk.database.tx(staff.tenant_id) as db:
        counts = await listing.counts(
            db, store_id=staff.store_id, actors=answers_for(staff.role), staff_id=staff.staff_id
        )
        found = await listing.returns(
            db, asked.filters(staff, reader), sort=asked.sort, page=asked.page, place=asked.place,
            known=None if asked.narrows else _known(counts).get(asked.view),
        )  # fmt: skip
        kept = await saved_view.list_of(db, staff.staff_id)
        people, tags = await names.members(db), await attention.tags_in_use(db)
    chips = _chips(reader, asked, people)
    pages = max(1, -(-found.total // listing.PAGE))
    return await seen.page(
        "dashboard/returns.html",
        current="returns",
        asked=asked,
        tabs=_tabs(reader, asked, counts, kept),
        chips=chips,
        filters_in_words="; ".join(f"{name}: {value}" for name, value, _ in chips),
        choices={name: [(code, word(reader, _WORDS[name], code)) for code in known] for name, known in KNOWN.items()},
        people=[(NOBODY, reader.say("Nobody")), *((str(one), name) for one, name in people.items())],
        tags_in_use=tags,
        rows=[shown(reader, staff.role, row, people) for row in found.rows],
        total=found.total,
        how_many=_how_many(reader, found.total),
        place=_place(reader, asked.page, pages, found.total),
        **_turns(asked, found, pages),
        sorts={name: asked.query(sort=name) for name in ("newest", "oldest", "waiting")},
        counts=counts,
        may_decide=staff.role in DESK,
        other_acts=[(name, reader.say(act.title)) for name, act in ACTS.items() if name not in ("approve", "assign")],
        saved=next((view for view in kept if view.id == asked.saved), None),
        may_remove_shared=staff.role is Role.OWNER,
    )


def _turns(asked: Asked, found: listing.Listed, pages: int) -> dict[str, Any]:
    """Return the addresses of the pages before and after this one: from its first and last return onward."""
    rows, at = found.rows, asked.page
    more = at < pages if found.total <= listing.COUNTED or not asked.narrows else len(rows) == listing.PAGE
    back = place_of(rows[0], asked.sort, back=True) if rows and at > 2 else None
    on = place_of(rows[-1], asked.sort, back=False) if rows else None
    return {
        "previous_url": asked.query(page=at - 1, place=back) if at > 1 else None,
        "next_url": asked.query(page=at + 1, place=on) if more and rows else None,
    }


async def _keep_view(seen: Visit) -> Response[Any]:
    sent = await read_form(seen.request)
    name, query = sent.text("name")[:60], sent.text("query")
    if not name or not query.startswith(PATH) or len(query) > 2000:
        return see(query if query.startswith(f"{PATH}?") else PATH)
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        view_id = await saved_view.save(
            db, staff_id=seen.staff.staff_id, name=name, query=query, shared=sent.checked("shared"), at=seen.now
        )
    if view_id is None:
        return see(query)
    return see(f"{query}{'&' if '?' in query else '?'}saved={view_id}")


async def _remove_view(seen: Visit) -> Response[Any]:
    view_id = uuid_of(seen.request.path_params["view_id"], "view_not_found")
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        is_owner = seen.staff.role is Role.OWNER
        await saved_view.remove(db, staff_id=seen.staff.staff_id, view_id=view_id, also_shared=is_owner)
    return see(PATH)


def shown(reader: Reader, role: Role, row: Row, people: Mapping[UUID, str]) -> Shown:
    """Return a row of the list as people read it; `people` are the names of the staff."""
    promised, paid = Money(row.promised_minor, row.currency), Money(row.settled_minor, row.currency)
    done = row.resolved_at or row.requested_at
    return Shown(
        id=row.id,
        number=f"R-{row.number}",
        url=f"{PATH}/R-{row.number}",
        order_name=row.order_name,
        person=person_name(reader, row.person_name, row.person_email),
        units=row.units,
        marks=marks(reader, row.axes, promised=promised, paid=paid, quiet=True),
        blocker=blocker(reader, role, row.blocked_actor, row.blocked_code, row.blocked_since),
        amount=paid if row.settled_minor else promised,
        age=age(reader, row.blocked_since) if row.blocked_since else reader.day(done),
        day=reader.day(row.requested_at),
        urgent=word(reader, mark_words.PRIORITIES, row.priority) if row.priority in ("high", "urgent") else None,
        assignee=people.get(row.assignee_id, reader.say("A former colleague")) if row.assignee_id else None,
        tags=row.tags,
    )


def _tabs(
    reader: Reader, asked: Asked, counts: Counts, kept: Sequence[SavedView]
) -> list[tuple[str, str, int | None, bool]]:
    here = None if asked.saved else asked.view
    of_all: list[tuple[str, str, int | None]] = [
        ("needs", reader.say("Needs you"), counts.needs_you),
        ("mine", reader.say("Mine"), counts.mine),
        ("watched", reader.say("Watched"), None),
        ("moving", reader.say("Moving"), counts.moving),
        ("done", reader.say("Done"), counts.done),
        ("all", reader.say("All"), counts.total),
    ]
    own: list[tuple[str, str, int | None, bool]] = []
    for view in kept:
        name = view.name if view.own else reader.say("%(name)s (shared)", name=view.name)
        url = f"{view.query}{'&' if '?' in view.query else '?'}saved={view.id}"
        own.append((name, url, None, view.id == asked.saved))
    return [(label, Asked(view=view).query(), count, view == here) for view, label, count in of_all] + own


def _known(counts: Counts) -> Mapping[str, int]:
    return {
        "needs": counts.needs_you,
        "mine": counts.mine,
        "moving": counts.moving,
        "done": counts.done,
        "all": counts.total,
    }


def _chips(reader: Reader, asked: Asked, people: Mapping[UUID, str]) -> list[tuple[str, str, str]]:
    called = {
        "blocker": reader.say("Waits for"), "status": reader.say("Decision"), "channel": reader.say("Channel"),
        "resolution": reader.say("Resolution"), "kind": reader.say("Kind"), "priority": reader.say("Priority"),
    }  # fmt: skip
    chips = [
        (called[name], word(reader, _WORDS[name], value), asked.without(name, value))
        for name in KNOWN
        for value in asked.chosen.get(name, ())
    ]
    rest = {tag: tuple(other for other in asked.tags if other != tag) for tag in asked.tags}
    chips += [(reader.say("Tag"), tag, asked.query(tags=rest[tag], saved=None)) for tag in asked.tags]
    if asked.assignee:
        who = reader.say("Nobody") if asked.assignee == NOBODY else people.get(asked.assignee, "–")
        chips.append((reader.say("Looked after by"), who, asked.query(assignee=None, saved=None)))
    if asked.since:
        chips.append((reader.say("From"), reader.day(asked.since), asked.query(since=None, saved=None)))
    if asked.until:
        chips.append((reader.say("Until"), reader.day(asked.until), asked.query(until=None, saved=None)))
    if asked.text:
        chips.append((reader.say("Search"), asked.text, asked.query(text="", saved=None)))
    return chips


def _how_many(reader: Reader, total: int) -> str:
    if total > listing.COUNTED:
        return reader.say("More than %(n)s returns", n=reader.number(listing.COUNTED))
    return reader.say_plural("%(n)s return", "%(n)s returns", total)


def _place(reader: Reader, at: int, pages: int, total: int) -> str:
    if pages == 1:
        return _how_many(reader, total)
    if total == listing.COUNTED + 1:
        return reader.say(
            "More than %(n)s returns, page %(page)s", n=reader.number(listing.COUNTED), page=reader.number(at)
        )
    return reader.say(
        "%(total)s returns, page %(page)s of %(pages)s",
        total=reader.number(total), page=reader.number(at), pages=reader.number(pages),
    )  # fmt: skip
