"""Finding shoppers by what staff know of them; exact things first, then words."""

from typing import Final
from uuid import UUID

from retour.store import words
from retour.store.db import Db
from retour.store.order.people import fold_email, fold_phone

MOST: Final = 1_000
MOST_TEXT: Final = 200
SHORTEST_PHONE: Final = 6  # digits

EXACT: Final = """
SELECT id FROM person WHERE tenant_id = current_tenant() AND email_folded = $1::text
UNION
SELECT id FROM person WHERE tenant_id = current_tenant() AND phone_digits = $2::text
LIMIT 1000
"""


def plain(text: str) -> str:
    """Return what was typed as it is looked for: one blank between words, 200 characters at most."""
    return " ".join(text.replace("\0", "").split())[:MOST_TEXT]


async def exact(db: Db, text: str) -> list[UUID]:
    """Return the shoppers with that e-mail address or phone number."""
    phone = fold_phone(text)
    email = fold_email(text) if "@" in text else None
    phone = phone if phone and len(phone) >= SHORTEST_PHONE else None
    if email is None and phone is None:
        return []
    return [row["id"] for row in await db.fetch(EXACT, email, phone)]


async def find(db: Db, text: str) -> list[UUID]:
    """Return the shoppers that a text means, 1,000 at most: by address or number, else by the beginnings of its words."""
    text = plain(text)
    return await exact(db, text) or await words.people(db, text)
