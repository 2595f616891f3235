"""The queues: what waits for whom and why, across stores, by age, with the step that moves the oldest on."""

from typing import Final
from urllib.parse import urlencode

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.rma.axes import OTHERS, PEOPLE
from retour.doors.dashboard import evidence, intake_words, words
from retour.doors.dashboard.desk import Desk, Visit
from retour.doors.dashboard.next_step import first_upper
from retour.doors.dashboard.queue_row import Shown
from retour.doors.dashboard.route import page
from retour.doors.dashboard.told import age, mark_of, word
from retour.doors.dashboard.waiting_withdrawals import shown as shown_withdrawal
from retour.store import intake as intakes
from retour.store import withdrawal_waits
from retour.store.desk import queues as rows
from retour.store.desk.queues import Queue
from retour.store.intake import IntakeQueue
from retour.web.parts import Mark
from retour.web.reader import Reader

PATH: Final = "/dashboard/queues"
_ACTORS: Final = (*PEOPLE, *OTHERS)


def queue_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handler of the page."""
    return [page(desk, PATH, _page)]


async def _page(seen: Visit) -> Response[str]:
    query, reader = seen.request.query_params, seen.reader
    actor = str(query.get("actor", ""))
    actor = actor if actor in _ACTORS else ""
    code = str(query.get("code", ""))
    code = code if code in words.WHAT else ""
    late_only = query.get("late") == "1"
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found = await rows.queues(db, store_id=seen.staff.store_id, now=seen.now)
        incoming = await intakes.queues(db, store_id=seen.staff.store_id, now=seen.now)
        stated = await withdrawal_waits.queues(db, store_id=seen.staff.store_id, now=seen.now)
    several = len({queue.store_id for queue in found} | {queue.store_id for queue in stated}) > 1
    shown = [
        queue
        for queue in found
        if (not actor or queue.actor == actor) and (not code or queue.code == code) and (not late_only or queue.late)
    ]
    narrows = bool(code or late_only or actor not in ("", "agent"))
    sent_in = [] if narrows else [_sent_in(reader, queue) for queue in incoming]
    withdrawn = [
        shown_withdrawal(reader, queue)
        for queue in stated
        if actor in ("", "agent") and code in ("", queue.code) and (not late_only or queue.late)
    ]
    late, late_stated = sum(queue.late for queue in found), any(queue.late for queue in stated)
    counts = {who: sum(queue.count for queue in found if queue.actor == who) for who in _ACTORS}
    tabs = [(reader.say("All"), _address(code=code, late=late_only), sum(counts.values()), not actor)]
    tabs += [
        (first_upper(word(reader, words.WHO, who)), _address(actor=who, code=code, late=late_only), n, actor == who)
        for who, n in counts.items()
        if n or actor == who
    ]
    chips = (
        [(reader.say("Reason"), word(reader, words.WHAT, code), _address(actor=actor, late=late_only))] if code else []
    )
    if late_only:
        chips.append((reader.say("Only"), reader.say("late"), _address(actor=actor, code=code)))
    return await seen.page(
        "dashboard/queues.html", current="home", tabs=tabs,
        rows=[*(_shown(reader, queue) for queue in shown), *withdrawn, *sent_in],
        chips=chips,
        several=several, late=late, late_stated=late_stated,
        late_url=_address(actor=actor, code=code, late=True) if (late or late_stated) and not late_only else "",
        narrows=bool(actor or code or late_only),
    )  # fmt: skip


def _address(*, actor: str = "", code: str = "", late: bool = False) -> str:
    parts = [
        (name, value) for name, value in (("actor", actor), ("code", code), ("late", "1" if late else "")) if value
    ]
    return f"{PATH}?{urlencode(parts)}" if parts else PATH


def _shown(reader: Reader, queue: Queue) -> Shown:
    title, step = words.QUEUE.get(queue.code, (queue.code, ""))
    late = reader.say_plural("%(n)s late", "%(n)s late", queue.late) if queue.late else ""
    hours = _time(queue.hours, reader) if queue.hours else ""
    number = f"R-{queue.number}"
    return Shown(
        mark=mark_of(queue.code, person=queue.actor in PEOPLE),
        title=reader.say(title),
        step=reader.say(step) if step else "",
        store=queue.shop_name,
        who=word(reader, words.WHO, queue.actor),
        count=queue.count,
        late=late,
        limit=hours,
        ages=(queue.day, queue.three_days, queue.week, queue.older),
        oldest=age(reader, queue.oldest),
        number=number,
        oldest_url=f"/dashboard/returns/{number}",
        url=f"/dashboard/returns?view=all&blocker={queue.code}&sort=waiting",
        evidence=evidence.told(reader, queue.code, queue.evidence, currency=queue.currency),
    )


def _time(hours: int, reader: Reader) -> str:
    """Return a limit as people say it: whole days from two on."""
    if hours >= 48 and hours % 24 == 0:
        return reader.say_plural("%(n)s day", "%(n)s days", hours // 24)
    return reader.say_plural("%(n)s hour", "%(n)s hours", hours)


def _sent_in(reader: Reader, queue: IntakeQueue) -> Shown:
    """Return what was sent in and waits for a person as a queue of the agents."""
    title, step = intake_words.WHY.get(queue.why, intake_words.WHY["unread"])
    return Shown(
        mark=Mark("decision", "half", "you", ""),
        title=reader.say(title),
        step=reader.say(step),
        store=queue.shop_name,
        who=word(reader, words.WHO, "agent"),
        count=queue.count,
        late="",
        limit="",
        ages=(queue.day, queue.three_days, queue.week, queue.older),
        oldest=age(reader, queue.oldest),
        number=reader.say("Incoming"),
        oldest_url=f"/dashboard/intakes/{queue.oldest_id}",
        url="/dashboard/intakes",
        evidence="",
    )
