"""Keeping what a shopper has answered so far."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from retour.store import visit as visits
from retour.store.db import Db


async def keep_answers(db: Db, *, visit_id: UUID, answers: Mapping[str, Any], now: datetime) -> None:
    """Keep the draft of a return with the visit, in place of what was kept before."""
    await visits.answer(db, visit_id, answers, at=now)
