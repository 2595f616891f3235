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
from retour.core.intake.items import Unmatched, Wanted, match_items
from retour.core.intake.order_document import read_order
from retour.core.intake.schema import ORDER_FORMAT, RETURN_FORMAT, SCHEMAS
from retour.core.intake.shape import problems

__all__ = [
    "ORDER_FORMAT",
    "RETURN_FORMAT",
    "SCHEMAS",
    "Association",
    "Candidate",
    "Clues",
    "Item",
    "Point",
    "ReturnDocument",
    "Scored",
    "Tracking",
    "Unmatched",
    "Verdict",
    "Wanted",
    "associate",
    "match_items",
    "problems",
    "read_order",
    "read_return",
]
