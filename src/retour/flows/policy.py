"""Policies at work: compiled once per version, decided from frozen facts, and the terms a refund follows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from retour.core import refund
from retour.core.effect import EffectKind
from retour.core.errors import Refused
from retour.core.policy import (
    CompiledPolicy,
    LineDecision,
    LineFacts,
    PolicyDocument,
    compile_policy,
    decide,
    decode,
    encode,
)
from retour.core.policy.outcome import Fee, ResolutionKind
from retour.core.rma import Ownership
from retour.store import policy as policies
from retour.store.db import Db
from retour.store.policy import StoreContext

_KEEP = 256


class PolicyCache:
    """Compiled policy versions of this process; a version never changes, so nothing goes stale."""

    def __init__(self) -> None:
        self._compiled: dict[UUID, CompiledPolicy] = {}

    async def get(self, db: Db, version_id: UUID) -> CompiledPolicy:
        """Return the compiled version; raise Refused(policy_not_found)."""
        compiled = self._compiled.get(version_id)
        if compiled is None:
            found = await policies.document(db, version_id)
            if found is None:
                raise Refused("policy_not_found", "there is no such policy version")
            compiled = compile_policy(decode(found[1]), version=str(found[0]))
            if len(self._compiled) >= _KEEP:
                self._compiled.clear()
            self._compiled[version_id] = compiled
        return compiled


async def publish(db: Db, *, store_id: UUID, document: PolicyDocument, actor: str, now: datetime) -> int:
    """Store and publish a policy document as the next version of the store and return its number."""
    version_id, _ = await policies.add_draft(db, store_id=store_id, document=encode(document), author=actor)
    version = await policies.publish(db, store_id=store_id, version_id=version_id, actor=actor, at=now)
    assert version is not None, "a fresh draft can be published"
    return version


def ownership(store: StoreContext, capable_of: frozenset[EffectKind]) -> Ownership:
    """Return who masters what in a store whose platform is capable of these effects."""
    return Ownership(
        returns=store.return_master,
        refunds=store.refund_master,
        restocks=store.restock_master,
        tag_on=store.tag_on,
        location_ref=store.location_ref,
        capable_of=capable_of,
        paused=store.paused,
    )


def terms_of(line: LineDecision, resolution: str) -> refund.RefundTerms:
    """Return the terms under which a line is refunded, from the rulings frozen with it."""
    said = line.refund_terms.outcome
    return refund.RefundTerms(
        shipping=refund.ChargeMode(said.shipping.value),
        tender_order=said.tender_order,
        restocking=_restocking(line, resolution),
    )


def _restocking(line: LineDecision, resolution: str) -> refund.RestockingFee | None:
    offer = next((o for o in line.resolutions.outcome.offered if o.kind == resolution), None)
    fee: Fee | None = offer.restocking_fee if offer else None
    if fee is None:
        return None
    per = refund.FeePer(fee.per.value) if fee.per.value in ("return", "line", "unit") else refund.FeePer.RETURN
    currency = line.facts.books_currency if fee.fixed_minor else None
    return refund.RestockingFee(bp=fee.bp, fixed_minor=fee.fixed_minor, currency=currency, per=per)


def rulings(policy: CompiledPolicy, facts: Sequence[LineFacts]) -> Mapping[str, LineDecision]:
    """Return the decision per line ref, recomputed from frozen facts."""
    return {line.line_ref: line for line in decide(policy, facts).lines}


def offered(line: LineDecision) -> frozenset[ResolutionKind]:
    """Return the resolutions the policy offers for a line."""
    return frozenset(offer.kind for offer in line.resolutions.outcome.offered)
