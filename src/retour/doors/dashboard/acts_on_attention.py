"""Looking after a return: who does, how urgent it is, its tags, who watches it; and merging it into a duplicate."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from retour.core.attention import LONGEST_TAG, MOST_TAGS, Priority, tag_of
from retour.core.errors import Refused
from retour.doors.dashboard import mark_words
from retour.doors.dashboard.act import Act, Doing
from retour.doors.dashboard.told import word
from retour.doors.dashboard.whole import Whole
from retour.flows import rma as flow
from retour.store.db import Db
from retour.web.reader import Reader
from retour.web.session import DESK


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


# Why two returns do not become one, in words for staff; what is not here is told as it came.
_NO_MERGER: Final = {
    "merge_not_open": _("one of the two is decided in part or closed"),
    "merge_has_goods": _("a parcel or label of this return exists and keeps its number"),
    "merge_has_money": _("money of this return is computed, paid or waived"),
    "merge_calls_running": _("calls of this return are not done; try again in a moment"),
    "merge_opened_there": _("the platform's return of the other one holds the same article without these units"),
    "merge_of_a_gift": _("a gift stays with whoever got it, and is told to nobody else"),
    "merge_other_kind": _("they are of two kinds, or under two versions of the policy"),
}


def _looked_after(whole: Whole, reader: Reader) -> Mapping[str, Any]:
    marks = whole.marks
    return {
        "people": [("", reader.say("Nobody")), *((str(one), name) for one, name in whole.members.items())],
        "priorities": [(p.value, word(reader, mark_words.PRIORITIES, p.value)) for p in Priority],
        "tags": ", ".join(marks.tags),
        "watched_by": [name for one, name in whole.members.items() if one in marks.watchers],
    }


async def _attend(doing: Doing, db: Db) -> None:
    form, marks = doing.form, doing.whole.marks
    who: dict[str, Any] = {"rma_id": doing.rma_id, "actor": doing.actor, "now": doing.now}
    staff, priority, tags = _assignee(doing), form.text("priority"), _tags(doing)
    if priority not in set(Priority):
        doing.errors.add("priority", doing.reader.say("Choose a priority"))
    if doing.errors:
        return
    await flow.assign(db, staff_id=staff, **who)
    await flow.prioritise(db, priority=Priority(priority), **who)
    await flow.retag(db, add=sorted(tags - set(marks.tags)), remove=sorted(set(marks.tags) - tags), **who)
    await flow.watch(db, staff_id=doing.seen.staff.staff_id, watching=form.checked("watch"), **who)


def _assignee(doing: Doing) -> UUID | None:
    sent = doing.form.text("assignee")
    known = next((one for one in doing.whole.members if str(one) == sent), None)
    if sent and known is None and sent != str(doing.whole.marks.assignee_id):
        doing.errors.add("assignee", doing.reader.say("Choose one of the staff"))
    return known


def _tags(doing: Doing) -> set[str]:
    try:
        tags = {tag_of(text) for text in doing.form.text("tags").split(",") if text.strip()}
    except Refused:
        said = doing.reader.say("A tag has 1 to %(n)s characters", n=doing.reader.number(LONGEST_TAG))
        doing.errors.add("tags", said)
        return set()
    if len(tags) > MOST_TAGS:
        doing.errors.add("tags", doing.reader.say("At most %(n)s tags", n=doing.reader.number(MOST_TAGS)))
    return tags


def _others(whole: Whole, reader: Reader) -> Mapping[str, Any]:
    found = [
        (
            str(one.id),
            reader.say("R-%(number)s, requested %(day)s", number=one.number, day=reader.day(one.requested_at)),
        )
        for one in whole.duplicates
    ]
    return {"others": found}


async def _merge(doing: Doing, db: Db) -> None:
    sent = doing.form.text("into")
    into = next((one.id for one in doing.whole.duplicates if str(one.id) == sent), None)
    if into is None:
        doing.errors.add("into", doing.reader.say("Choose the return that goes on"))
        return
    try:
        await flow.merge(
            db, rma_id=doing.rma_id, into=into, actor=doing.actor, now=doing.now, expect_version=doing.version
        )
    except Refused as no:
        if no.code not in _NO_MERGER:
            raise
        why = _NO_MERGER[no.code]
        doing.errors.add("into", doing.reader.say("These cannot be merged: %(why)s", why=doing.reader.say(why)))


ACTS: Final = (
    Act("attend", "dashboard/act_attend.html", DESK, _looked_after, _attend, compares=False),
    Act("merge", "dashboard/act_merge.html", DESK, _others, _merge),
)
