"""Publishing policies: each document becomes an immutable version."""

from datetime import datetime
from uuid import UUID

from retour.core.errors import Refused
from retour.core.policy import PolicyDocument, encode
from retour.store import policy as policies
from retour.store import resolution as resolutions
from retour.store.db import Db


async def publish(db: Db, *, store_id: UUID, document: PolicyDocument, actor: str, now: datetime) -> int:
    """Store and publish a policy document as the next version of the store and return its number.

    Raises Refused(resolution_not_usable) for a resolution that the store does not offer.
    """
    await policies.lock_store(db, store_id)
    await resolutions.check_refs(db, store_id, document)
    version_id, _ = await policies.add_draft(db, store_id=store_id, document=encode(document), author=actor)
    version = await policies.publish(db, store_id=store_id, version_id=version_id, actor=actor, at=now)
    assert version is not None, "a fresh draft can be published"
    return version


async def publish_after(
    db: Db, *, store_id: UUID, document: PolicyDocument, after: int, actor: str, now: datetime
) -> int:
    """Publish a document if version `after` (0 for none) is the published one still; refuses state_changed."""
    await policies.lock_store(db, store_id)
    context = await policies.context(db, store_id)
    if context is None or (context.policy_version or 0) != after:
        raise Refused("state_changed", "somebody published another version meanwhile")
    return await publish(db, store_id=store_id, document=document, actor=actor, now=now)
