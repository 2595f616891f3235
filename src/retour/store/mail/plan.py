"""Planning a mail: to a person or an address, in the transaction of what it tells of."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from retour.core.mail import MailKind, life_of
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.jobs import Job, Task, defer
from retour.store.vault import Vault

CODE_PRIORITY: Final = 10  # somebody waits for it

PLAN: Final = """
INSERT INTO mail (tenant_id, id, store_id, kind, resource_kind, resource_id, subject_id, person_id, sealed_address, language,
                  sealed_data, due_at, expires_at)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
SPEAK: Final = """
UPDATE rma SET language = $2 WHERE tenant_id = current_tenant() AND id = $1
"""


def purpose(mail_id: UUID) -> str:
    """Return what the address and the data of a mail are sealed for."""
    return f"mail:{mail_id}"


async def plan(
    db: Db,
    vault: Vault,
    *,
    tenant_id: UUID,
    kind: MailKind,
    to: UUID | str,
    resource_kind: str,
    resource_id: UUID,
    at: datetime,
    store_id: UUID | None = None,
    subject_id: UUID | None = None,
    language: str | None = None,
    secret: Mapping[str, str] | None = None,
) -> UUID:
    """Plan a mail to a person (by id) or an address, with its job, in the open transaction; return its id.

    `secret` is sealed until the mail is sent, then forgotten: `code` and perhaps `link` of a one_time_code; `link`,
    `account`, `invited_by` and perhaps `name` of staff_invited. `subject_id` is what this kind of mail goes out once for
    (a code, a session); without it the mail is one of its own. `language` is a two-letter code, none the store's default.
    """
    mail_id = new_id()
    sealed = vault.lock(msgspec.json.encode(secret), tenant_id=tenant_id, purpose=purpose(mail_id)) if secret else None
    person_id, address = (to, None) if isinstance(to, UUID) else (None, to)
    locked = vault.lock(address.encode(), tenant_id=tenant_id, purpose=purpose(mail_id)) if address else None
    await db.execute(
        PLAN, mail_id, store_id, kind.value, resource_kind, resource_id, subject_id or mail_id, person_id, locked,
        language, sealed, at, at + life_of(kind),
    )  # fmt: skip
    await defer(db, [Job(Task.MAIL, mail_id, priority=CODE_PRIORITY if kind is MailKind.ONE_TIME_CODE else 0)])
    return mail_id


async def speak(db: Db, *, rma_id: UUID, language: str) -> None:
    """Keep the language that the shopper of a return reads; its mails are written in it."""
    await db.execute(SPEAK, rma_id, language)
