"""What a return began as, and the parcels that may be its own, in words and with the way there."""

from collections.abc import Sequence

from retour.core.scan import is_parcel_of
from retour.doors.dashboard import way_words
from retour.doors.dashboard.told import word
from retour.doors.dashboard.whole import Whole
from retour.store.desk.began import Beginning
from retour.store.dock import Parked
from retour.web.reader import Reader


def in_words(one: Beginning, reader: Reader) -> tuple[str, str]:
    """Return (words, address) of what a return began as."""
    if one.kind == "withdrawal":
        said = reader.say("Began as a withdrawal, stated %(moment)s", moment=reader.moment(one.at))
        return said, f"/dashboard/withdrawals/{one.id}"
    if one.kind == "merged":
        return reader.say("R-%(number)s went on in it", number=one.number), f"/dashboard/returns/R-{one.number}"
    if one.kind == "parcel":
        said = reader.say("Its parcel came unannounced, %(moment)s", moment=reader.moment(one.at))
        return said, f"/dashboard/intakes/{one.id}"
    where = word(reader, way_words.CHANNELS, one.channel)
    said = reader.say("Began as something sent in (%(where)s), %(moment)s", where=where, moment=reader.moment(one.at))
    return said, f"/dashboard/intakes/{one.id}"


def may_be_here(parked: Sequence[Parked], whole: Whole, reader: Reader) -> list[tuple[str, str]]:
    """Return (words, address) of each parcel that nobody announced and whose code fits the return."""
    number, known = whole.record.rma.number, {shipment.tracking_number for shipment in whole.parts.shipments}
    return [
        (
            reader.say("A parcel that came on %(day)s may be this one", day=reader.day(one.at)),
            f"/dashboard/intakes/{one.intake_id}",
        )
        for one in parked
        if is_parcel_of(one.code, number=number, tracking_numbers=known)
    ]
