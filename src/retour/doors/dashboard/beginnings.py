"""What a return began as, in words and with the way there."""

from retour.doors.dashboard import way_words
from retour.doors.dashboard.told import word
from retour.store.desk.began import Beginning
from retour.web.reader import Reader


def in_words(one: Beginning, reader: Reader) -> tuple[str, str]:
    """Return (words, address) of what a return began as."""
    if one.kind == "withdrawal":
        said = reader.say("Began as a withdrawal, stated %(moment)s", moment=reader.moment(one.at))
        return said, f"/dashboard/withdrawals/{one.id}"
    if one.kind == "merged":
        return reader.say("R-%(number)s went on in it", number=one.number), f"/dashboard/returns/R-{one.number}"
    where = word(reader, way_words.CHANNELS, one.channel)
    said = reader.say("Began as something sent in (%(where)s), %(moment)s", where=where, moment=reader.moment(one.at))
    return said, f"/dashboard/intakes/{one.id}"
