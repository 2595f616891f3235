"""Mail that comes in: where it is read, what it says, and whom it answers."""

from retour.core.mailbox.answering import conversation, number_in, with_files
from retour.core.mailbox.box import Box, check_box, on_the_wire
from retour.core.mailbox.mime import TEXT_MOST, Enclosed, Received, message_id_of, read_mail
from retour.core.mailbox.port import NO_FOLDER, Fetched, MailboxReader, MailPage, Place, place_of

__all__ = [
    "NO_FOLDER",
    "TEXT_MOST",
    "Box",
    "Enclosed",
    "Fetched",
    "MailPage",
    "MailboxReader",
    "Place",
    "Received",
    "check_box",
    "conversation",
    "message_id_of",
    "number_in",
    "on_the_wire",
    "place_of",
    "read_mail",
    "with_files",
]
