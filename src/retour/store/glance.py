"""What a request is read with in one look: what its reasons stand for, and whether its shopper is known from before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.order import Person
from retour.core.why import Given
from retour.store import fraud, why
from retour.store.db import Db

# Only whom a return, a further person of the same identity or a list knows can show a sign; nobody else's past is read.
# Each key is looked up by itself, so that no plan made while there were few of them reads them all. Of reasons an
# archived one is still known, and asks nothing any more.
GLANCE: Final = """
WITH hit AS (SELECT * FROM unnest($1::text[], $2::bytea[]) AS k (kind, key))
SELECT EXISTS (SELECT FROM rma r WHERE r.tenant_id = current_tenant() AND r.person_id = $3)
    OR EXISTS (SELECT FROM hit CROSS JOIN LATERAL (
                 SELECT FROM person_key k WHERE k.tenant_id = current_tenant() AND k.kind = hit.kind AND k.key = hit.key
                    AND k.person_id <> $3 LIMIT 1) AS other)
    OR EXISTS (SELECT FROM hit CROSS JOIN LATERAL (
                 SELECT FROM shopper_list l WHERE l.tenant_id = current_tenant() AND l.kind = hit.kind
                    AND l.key = hit.key AND l.removed_at IS NULL LIMIT 1) AS listed) AS is_known,
       (SELECT jsonb_build_object('returns', f.returns, 'share_bp', f.share_bp, 'worn', f.worn, 'swapped', f.swapped,
                                  'without_goods', f.without_goods, 'others', f.others, 'review_from', f.review_from)
          FROM fraud_limit f WHERE f.tenant_id = current_tenant() AND f.store_id = $4) AS limits,
       (SELECT jsonb_agg(jsonb_build_object(
                 'code', r.code, 'standard_group', r.standard_group, 'active', r.archived_at IS NULL,
                 'note', r.note_required OR coalesce(p.note_required, false),
                 'questions', coalesce(p.questions, '[]'::jsonb) || r.questions,
                 'language', (SELECT l.default_language FROM look l
                               WHERE l.tenant_id = r.tenant_id AND l.store_id = r.store_id)))
          FROM reason r LEFT JOIN reason p ON p.tenant_id = r.tenant_id AND p.id = r.parent_id
         WHERE r.tenant_id = current_tenant() AND r.store_id = $4 AND r.code = ANY ($5::text[])) AS reasons
"""


@dataclass(frozen=True, slots=True)
class Glance:
    """The reasons that a request gives, by code without those the store does not know, and the score of its shopper."""

    given: dict[str, Given]
    weighed: fraud.Weighed


async def glance(
    db: Db,
    *,
    tenant_id: UUID,
    store_id: UUID,
    person_id: UUID,
    person: Person,
    reasons: Sequence[str],
    now: datetime,
) -> Glance:
    """Return what the reasons stand for and how the shopper is scored now."""
    keys = fraud.keys_of(tenant_id, person_id, person)
    row = await db.fetchrow(
        GLANCE, [kind for kind, _ in keys], [key for _, key in keys], person_id, store_id, sorted(set(reasons))
    )
    assert row is not None, "a look has a row"
    if row["is_known"]:
        weighed = await fraud.weigh(db, keys=keys, person_id=person_id, store_id=store_id, now=now)
    else:
        weighed = fraud.stranger(keys, person_id, fraud.limits_of(row["limits"]))
    return Glance({one["code"]: why.given_of(one) for one in row["reasons"] or ()}, weighed)
