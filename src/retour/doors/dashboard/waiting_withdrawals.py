"""Statements of withdrawal that wait, as rows of the queues: for a person, and for their money."""

from retour.core.withdrawal import Why, repay_by
from retour.doors.dashboard import words
from retour.doors.dashboard.queue_row import Shown
from retour.doors.dashboard.told import age, word
from retour.doors.dashboard.withdrawals import WHY
from retour.store.withdrawal_waits import WithdrawalQueue
from retour.web.parts import Mark
from retour.web.reader import Reader


def shown(reader: Reader, queue: WithdrawalQueue) -> Shown:
    """Return a queue of statements in words; the evidence is the day by which the first of them is to be repaid."""
    title, step = words.QUEUE[queue.code] if queue.why is None else WHY[Why(queue.why)]
    return Shown(
        mark=Mark("money", "half", "you", "") if queue.why is None else Mark("decision", "half", "you", ""),
        title=reader.say(title),
        step=reader.say(step),
        store=queue.shop_name,
        who=word(reader, words.WHO, "agent"),
        count=queue.count,
        late=reader.say_plural("%(n)s late", "%(n)s late", queue.late) if queue.late else "",
        limit=reader.say_plural("%(n)s hour", "%(n)s hours", queue.hours) if queue.hours else "",
        ages=(queue.day, queue.three_days, queue.week, queue.older),
        oldest=age(reader, queue.oldest),
        number=reader.say("Withdrawal"),
        oldest_url=f"/dashboard/withdrawals/{queue.oldest_id}",
        url="/dashboard/withdrawals",
        evidence=reader.say("money back by %(day)s", day=reader.day(repay_by(queue.stated_on))),
    )
