"""Policies as versions: drafts that are saved and checked, published at most one per store, immutable from then on.

Whatever is refused leaves the published version in force. A draft is saved against the revision that was read, a
publication against the version that was in force: who comes second is told `state_changed` and changes nothing.
"""

import re
from datetime import datetime
from typing import Final, cast
from uuid import UUID

from retour.core.errors import Refused, Scalar
from retour.core.event import EventType
from retour.core.policy import PolicyDocument, VersionState, decode, encode, template_named
from retour.core.policy import template as first_policy
from retour.store import policy as policies
from retour.store import resolution as resolutions
from retour.store.db import Db
from retour.store.policy import PolicyVersion

_RULE: Final = re.compile(r"rules\[(\d+)\]")


async def publish(db: Db, *, store_id: UUID, document: PolicyDocument, actor: str, now: datetime) -> int:
    """Store and publish a policy document as the next version of the store and return its number.

    Raise Refused(resolution_not_usable) for a resolution that the store does not offer.
    """
    await policies.lock_store(db, store_id)
    await resolutions.check_refs(db, store_id, document)
    version_id, _ = await policies.add_draft(db, store_id=store_id, document=encode(document), author=actor, at=now)
    version = await policies.publish(db, store_id=store_id, version_id=version_id, actor=actor, at=now)
    assert version is not None, "a fresh draft can be published"
    return version


async def publish_after(
    db: Db, *, store_id: UUID, document: PolicyDocument, after: int, actor: str, now: datetime
) -> int:
    """Publish a document if version `after` (0 for none) is the published one still; refuses state_changed."""
    await _stands(db, store_id, after)
    return await publish(db, store_id=store_id, document=document, actor=actor, now=now)


async def start_draft(
    db: Db,
    *,
    store_id: UUID,
    actor: str,
    now: datetime,
    from_version: int | None = None,
    template: str | None = None,
    document: object = None,
) -> PolicyVersion:
    """Start a draft with a document, a template or the content of a version; by default with what is in force.

    Raise Refused(policy_not_found, template_not_found) or what `checked` raises.
    """
    await policies.lock_store(db, store_id)
    origin_version = None
    if document is None and template is not None:
        document = encode(template_named(template).make())
    elif document is None:
        origin_version, document = await _content(db, store_id, from_version)
    plain = encode(await checked(db, store_id=store_id, document=document))
    version_id, version = await policies.add_draft(
        db, store_id=store_id, document=plain, author=actor, at=now, origin_version=origin_version
    )
    told = {"version": version} if origin_version is None else {"version": version, "origin_version": origin_version}
    await policies.tell(db, EventType.POLICY_DRAFTED, store_id, version_id, actor, now, told)
    return await _loaded(db, store_id, version_id)


async def save_draft(
    db: Db, *, store_id: UUID, version_id: UUID, document: object, after: int, actor: str, now: datetime
) -> PolicyVersion:
    """Write a document over revision `after` of a draft.

    Raise Refused(state_changed) if somebody else saved, published or discarded it meanwhile, Refused(policy_not_found)
    or what `checked` raises; the draft stays as it was.
    """
    await policies.lock_store(db, store_id)
    draft = await _loaded(db, store_id, version_id)
    plain = encode(await checked(db, store_id=store_id, document=document))
    revision = await policies.save(
        db, store_id=store_id, version_id=version_id, document=plain, after=after, actor=actor, at=now
    )
    if revision is None:
        raise _overtaken(draft)
    told = {"version": draft.version, "revision": revision}
    await policies.tell(db, EventType.POLICY_DRAFT_SAVED, store_id, version_id, actor, now, told)
    return await _loaded(db, store_id, version_id)


async def discard_draft(db: Db, *, store_id: UUID, version_id: UUID, actor: str, now: datetime) -> None:
    """Put a draft aside for good; raise Refused(policy_not_found, state_changed)."""
    await policies.lock_store(db, store_id)
    draft = await _loaded(db, store_id, version_id)
    if await policies.discard(db, store_id=store_id, version_id=version_id, actor=actor, at=now) is None:
        raise _overtaken(draft)
    told = {"version": draft.version}
    await policies.tell(db, EventType.POLICY_DRAFT_DISCARDED, store_id, version_id, actor, now, told)


async def publish_draft(
    db: Db, *, store_id: UUID, version_id: UUID, after: int, actor: str, now: datetime, revision: int | None = None
) -> PolicyVersion:
    """Publish a draft if version `after` (0 for none) is in force still, and the draft at `revision` if one is given.

    Raise Refused(state_changed, policy_not_found) or what `checked` raises; what was in force stays in force.
    """
    await _stands(db, store_id, after)
    draft = await _loaded(db, store_id, version_id)
    if draft.state != VersionState.DRAFT or revision not in (None, draft.revision):
        raise _overtaken(draft)
    await checked(db, store_id=store_id, document=draft.document)
    version = await policies.publish(db, store_id=store_id, version_id=version_id, actor=actor, at=now)
    assert version is not None, "the draft was read under the lock of its store"
    return await _loaded(db, store_id, version_id)


async def revert(db: Db, *, store_id: UUID, to: int, after: int, actor: str, now: datetime) -> PolicyVersion:
    """Publish the content of an earlier version as a new one, if version `after` is in force still.

    Raise Refused(state_changed, policy_not_found, move_not_allowed) or what `checked` raises.
    """
    await _stands(db, store_id, after)
    earlier = await _loaded(db, store_id, await _numbered(db, store_id, to))
    if earlier.state != VersionState.RETIRED:
        raise Refused("move_not_allowed", f"version {to} is {earlier.state}, and only a retired one comes back")
    plain = encode(await checked(db, store_id=store_id, document=earlier.document))
    version_id, _ = await policies.add_draft(
        db, store_id=store_id, document=plain, author=actor, at=now, origin_version=to
    )
    version = await policies.publish(db, store_id=store_id, version_id=version_id, actor=actor, at=now)
    told = {"version": version, "to": to}
    await policies.tell(db, EventType.POLICY_REVERTED, store_id, version_id, actor, now, told)
    return await _loaded(db, store_id, version_id)


async def checked(db: Db, *, store_id: UUID, document: object) -> PolicyDocument:
    """Return a document, given whole or as plain JSON, that this store may publish.

    Raise Refused with the codes of `decode`, currency_mismatch or resolution_not_usable; `field` is the path and,
    inside a rule, the facts `rule` and `rule_name` say which one.
    """
    plain = encode(document) if isinstance(document, PolicyDocument) else document
    try:
        read = decode(plain)
    except Refused as refused:
        raise naming_rule(refused, plain) from refused
    context = await policies.context(db, store_id)
    if context is None:
        raise Refused("store_not_found", "there is no such store")
    if read.currency not in (None, context.currency):
        words = f"currency: the books of the store are kept in {context.currency}"
        raise Refused("currency_mismatch", words, field="currency")
    try:
        await resolutions.check_refs(db, store_id, read)
    except Refused as refused:
        raise naming_rule(refused, plain) from refused
    return read


async def _stands(db: Db, store_id: UUID, after: int) -> None:
    """Lock the policies of the store; raise Refused(state_changed) unless version `after` is in force."""
    await policies.lock_store(db, store_id)
    found = await policies.published(db, store_id)
    if (found[1] if found else 0) != after:
        raise Refused("state_changed", "somebody published another version meanwhile")


async def _content(db: Db, store_id: UUID, version: int | None) -> tuple[int | None, object]:
    """Return a version by its number, or by default what is in force, or else the policy to start from."""
    if version is not None:
        return version, (await _loaded(db, store_id, await _numbered(db, store_id, version))).document
    in_force = await policies.published(db, store_id)
    if in_force is None:
        return None, encode(first_policy())
    return in_force[1], (await _loaded(db, store_id, in_force[0])).document


async def _numbered(db: Db, store_id: UUID, version: int) -> UUID:
    version_id = await policies.numbered(db, store_id, version)
    if version_id is None:
        raise Refused("policy_not_found", f"there is no version {version}")
    return version_id


async def _loaded(db: Db, store_id: UUID, version_id: UUID) -> PolicyVersion:
    found = await policies.get_version(db, store_id, version_id)
    if found is None:
        raise Refused("policy_not_found", "there is no such policy version")
    return found


def _overtaken(draft: PolicyVersion) -> Refused:
    if draft.state != VersionState.DRAFT:
        return Refused("state_changed", f"version {draft.version} is no draft any more: it is {draft.state}")
    facts: dict[str, Scalar] = {
        "revision": draft.revision,
        "changed_by": draft.changed_by,
        "changed_at": draft.changed_at.isoformat(),
    }
    return Refused("state_changed", "somebody saved the draft meanwhile", facts=facts)


def naming_rule(refused: Refused, document: object) -> Refused:
    """Return the refusal with the rule that it speaks of, if it speaks of one."""
    match = _RULE.match(refused.field or "")
    if match is None:
        return refused
    rules = cast("list[object]", cast("dict[str, object]", document)["rules"])
    rule = rules[int(match[1])]
    named = rule if isinstance(rule, dict) else {}
    facts = dict(refused.facts)
    for fact, key in (("rule", "id"), ("rule_name", "name")):
        if isinstance(named.get(key), str):
            facts[fact] = str(named[key])[:200]
    return Refused(refused.code, refused.message, field=refused.field, facts=facts, objections=refused.objections)
