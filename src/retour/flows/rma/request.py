"""Asking for a return: the policy decides, the units are claimed, the promise is kept with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from retour.core import kind as kinds
from retour.core import refund
from retour.core.beyond import firm, free_ways, reason_of
from retour.core.draft import FEE_TAG
from retour.core.errors import Objection, Refused
from retour.core.event import EventType
from retour.core.fraud import Score
from retour.core.policy import Asked, CompiledPolicy, LineDecision, Request, decide, gather, time_zone
from retour.core.policy.encoding import frozen_line_decision
from retour.core.policy.outcome import Approval, MethodKind
from retour.core.rma import Blocked, Decision, Moment, Span, count, lowest, minus
from retour.core.rma.state import STAYS, common, join_spans
from retour.core.search import words_of
from retour.core.settling import Bearing, Returning, divide, terms_for
from retour.core.terms import offer_of
from retour.core.ways import Ways, ways_back
from retour.core.why import Given
from retour.flows.rma.asking import CARRIED_OUT, Asking, Judged, Opened, Promise, Wish
from retour.flows.rma.charge import is_beforehand
from retour.flows.rma.sent_along import all_wanted, answered, check_photos, give_photos, group_of, lacks_photos
from retour.flows.rma.swap import check_articles, keep_articles
from retour.store import fee as fees
from retour.store import jobs, policy
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.glance import glance
from retour.store.idempotency import Answer
from retour.store.ids import new_id
from retour.store.order import OrderRecord
from retour.store.policy import PolicyCache
from retour.store.refund import Counter, Position
from retour.store.rma import edit


async def judge(
    db: Db,
    asking: Asking,
    *,
    now: datetime,
    policies: PolicyCache,
    lock: bool,
    any_resolution: bool = False,
) -> Judged:
    """Return what the policy says about a request and what it would pay; raise Refused with every objection.

    With `any_resolution` a resolution that is not offered is no objection: what is offered stands in the lines.
    """
    wishes = asking.wishes
    if asking.gift:
        kinds.check_gift(asking.kind, [wish.resolution for wish in wishes])
    if asking.unlimited is not None:
        reason_of(asking.unlimited)
    if not wishes:
        raise Refused("nothing_given", "name at least one line", field="lines")
    ground = await returns.ground(db, asking.order_id, lock=lock)
    if ground is None or ground.order.store_id != asking.store_id:
        raise Refused("order_not_found", "there is no such order", field="order_id")
    found, store = ground.order, ground.store
    if store.return_master != "retour":
        raise Refused("another_master", "returns of this store are opened on its platform")
    if FEE_TAG in found.order.tags:
        raise Refused("fee_not_returnable", "the order pays the fee of a return; nothing of it comes back")
    if store.policy_version_id is None:
        raise Refused("policy_not_published", "the store has no published policy")
    at = await refunds.position(db, asking.order_id)
    if asking.instead_of is not None:
        at = at.without(await edit.claims(db, asking.instead_of), sent=asking.kind != kinds.Kind.CANCELLATION)
    shopper = at.customer
    assert shopper is not None, "the past was asked for"
    seen = await glance(
        db, tenant_id=shopper.tenant_id, store_id=store.id, person_id=found.person_id, person=shopper.identity,
        reasons=[wish.reason for wish in wishes], now=now,
    )  # fmt: skip
    given, weighed = seen.given, seen.weighed
    asked_at = _asked_at(asking, found, now)
    lines, aside = await _decide(db, found, store, at, asking, given, weighed.score, now=asked_at, policies=policies)
    if not any_resolution:
        aside += _check_offered(lines, wishes, unlimited=asking.unlimited is not None)
    spans = tuple(_units_for(at, wish, index, asking.kind) for index, wish in enumerate(wishes))
    compiled = await policies.get(db, store.policy_version_id)
    ways = _ways(lines, asking, compiled)
    promise = _promise(found, at, asking, lines, spans, ways, compiled)
    wanted = all_wanted(lines, wishes, given)
    return Judged(
        found, store, store.policy_version_id, at, lines, spans, promise, ways, ground.number, wanted=wanted,
        lacks_photos=lacks_photos(wishes, wanted), set_aside=tuple(aside), weighed=weighed,
        gift_unproven=asking.gift_unproven,
    )  # fmt: skip


def _asked_at(asking: Asking, found: OrderRecord, now: datetime) -> datetime:
    """Return when it was asked for: now, or before and not before the order."""
    said = asking.asked_at
    return said if said is not None and found.order.placed_at <= said <= now else now


async def open_return(
    db: Db,
    asking: Asking,
    *,
    id: UUID,  # noqa: A002 - the id of the return
    actor: str,
    now: datetime,
    policies: PolicyCache,
    keep: Callable[[Opened], Answer] | None = None,
) -> Opened:
    """Open a return and return it as written; approved at once where the policy says so.

    Over the API what the policy wants to know is demanded; a request of other channels that lacks it is looked at.

    With `keep` the answer it gives is kept under its key in the same statement.

    Raises Refused: `nothing_given`, `order_not_found`, `another_master`, `fee_not_returnable`,
    `policy_not_published`, the first objection of
    the policy with all of them, `resolution_not_offered`, `method_not_offered`, `more_than_returnable`, `plan_changed`;
    for what the policy wants to know `note_required`, `answer_required`, `answer_too_long`, `answer_not_accepted`,
    `unknown_question`, `photos_required`; `photo_not_found` and `too_many_photos` for what was sent beforehand;
    `reason_missing` where the policy is set aside without one; `not_an_exchange`, `price_changed` and what the swap is
    refused with, for new articles.
    """
    judged = answered(await judge(db, asking, now=now, policies=policies, lock=True), asking)
    await check_photos(db, asking)
    if asking.plan_hash is not None and asking.plan_hash != judged.promise.hash:
        raise Refused("plan_changed", "the figures have changed since they were shown", field="plan_hash")
    automatic, after = approval_of(judged, asking.kind)
    approved = automatic and not after
    status = Decision.APPROVED if approved else Decision.REQUESTED
    shown = await check_articles(db, judged, asking, now=now)
    new = _new_return(judged, id, asking, status=status, now=now)
    if automatic and not approved:
        new = _approved_later(new, now + after)
    opened = Opened(new, judged)
    await _write(db, opened, asking, approved=approved, actor=actor, answer=keep(opened) if keep else None)
    await give_photos(db, new, asking)
    await keep_articles(db, new, asking, shown, actor=actor, now=now)
    if is_beforehand(judged.promise.plans):
        await fees.expect(db, id, at=now)
    return opened


async def request_return(
    db: Db,
    asking: Asking,
    *,
    id: UUID,  # noqa: A002 - the id of the return
    actor: str,
    now: datetime,
    policies: PolicyCache,
) -> int:
    """Open a return as `open_return` does and return its public number."""
    opened = await open_return(db, asking, id=id, actor=actor, now=now, policies=policies)
    return opened.new.number


def approval_of(judged: Judged, kind: str) -> tuple[bool, timedelta]:
    """Return whether nobody has to look at the request, and how long after it the policy approves it."""
    if kinds.is_granted(kind):
        return True, timedelta()
    automatic = not judged.looked_at and all(
        line.decision.outcome.approval is Approval.AUTO_APPROVE for line in judged.lines
    )
    return automatic, timedelta(hours=max(line.decision.outcome.after_hours for line in judged.lines))


def _approved_later(new: returns.NewReturn, at: datetime) -> returns.NewReturn:
    """Return the return as one that the policy approves at that time unless somebody decides before."""
    blocked = Blocked("retour", "approves_later", new.requested_at, "nothing to do", {"at": at.isoformat()})
    return replace(new, approve_at=at, blocked=blocked)


def _new_return(judged: Judged, rma_id: UUID, asking: Asking, *, status: Decision, now: datetime) -> returns.NewReturn:
    approved, granted = status is Decision.APPROVED, kinds.is_granted(asking.kind)
    if not approved:
        blocked = Blocked("agent", "decision_needed", now, "approve or reject the return")
    elif judged.ways.first.method in STAYS or is_beforehand(judged.promise.plans):
        blocked = Blocked("retour", "work_in_progress", now, "nothing to do")
    elif all(way.method == MethodKind.IN_STORE for way in judged.ways.lines if way.method not in STAYS):
        blocked = Blocked("shopper", "awaiting_visit", now, "bring the items to the counter")
    else:
        blocked = Blocked("shopper", "awaiting_shipment", now, "send the parcel")
    if not approved and judged.weighed.wants_review:
        blocked = Blocked("agent", "fraud_review", now, "look at the signs, then approve or reject")
    assert judged.number is not None, "a return is opened under the order's lock"
    return returns.NewReturn(
        id=rma_id,
        number=judged.number,
        store_id=judged.store.id,
        order_id=judged.order.id,
        person_id=asking.receiver_id or judged.order.person_id,
        gift=asking.gift,
        weighed=judged.weighed,
        kind=asking.kind,
        channel=asking.channel,
        status=status,
        method=judged.ways.first.method,
        location_ref=None,
        policy_version_id=judged.version_id,
        decision=[frozen_line_decision(line) for line in judged.lines],
        promised=judged.promise,
        requested_at=now,
        decided_by=kinds.decider(asking.kind) if approved else None,
        blocked=blocked,
        lines=tuple(
            returns.NewLine(
                new_id(),
                w.line_ref,
                w.quantity,
                w.reason,
                w.note,
                w.resolution,
                spans,
                # What the shopper keeps, never got or was never sent is settled as soon as it is approved.
                settle_on=Moment.APPROVED if way.method in STAYS else said.settle_on.outcome.moment,
                settle_after_hours=0 if way.method in STAYS or granted else said.settle_on.outcome.after_hours,
                resolution_ref=ref_of(said, w),
                method=way.method,
                destination=way.destination,
                answers=w.answers,
            )
            for w, spans, said, way in zip(asking.wishes, judged.spans, judged.lines, judged.ways.lines, strict=True)
        ),
        words=_words(judged.order, asking.wishes),
    )


def _words(found: OrderRecord, wishes: Sequence[Wish]) -> tuple[str, ...]:
    """Return the words that a return is found by: of its goods and of what the shopper wrote."""
    sold = [line for wish in wishes if (line := found.order.line(wish.line_ref)) is not None]
    return words_of(*(line.sku for line in sold), *(line.title for line in sold), *(wish.note for wish in wishes))


async def _write(db: Db, opened: Opened, asking: Asking, *, approved: bool, actor: str, answer: Answer | None) -> None:
    new, judged = opened.new, opened.judged
    facts: dict[str, object] = {
        "number": new.number, "order_id": new.order_id, "promised_minor": judged.promise.total_minor,
    }  # fmt: skip
    photos = sum(len(wish.photos) for wish in asking.wishes)
    if photos:
        facts["photos"] = photos
    named = [wish.article for wish in asking.wishes if wish.article is not None]
    if named:
        facts["articles"] = named
    if judged.looked_at:
        facts["review"] = list(judged.looked_at)
    if asking.unlimited is not None:
        facts["reason"] = reason_of(asking.unlimited)
        facts["objections"] = [{"code": one.code, "field": one.field} for one in judged.set_aside]
    told: list[tuple[EventType, str]] = [(EventType.RETURN_REQUESTED, actor)]
    if approved:
        told.append((EventType.RETURN_APPROVED, kinds.decider(new.kind)))
    # Also what waits for a person moves on: the platform is to show it as a request.
    await returns.open_(
        db,
        new,
        said=told,
        cause=f"policy:{judged.store.policy_version}",
        data=facts,
        nudges=[jobs.Job(jobs.Task.ADVANCE, new.id)],
        answer=answer,
    )


async def _decide(
    db: Db,
    found: OrderRecord,
    store: policy.StoreContext,
    at: Position,
    asking: Asking,
    given: Mapping[str, Given],
    scored: Score,
    *,
    now: datetime,
    policies: PolicyCache,
) -> tuple[tuple[LineDecision, ...], list[Objection]]:
    """Return what the policy says of each line and which of its objections are set aside; raise Refused with the rest."""
    assert store.policy_version_id is not None
    compiled = await policies.get(db, store.policy_version_id)
    facts = gather(
        found.order,
        person=at.person,
        request=Request(
            tuple(
                Asked(w.line_ref, w.quantity, w.reason, w.resolution, group_of(given, w.reason)) for w in asking.wishes
            ),
            asking.kind,
            asking.channel,
            method=asking.method,
            risk=scored.level,
            risk_score=scored.total,
            customer_score=scored.customer,
            flags=scored.flags,
        ),
        history=at.history,
        now=now,
        zone=time_zone(store.timezone),
    )
    decided = decide(compiled, facts)
    said: Sequence[Objection] = decided.objections
    stands = said if asking.unlimited is None else firm(said)
    if stands:
        raise Refused(stands[0].code, stands[0].message, field=stands[0].field, objections=stands)
    return decided.lines, list(said)


def _check_offered(lines: Sequence[LineDecision], wishes: Sequence[Wish], *, unlimited: bool) -> list[Objection]:
    """Return the resolutions that are not offered where that is set aside; else raise Refused for the first.

    What is set aside is a kind alone: a record of the merchant's is chosen only where the policy offers it.
    """
    aside = []
    for index, (line, wish) in enumerate(zip(lines, wishes, strict=True)):
        if offer_of(line, wish.resolution, wish.ref) is not None and wish.resolution in CARRIED_OUT:
            continue
        said = Objection("resolution_not_offered", "that resolution is not offered", f"lines[{index}].resolution")
        if not unlimited or wish.ref is not None or wish.resolution not in CARRIED_OUT:
            raise Refused(said.code, said.message, field=said.field)
        aside.append(replace(said, field=f"lines[{wish.line_ref}].resolution"))  # as the policy names a line
    return aside


def _units_for(at: Position, wish: Wish, index: int, kind: str) -> tuple[Span, ...]:
    """Return the lowest free units of the line; those refunded without a return count from the end.

    Of a cancellation they are the last of those that were never sent.
    """
    counter = at.counter(wish.line_ref)
    if kind == kinds.Kind.CANCELLATION:
        return _unsent_for(counter, at.claimed(wish.line_ref), wish, index)
    fulfilled = counter.fulfilled - counter.refunded_without_return if counter else 0
    free = minus(((1, fulfilled),), at.claimed(wish.line_ref)) if fulfilled > 0 else ()
    mine = lowest(common(free, at.held(wish.line_ref)), wish.quantity)  # what is held already stays what it is
    spans = join_spans(mine, lowest(minus(free, mine), wish.quantity - count(mine)))
    if sum(hi - lo + 1 for lo, hi in spans) < wish.quantity:
        raise Refused("more_than_returnable", "fewer units can come back", field=f"lines[{index}].quantity")
    return spans


def _unsent_for(counter: Counter | None, claimed: tuple[Span, ...], wish: Wish, index: int) -> tuple[Span, ...]:
    free = kinds.unsent(counter.ordered, counter.fulfilled, counter.cancelled, claimed) if counter else ()
    spans = kinds.highest(free, wish.quantity)
    if wish.quantity < 1 or count(spans) < wish.quantity:
        left = count(free)
        sent = counter is not None and counter.fulfilled > 0 and not left
        code, said = ("already_shipped", "it was sent already") if sent else ("nothing_left", "fewer can be cancelled")
        raise Refused(code, said, field=f"lines[{index}].quantity", facts={"left": left})
    return spans


def _promise(
    found: OrderRecord,
    at: Position,
    asking: Asking,
    lines: Sequence[LineDecision],
    spans: Sequence[tuple[Span, ...]],
    ways: Ways,
    compiled: CompiledPolicy,
) -> Promise:
    returning = [
        Returning(wish.line_ref, tuple(refund.UnitRange(lo, hi) for lo, hi in units), wish.resolution,
                  terms_for(line, compiled, resolution=wish.resolution, ref=wish.ref, method=way.method),
                  ref=ref_of(line, wish))
        for wish, line, units, way in zip(asking.wishes, lines, spans, ways.lines, strict=True)
    ]  # fmt: skip
    # The invoice of a fee would go to whoever bought the gift: there it is withheld.
    bearing = Bearing(ahead=() if asking.gift else None)
    after = partial(refunds.ledger_after, found.order, at)
    plans = [part.plan for part in divide(found.order, returning, after, bearing)]
    total = sum(plan.total.presentment for plan in plans)
    return Promise(tuple(plans), "+".join(plan.hash for plan in plans), found.order.currency, total)


def ref_of(line: LineDecision, wish: Wish) -> str | None:
    """Return the merchant's record that was chosen, if the offer names one."""
    offer = offer_of(line, wish.resolution, wish.ref)
    return offer.ref if offer else None


def _ways(lines: Sequence[LineDecision], asking: Asking, compiled: CompiledPolicy) -> Ways:
    """Return how each line comes back; what is kept does not."""
    wanted = asking.method
    if kinds.is_granted(asking.kind) and not all(line.methods.outcome.offered for line in lines):
        return kinds.unoffered_ways(lines)
    stays = [kinds.way_of(asking.kind, wish.reason, wish.resolution) for wish in asking.wishes]
    back = [line for line, way in zip(lines, stays, strict=True) if way is None]
    if asking.unlimited is not None:
        found = free_ways(back, wanted)
    else:
        found = ways_back(back, wanted, compiled.several) if back else Ways(())
    sent = iter(found.lines)
    return Ways(tuple(way or next(sent) for way in stays), found.needs_review)
