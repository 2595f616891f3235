"""Acts on parcels: a number that staff type in, a label that failed; and the papers of each parcel."""

import re
from collections.abc import Mapping
from typing import Any, Final

from litestar import Response
from litestar.exceptions import NotFoundException

from retour.core.errors import Refused
from retour.core.label import standing
from retour.core.rma.label import LabelState
from retour.core.shipping import CARRIERS
from retour.doors.dashboard import label_words
from retour.doors.dashboard.act import Act, Doing
from retour.doors.dashboard.desk import Visit, rma_of
from retour.doors.dashboard.told import word
from retour.doors.dashboard.whole import Whole
from retour.flows import label as label_flow
from retour.flows import shipping
from retour.store import label as labels
from retour.store import look as looks
from retour.store import rma as returns
from retour.store.db import Db
from retour.web.labels import MEDIA, LabelFile, file_name, label_file
from retour.web.reader import Reader
from retour.web.session import DESK, EVERYBODY

_OTHER: Final = "other"  # a carrier that is not in the list
_FILE: Final = re.compile(r"([1-9][0-9]{0,3})-(.+)")


_FORMS: Final = ((LabelFile.A6, "A6"), (LabelFile.INCHES, "4 × 6"), (LabelFile.ZPL, "ZPL"), (LabelFile.QR_PNG, "QR"))


def papers(whole: Whole, reader: Reader) -> list[dict[str, Any]]:
    """Return the label of each parcel in words, with the addresses of its files once it is made."""
    found = []
    for label in standing(whole.record.rma):
        at = f"{whole.url}/papers/{label.parcel}-"
        made = label.state is LabelState.MADE
        found.append(
            {
                "title": reader.say("Parcel %(n)s", n=reader.number(label.parcel)),
                "destination": label.destination,
                "state": word(reader, label_words.STATES, label.state.value),
                "why": word(reader, label_words.PROBLEMS, label.problem) if label.problem else "",
                "failed": label.state is LabelState.FAILED,
                "files": [(name, f"{at}{kind.value}") for kind, name in _FORMS] if made else [],
                "slip": f"{at}{LabelFile.SLIP.value}" if made else None,
                "at": label.at,
            }
        )
    return found


async def show_file(seen: Visit) -> Response[Any]:
    """Return a label, a code or a packing slip in the reader's language."""
    match = _FILE.fullmatch(seen.request.path_params["file"])
    kind = next((kind for kind in LabelFile if match and kind.value == match[2]), None)
    if match is None or kind is None:
        raise NotFoundException
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        record = await returns.load(db, await rma_of(db, seen.request.path_params["number"]))
        if record is None or seen.staff.store_id not in (None, record.store_id):
            raise Refused("return_not_found", "There is no such return.")
        wanted = [b.id for b in standing(record.rma) if b.parcel == int(match[1])]
        found = await labels.contents(db, seen.desk.vault, record.rma.id, only=wanted)
        look = await looks.get(db, record.store_id)
    if not found:
        raise NotFoundException
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'inline; filename="{file_name(found[0], kind)}"',
        "X-Content-Type-Options": "nosniff",
    }
    content = await label_file(found[0], kind, look=look, reader=seen.reader)
    return Response(content, media_type=MEDIA[kind], headers=headers)


def _failed(whole: Whole, reader: Reader) -> Mapping[str, Any]:
    return {"rows": [row for row in papers(whole, reader) if row["failed"]]}


async def _again(doing: Doing, db: Db) -> None:
    await label_flow.try_again(db, rma_id=doing.rma_id, actor=doing.actor, now=doing.now)


async def _without(doing: Doing, db: Db) -> None:
    await label_flow.go_on_without(db, rma_id=doing.rma_id, actor=doing.actor, now=doing.now)


def _carriers(_whole: Whole, reader: Reader) -> Mapping[str, Any]:
    return {
        "carriers": [
            ("", reader.say("Choose a carrier")), *((code, name) for code, (name, _) in CARRIERS.items()),
            (_OTHER, reader.say("Another carrier")),
        ]
    }  # fmt: skip


async def _parcel(doing: Doing, db: Db) -> None:
    say, chosen = doing.reader.say, doing.form.text("carrier")
    try:
        await shipping.add_shipment(
            db, rma_id=doing.rma_id, carrier=doing.form.text("other") if chosen == _OTHER else chosen,
            tracking_number=doing.form.text("tracking_number"), actor=doing.actor, now=doing.now,
        )  # fmt: skip
    except Refused as no:
        match no.code:
            case "invalid_carrier":
                doing.errors.add("other" if chosen == _OTHER else "carrier", say("Name the carrier"))
            case "invalid_tracking_number":
                doing.errors.add("tracking_number", say("Enter a number with letters and digits"))
            case "already_exists":
                doing.errors.add("tracking_number", say("This number is known already"))
            case _:
                raise


ACTS: Final = (
    Act("label-again", "dashboard/act_label_again.html", DESK, _failed, _again, compares=False),
    Act("label-without", "dashboard/act_label_without.html", DESK, _failed, _without, compares=False),
    Act("parcel", "dashboard/act_parcel.html", EVERYBODY, _carriers, _parcel, compares=False),
)
