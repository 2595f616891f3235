"""The second person's acts: approve exactly the figures that are shown, or say why not."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.money import Money
from retour.core.second import HANDS
from retour.doors.dashboard import guard_words
from retour.doors.dashboard.act import Act, Doing
from retour.doors.dashboard.guard_words import NOT_SECOND
from retour.doors.dashboard.refund_told import table
from retour.doors.dashboard.told import actor_name, word
from retour.doors.dashboard.whole import Whole
from retour.flows import guard as flow
from retour.store.db import Db
from retour.store.refund import SettlementRow
from retour.web.reader import Reader
from retour.web.session import DESK


def _seen(whole: Whole, reader: Reader) -> Mapping[str, Any]:
    row = whole.unseconded()
    hands = {e.actor for e in whole.events if e.type in HANDS}
    known = {
        "hand_actors": hands, "why": "", "refused": [], "rows": [], "hash": "", "pays": Money(0, "EUR"),
        "hands": ", ".join(sorted({actor_name(reader, actor, whole.names) for actor in hands})),
    }  # fmt: skip
    if row is None:
        return known
    refused = [
        (actor_name(reader, w.actor, whole.names), w.note, w.at) for w in whole.seconds if w.verdict == "refused"
    ]
    return known | {
        "rows": table(whole, row.plan, reader), "hash": row.plan_hash, "pays": Money(row.total_minor, row.currency),
        "why": word(reader, guard_words.SECOND, row.second_because), "refused": refused,
    }  # fmt: skip


async def _approve(doing: Doing, db: Db) -> None:
    await _say(doing, db, approve=True)


async def _refuse(doing: Doing, db: Db) -> None:
    if not doing.form.text("reason"):
        doing.errors.add("reason", doing.reader.say("Say why not, for whoever looks next"))
        return
    await _say(doing, db, approve=False)


async def _say(doing: Doing, db: Db, *, approve: bool) -> None:
    seen, now, actor = doing.form.text("hash"), doing.now, doing.actor
    settlement_id = _id(doing.whole.unseconded())
    try:
        if approve:
            await flow.approve_second(
                db, settlement_id=settlement_id, plan_hash=seen, note=doing.form.text("note"), actor=actor, now=now
            )
        else:
            await flow.refuse_second(
                db, settlement_id=settlement_id, plan_hash=seen, reason=doing.form.text("reason"), actor=actor, now=now
            )
    except Refused as no:
        if no.code not in NOT_SECOND:
            raise
        doing.errors.add("note" if approve else "reason", doing.reader.say(NOT_SECOND[no.code]))


def _id(row: SettlementRow | None) -> UUID:
    if row is None:
        raise Refused("state_changed", "nothing waits for a second person any more")
    return row.id


ACTS: Final = (
    Act("second", "dashboard/act_second.html", DESK, _seen, _approve, compares=False),
    Act("second-refuse", "dashboard/act_second_refuse.html", DESK, _seen, _refuse, compares=False),
)
