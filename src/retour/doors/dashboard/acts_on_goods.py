"""Receiving, inspecting and reporting a restock by hand, line by line; the warehouse has pages of its own."""

from collections.abc import Mapping
from typing import Any, Final

from retour.core.rma import Disposition, Grade
from retour.doors.dashboard import words
from retour.doors.dashboard.act import Act, Doing
from retour.doors.dashboard.told import word
from retour.doors.dashboard.whole import Whole
from retour.flows import receiving
from retour.store.db import Db
from retour.web.reader import Reader
from retour.web.session import EVERYBODY

MOST_NOTE: Final = 2_000


def _expected(whole: Whole, _reader: Reader) -> Mapping[str, Any]:
    return {"lines": [(line.id, whole.title(line.line_ref), n) for line, n in whole.expected()]}


async def _receive(doing: Doing, db: Db) -> None:
    items = []
    for line, most in doing.whole.expected():
        units = doing.form.whole(f"units-{line.id}") or 0
        if units > most + 1_000:
            doing.errors.add(f"units-{line.id}", doing.reader.say("This is more than one parcel holds"))
        if units:
            items.append(receiving.ArrivedUnits(line.id, units))
    if not items:
        doing.errors.add("units", doing.reader.say("Say how many units of which item are here"))
    if not doing.errors:
        location = doing.form.text("location")[:200] or None
        await receiving.receive(
            db, rma_id=doing.rma_id, items=items, location_ref=location, actor=doing.actor, now=doing.now
        )


def _uninspected(whole: Whole, reader: Reader) -> Mapping[str, Any]:
    reasons = {line.id: whole.reason_name(reader, line.reason) for line in whole.record.rma.lines}
    notes = {line.id: line.note for line in whole.record.rma.lines}
    return {
        "lines": [
            (line.id, whole.title(line.line_ref), n, reasons[line.id], notes[line.id])
            for line, n in whole.uninspected()
        ],
        "grades": [(grade.value, word(reader, words.GRADES, grade.value)) for grade in Grade],
        "dispositions": [(one.value, word(reader, words.DISPOSITIONS, one.value)) for one in Disposition],
    }


async def _inspect(doing: Doing, db: Db) -> None:
    verdicts = []
    for line, most in doing.whole.uninspected():
        disposition = doing.form.text(f"disposition-{line.id}")
        accepted = {"yes": True, "no": False}.get(doing.form.text(f"accepted-{line.id}"))
        note = doing.form.text(f"note-{line.id}")[:MOST_NOTE] or None
        total = 0
        for grade in Grade:
            units = doing.form.whole(f"{grade.value}-{line.id}") or 0
            total += units
            if units:
                chosen = Disposition(disposition) if disposition in set(Disposition) else None
                verdicts.append(
                    receiving.Verdict(line.id, units, grade, disposition=chosen, accepted=accepted, note=note)
                )
        if total > most:
            said = doing.reader.say_plural("Only %(n)s unit is here", "Only %(n)s units are here", most)
            doing.errors.add(f"sealed-{line.id}", said)
    if not verdicts:
        doing.errors.add("units", doing.reader.say("Say in which condition at least one unit is"))
    if not doing.errors:
        await receiving.inspect(
            db, rma_id=doing.rma_id, verdicts=verdicts, actor=doing.actor, now=doing.now,
            policies=doing.seen.desk.policies,
        )  # fmt: skip


def _unstocked(whole: Whole, reader: Reader) -> Mapping[str, Any]:
    waiting = set(whole.unstocked())
    rows = [
        (whole.title(seen.line_ref), seen.quantity, word(reader, words.GRADES, seen.grade))
        for seen in whole.parts.inspections
        if seen.id in waiting
    ]
    return {"rows": rows, "location": whole.head.location_ref or ""}


async def _restocked(doing: Doing, db: Db) -> None:
    location = doing.form.text("location")[:200]
    if not location:
        doing.errors.add("location", doing.reader.say("Say where the units were put"))
        return
    await receiving.restocked(
        db, rma_id=doing.rma_id, inspection_ids=doing.whole.unstocked(), location_ref=location, actor=doing.actor,
        now=doing.now,
    )  # fmt: skip


ACTS: Final = (
    Act("receive", "dashboard/act_receive.html", EVERYBODY, _expected, _receive),
    Act("inspect", "dashboard/act_inspect.html", EVERYBODY, _uninspected, _inspect),
    Act("restocked", "dashboard/act_restocked.html", EVERYBODY, _unstocked, _restocked),
)
