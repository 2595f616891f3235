"""What other systems and people send in to become a return or an order: its shape, and what it belongs to."""

from retour.core.intake.association import (
    Association,
    Candidate,
    Clues,
    Point,
    Scored,
    Verdict,
    associate,
)
from retour.core.intake.document import Item, ReturnDocument, Tracking, read_return
from retour.core.intake.draft import Kept, Read
from retour.core.intake.items import Unmatched, Wanted, match_items
from retour.core.intake.message import Message, read_letter
from retour.core.intake.order_document import read_order
from retour.core.intake.schema import MESSAGE_FORMAT, ORDER_FORMAT, RETURN_FORMAT, SCHEMAS
from retour.core.intake.shape import problems
from retour.core.intake.table import FileReturn, read_table
from retour.core.intake.text import TextRead, read_text

__all__ = [
    "MESSAGE_FORMAT",
    "ORDER_FORMAT",
    "RETURN_FORMAT",
    "SCHEMAS",
    "Association",
    "Candidate",
    "Clues",
    "FileReturn",
    "Item",
    "Kept",
    "Message",
    "Point",
    "Read",
    "ReturnDocument",
    "Scored",
    "TextRead",
    "Tracking",
    "Unmatched",
    "Verdict",
    "Wanted",
    "associate",
    "match_items",
    "problems",
    "read_letter",
    "read_order",
    "read_return",
    "read_table",
    "read_text",
]
