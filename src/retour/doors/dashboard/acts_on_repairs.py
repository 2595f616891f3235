"""Acts on a repair: begun, sent back or replaced under a number, or refunded because it cannot be done."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.repair import REPLACEMENT
from retour.core.shipping import CARRIERS
from retour.doors.dashboard.act import Act, Doing
from retour.doors.dashboard.whole import Whole
from retour.flows import repair as flow
from retour.flows.repair import REASON_MOST
from retour.store.db import Db
from retour.web.reader import Reader
from retour.web.session import DESK, EVERYBODY

_OTHER: Final = "other"  # a carrier that is not in the list
_BY_HAND: Final = ""  # handed over in person


def _nothing(_whole: Whole, _reader: Reader) -> Mapping[str, Any]:
    return {}


def _carriers(whole: Whole, reader: Reader) -> Mapping[str, Any]:
    under_way = whole.under_repair()
    return {
        "is_repair": under_way is not None and under_way.resolution != REPLACEMENT,
        "carriers": [
            (_BY_HAND, reader.say("Handed over in person")), *((code, name) for code, (name, _) in CARRIERS.items()),
            (_OTHER, reader.say("Another carrier")),
        ]
    }  # fmt: skip


def _open(doing: Doing) -> UUID:
    """Return the repair that is under way; raise Refused(state_changed) where there is none any more."""
    found = doing.whole.under_repair()
    if found is None:
        raise Refused("state_changed", "no repair is under way any more")
    return found.id


def _is_replacement(doing: Doing) -> bool:
    found = doing.whole.under_repair()
    return found is not None and found.resolution == REPLACEMENT


async def _begin(doing: Doing, db: Db) -> None:
    await flow.begin(db, settlement_id=_open(doing), actor=doing.actor, now=doing.now)


async def _send_back(doing: Doing, db: Db) -> None:
    say, chosen, number = doing.reader.say, doing.form.text("carrier"), doing.form.text("tracking_number")
    carrier = doing.form.text("other") if chosen == _OTHER else chosen
    by_hand = chosen == _BY_HAND and not number
    try:
        await flow.send_on(
            db, settlement_id=_open(doing), replaced=doing.form.checked("replaced") or _is_replacement(doing),
            carrier=None if by_hand else carrier, number=None if by_hand else number, actor=doing.actor, now=doing.now,
        )  # fmt: skip
    except Refused as no:
        match no.code:
            case "invalid_carrier":
                doing.errors.add("other" if chosen == _OTHER else "carrier", say("Name the carrier"))
            case "invalid_tracking_number":
                doing.errors.add("tracking_number", say("Enter a number with letters and digits"))
            case _:
                raise


async def _refund(doing: Doing, db: Db) -> None:
    reason = doing.form.text("reason")
    if not 1 <= len(reason) <= REASON_MOST:
        doing.errors.add("reason", doing.reader.say("Say why: it stands in the timeline"))
        return
    await flow.refund_instead(
        db, settlement_id=_open(doing), reason=reason, actor=doing.actor, now=doing.now,
        policies=doing.seen.desk.policies,
    )  # fmt: skip


ACTS: Final = (
    Act("begin-repair", "dashboard/act_begin_repair.html", EVERYBODY, _nothing, _begin),
    Act("send-back", "dashboard/act_send_back.html", EVERYBODY, _carriers, _send_back),
    Act("refund-instead", "dashboard/act_refund_instead.html", DESK, _nothing, _refund),
)
