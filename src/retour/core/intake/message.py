"""A message of a support desk or marketplace as it sends it (`retour.message/1`): loose text under an id of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from retour.core.intake.document import instant, invalid
from retour.core.intake.schema import MESSAGE_FORMAT, SCHEMAS
from retour.core.intake.shape import problems

_SEPARATOR: Final = "\n\n"


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody wrote, who did, and the id of the conversation: the same id is the same draft."""

    id: str
    text: str
    sent_at: datetime
    sender: str | None = None
    channel: str | None = None


def read_letter(plain: object) -> Message:
    """Return the message of plain JSON; raise Refused(invalid_document) with every field that is wrong."""
    found = [*problems(plain, SCHEMAS[MESSAGE_FORMAT])]
    if found:
        raise invalid(found)
    assert isinstance(plain, Mapping)
    text = _SEPARATOR.join(part for part in (plain.get("subject"), plain["text"]) if part)
    return Message(plain["id"], text, instant(plain["sent_at"]), plain.get("from"), plain.get("channel"))
