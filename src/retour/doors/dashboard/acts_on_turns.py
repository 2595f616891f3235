"""Turns of a return: asking its shopper something, and writing down what they answered."""

from collections.abc import Mapping
from typing import Any, Final

from retour.core.money import Money
from retour.core.rma import Decision, count, minus
from retour.core.rma.deadline import Because
from retour.core.rma.state import SETTLED
from retour.doors.dashboard.act import Act, Doing
from retour.doors.dashboard.whole import Whole
from retour.flows import rma as flow
from retour.store.db import Db
from retour.store.event import Event
from retour.web.reader import Reader
from retour.web.session import DESK

MOST_TEXT: Final = 10_000
MOST_DAYS: Final = 365
# The events that `told` knows more of than their name.
TURNS: Final = frozenset(
    {
        "return.info_asked", "return.info_given", "return.expired", "return.reopened", "return.lost",
        "return.address_changed",
    }
)  # fmt: skip


def _asking(whole: Whole, _reader: Reader) -> Mapping[str, Any]:
    return {"days": whole.record.rma.patience.unanswered_days}


async def _ask(doing: Doing, db: Db) -> None:
    question = text_of(doing, "question", doing.reader.say("Write your question: the shopper reads it"))
    days = doing.form.whole("days")
    if doing.form.text("days") and (days is None or not 1 <= days <= MOST_DAYS):
        doing.errors.add("days", doing.reader.say("Enter 1 to 365 days, or nothing"))
    if not doing.errors:
        await flow.ask(
            db, rma_id=doing.rma_id, question=question, actor=doing.actor, now=doing.now, answer_days=days,
            expect_version=doing.version,
        )  # fmt: skip


def _asked(whole: Whole, _reader: Reader) -> Mapping[str, Any]:
    return {"question": whole.question.question if whole.question else ""}


async def _answer(doing: Doing, db: Db) -> None:
    said = text_of(doing, "answer", doing.reader.say("Write what the shopper said"))
    if not doing.errors:
        await flow.answer(db, rma_id=doing.rma_id, text=said, actor=doing.actor, now=doing.now)


def _stands(whole: Whole, reader: Reader) -> Mapping[str, Any]:
    """Return what was paid and stays paid, each by its name."""
    done = (s for s in whole.settlements if s.state in SETTLED and (s.total_minor or s.plan.bonus))
    return {
        "stands": [
            (
                whole.resolution_name(reader, s.resolution, s.resolution_ref),
                Money(s.total_minor + s.plan.bonus, s.currency),
            )
            for s in done
        ]
    }


async def _reopen(doing: Doing, db: Db) -> None:
    reason = text_of(doing, "reason", doing.reader.say("Say why: whoever decides reads it"))
    if not doing.errors:
        await flow.reopen(
            db, rma_id=doing.rma_id, reason=reason, actor=doing.actor, now=doing.now, expect_version=doing.version
        )


def _on_its_way(whole: Whole, _reader: Reader) -> Mapping[str, Any]:
    """Return how many units of the return are on their way."""
    open_lines = (x for x in whole.record.rma.lines if x.decision is Decision.APPROVED and not x.kept)
    return {"units": sum(count(minus(line.claimed, line.received)) for line in open_lines)}


async def _lose(doing: Doing, db: Db) -> None:
    reason = text_of(doing, "reason", doing.reader.say("Say why: whoever decides reads it"))
    if not doing.errors:
        await flow.treat_as_lost(
            db, rma_id=doing.rma_id, reason=reason, actor=doing.actor, now=doing.now, expect_version=doing.version
        )


def text_of(doing: Doing, name: str, missing: str) -> str:
    """Return a text of the form; without one, or with one that is too long, the form says so."""
    text = doing.form.text(name)
    if not text:
        doing.errors.add(name, missing)
    elif len(text) > MOST_TEXT:
        doing.errors.add(name, doing.reader.say("This text is too long"))
    return text


def told(whole: Whole, event: Event, said: str, reader: Reader) -> str:
    """Return the sentence of the timeline about a turn."""
    found = next((q for q in whole.questions if str(q.id) == str(event.data.get("info_id"))), None)
    match event.type:
        case "return.info_asked" if found is not None:
            return f"{said}: “{found.question}”"
        case "return.info_given" if found is not None and found.answer:
            return f"{said}: “{found.answer}”"
        case "return.reopened" | "return.lost" if event.data.get("reason"):
            return f"{said}: “{event.data['reason']}”"
        case "return.address_changed" if event.data.get("order_keeps"):
            return reader.say("Address changed; the new order keeps the one before")
        case "return.expired" if event.data.get("because") == Because.NOT_ANSWERED:
            return reader.say("Expired: no answer came in time")
        case "return.expired":
            return reader.say("Expired: no parcel was sent in time")
    return said


ACTS: Final = (
    Act("ask", "dashboard/act_ask.html", DESK, _asking, _ask),
    Act("reopen", "dashboard/act_reopen.html", DESK, _stands, _reopen),
    Act("lost", "dashboard/act_lost.html", DESK, _on_its_way, _lose),
    Act("answer", "dashboard/act_answer.html", DESK, _asked, _answer),
)
