"""Carrying effects out exactly once: lease, mark, call outside any transaction, settle under the same lease.

One code path for every connector and every kind of effect. A timeout is `unknown`, never failed; unknown is resolved
under the same key inside its trusted window, else by a read-back after the quiet period, else by a person.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from retour.core.effect import Effect, EffectKind, EffectState, Step, Timing, next_step
from retour.core.event import EventType
from retour.core.ports import (
    Credential,
    EffectConnector,
    Outcome,
    ReadBack,
    Silence,
    Verdict,
    WireAnswer,
    WireRequest,
)
from retour.store import breaker, discrepancy, jobs
from retour.store import connection as connections
from retour.store import effect as effects
from retour.store import rma as returns
from retour.store.connection import Connection
from retour.store.db import AGAIN, Database, Db
from retour.store.effect import Claim
from retour.store.effect.outcome import book_outcome, enter_in_ledger
from retour.store.rma import address as addresses
from retour.store.vault import Vault

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long leases, pauses and polls last; milliseconds in tests, seconds and minutes at work."""

    lease: timedelta = timedelta(seconds=60)
    pause: timedelta = timedelta(seconds=2)
    longest_pause: timedelta = timedelta(minutes=10)
    poll: timedelta = timedelta(minutes=1)
    stopped: timedelta = timedelta(seconds=2)
    rounds: int = 6

    def back_off(self, tries: int) -> timedelta:
        """Return the pause before the next try, doubling up to the longest."""
        return min(self.pause * (1 << min(tries, 16)), self.longest_pause)


# Moves a return on inside the open transaction that holds its lock, and returns the executor's jobs that follow.
MoveOn = Callable[[Db, UUID, UUID], Awaitable[Sequence[jobs.Job]]]


@dataclass(frozen=True, slots=True)
class Carrier:
    """What the executor needs to carry effects out: the database, the connectors, the key to credentials, its pace.

    With `move_on` (tenant, return) a return moves on in the transaction that confirms its effect, else by a job. The
    `vault` opens where the shopper of a return is.
    """

    database: Database
    connectors: Callable[[str], EffectConnector]
    open_credential: Callable[[Connection], Credential]
    pace: Pace
    clock: Callable[[], datetime]
    vault: Vault
    move_on: MoveOn | None = None


async def carry_out(carrier: Carrier, *, tenant_id: UUID, effect_id: UUID) -> Sequence[jobs.Job]:
    """Carry one effect out as far as it goes now; harmless for an effect that is not due, held elsewhere or done.

    Return what follows, to be done by the caller at once (it was not enqueued): only with the carrier's `move_on`.
    """
    for _ in range(carrier.pace.rounds):
        again = await _round(carrier, tenant_id, effect_id)
        if not isinstance(again, bool):
            return again
        if not again:
            break
    return ()


# Whether another step may follow at once; or, now that the effect is confirmed, what follows from it.
_Again = bool | Sequence[jobs.Job]


@dataclass(frozen=True, slots=True)
class _Taken:
    """A claimed effect and what is to be done with it; `sending` if it was marked as sent along with the claim."""

    claim: Claim
    connector: EffectConnector
    step: Step
    since: datetime
    sending: Effect | None = None
    credential: Credential | None = None


async def _round(carrier: Carrier, tenant_id: UUID, effect_id: UUID) -> _Again:
    """Take one step with the effect."""
    try:
        taken = await _take(carrier, tenant_id, effect_id, marking=True)
    except effects.SendRefused:  # the claim is lost with the mark: claim it alone, and let the mark say why not
        taken = await _take(carrier, tenant_id, effect_id, marking=False)
    if taken is None:
        return False
    claim, connector = taken.claim, taken.connector
    if taken.sending is not None and taken.credential is not None:
        return await _call(carrier, connector, taken.credential, claim, taken.sending)
    if taken.step is Step.SEND:
        return await _send(carrier, connector, claim.connection, claim)
    if taken.step in (Step.READ_BACK, Step.POLL):
        return await _read_back(carrier, connector, claim.connection, claim)
    async with carrier.database.tx(tenant_id) as db:
        if taken.step is Step.WAIT:
            await effects.postpone(db, claim.effect, wait=max(taken.since - claim.now, timedelta(0)))
        else:
            await _park(carrier, db, claim, "no way to find out whether it happened")
    return False


async def _take(carrier: Carrier, tenant_id: UUID, effect_id: UUID, *, marking: bool) -> _Taken | None:
    """Claim the effect and, if it can be sent as it is, mark it as sent in the same transaction (`marking`).

    Nothing if it is not due, held elsewhere or stopped. Raises SendRefused; then nothing was claimed either.
    """
    async with carrier.database.tx(tenant_id) as db:
        claim = await effects.claim(db, effect_id, lease=carrier.pace.lease)
        if claim is None:
            return None
        if claim.stopped or claim.connection.state != "connected":
            reason = claim.stopped or "needs_reconnect"
            await effects.postpone(db, claim.effect, wait=carrier.pace.stopped, message=reason)
            return None
        connector = carrier.connectors(claim.connection.platform)
        step, since = next_step(
            claim.effect,
            timing=Timing(claim.trusted_window, claim.quiet_period),
            can_read_back=True,
            repeat_harmless=claim.repeat_harmless,
            now=claim.now,
        )
        taken = _Taken(claim, connector, step, since)
        if not marking or step is not Step.SEND or _guard(connector, claim) is not None:
            return taken
        if await breaker.must_wait(db, claim, at=carrier.clock()):
            await effects.postpone(db, claim.effect, wait=carrier.pace.stopped, message="payments_paused")
            return None
        credential = carrier.open_credential(claim.connection)  # what fails here has marked nothing
        n = await effects.mark_sending(db, claim.effect, guard=None)
        assert n is not None, "the lease was taken in this transaction"
        return replace(taken, sending=effects.as_sent(claim.effect, attempt=n, guard=None), credential=credential)


def _guard(connector: EffectConnector, claim: Claim) -> WireRequest | None:
    """Return the read that must precede the send, if there is one.

    A read-back compares with the state before the first send; what is merely repeated, or took nothing out yet, looks anew.
    """
    anew = claim.effect.kind is EffectKind.REMOVE_FROM_RETURN and claim.effect.state is EffectState.INTENT
    needed = claim.repeat_harmless or anew or not claim.effect.guard_before
    return connector.build_guard(claim.effect) if needed else None


async def _send(carrier: Carrier, connector: EffectConnector, connection: Connection, claim: Claim) -> _Again:
    credential = carrier.open_credential(connection)
    guard, guarding = None, _guard(connector, claim)
    if guarding is not None:
        answer = await connector.send(credential, guarding)
        if await _is_locked_out(carrier, connector, claim, answer):
            return False
        guard = connector.read_guard(await _addressed(carrier, claim), answer)
        if guard is None:
            await _postpone(carrier, claim, "the state before the effect could not be read")
            return False
    sending = await _mark(carrier, claim, guard)
    return False if sending is None else await _call(carrier, connector, credential, claim, sending)


async def _addressed(carrier: Carrier, claim: Claim) -> Effect:
    """Return the effect with where its goods go, if its return has an address of its own."""
    if claim.effect.kind is not EffectKind.DRAFT_EXCHANGE or claim.rma_id is None:
        return claim.effect
    async with carrier.database.tx(claim.effect.tenant_id) as db:
        return replace(claim.effect, ship_to=await addresses.of_return(db, carrier.vault, claim.rma_id))


async def _call(
    carrier: Carrier, connector: EffectConnector, credential: Credential, claim: Claim, sending: Effect
) -> _Again:
    """Send what is marked as sent, and settle what the answer means."""
    answer = await connector.send(credential, connector.build(sending))
    return await _settle(carrier, claim, sending, connector.classify(sending, answer), what="answer")


async def _mark(carrier: Carrier, claim: Claim, guard: Mapping[str, object] | None) -> Effect | None:
    """Write down that the effect is about to be sent; nothing if the database refuses or somebody was faster."""
    try:
        async with carrier.database.tx(claim.effect.tenant_id) as db:
            if await breaker.must_wait(db, claim, at=carrier.clock()):
                await effects.postpone(db, claim.effect, wait=carrier.pace.stopped, message="payments_paused")
                return None
            n = await effects.mark_sending(db, claim.effect, guard=guard)
    except effects.SendRefused as refused:
        if refused.busy:
            await _postpone(carrier, claim, "another effect of the order is on its way")
        elif refused.stopped:
            await _postpone(carrier, claim, "effects_stopped")
        elif _is_in_doubt(claim):
            await _postpone(carrier, claim, "the time in which the key is trusted has just ended")
        else:
            async with carrier.database.tx(claim.effect.tenant_id) as db:
                await _park(carrier, db, claim, f"the database refused the send: {refused}")
        return None
    return None if n is None else effects.as_sent(claim.effect, attempt=n, guard=guard)


async def _read_back(carrier: Carrier, connector: EffectConnector, connection: Connection, claim: Claim) -> _Again:
    effect = claim.effect
    answer = await connector.send(carrier.open_credential(connection), connector.build_readback(effect))
    if await _is_locked_out(carrier, connector, claim, answer):
        return False
    if _unusable(answer):
        await _postpone(carrier, claim, "the far side could not be read")
        return False
    seen: ReadBack = connector.read_back(effect, answer)
    torn = effect.state is EffectState.PENDING and seen.outcome is not None and seen.outcome.verdict is Verdict.UNKNOWN
    if seen.found == "present" and seen.outcome is not None and not torn:
        return await _settle(carrier, claim, effect, seen.outcome, what="readback")
    if seen.found == "inconclusive" and seen.outcome is not None:
        return await _read_again(carrier, claim, seen.outcome)
    async with carrier.database.tx(effect.tenant_id) as db:
        looked = Outcome(Verdict.UNKNOWN, far_code=seen.found)
        await effects.note_answer(db, effect, attempt=effect.attempts, what="readback", outcome=looked)
        if effect.state is EffectState.PENDING and not torn:
            await effects.postpone(db, effect, wait=carrier.pace.poll)
            return False
        if seen.found == "absent":
            # The claim's clock is before the read: what was absent then was absent after the quiet period.
            return await effects.record_negative_readback(db, effect, looked_at=claim.now)
        await _park(carrier, db, claim, "the far side does not say clearly whether it happened")
    return False


async def _read_again(carrier: Carrier, claim: Claim, trouble: Outcome) -> bool:
    """Look again later: the answer to the read itself was of no use, which says nothing about the effect."""
    async with carrier.database.tx(claim.effect.tenant_id) as db:
        await effects.note_answer(db, claim.effect, attempt=claim.effect.attempts, what="readback", outcome=trouble)
        again_in = _after(carrier, claim.effect, trouble)
        await effects.postpone(db, claim.effect, wait=again_in, message="the far side could not be read")
        if trouble.verdict is Verdict.NEEDS_RECONNECT:
            await connections.lock_out(db, claim.effect.connection_id, actor="retour", at=carrier.clock())
    return False


class _NotMovedOn(Exception):  # noqa: N818 - nothing of the transaction was committed
    """What follows from a confirmed effect failed; the answer has yet to be written."""


async def _settle(carrier: Carrier, claim: Claim, effect: Effect, outcome: Outcome, *, what: str) -> _Again:
    """Write what an answer means, with all that follows from it; return whether the effect may go on at once."""
    try:
        return await carrier.database.run(
            effect.tenant_id, lambda db: _write(carrier, db, claim, effect, outcome, what, carrier.move_on)
        )
    except _NotMovedOn:
        _log.exception("the answer of an effect is kept alone: what follows failed", effect=str(effect.id))
    return await carrier.database.run(
        effect.tenant_id, lambda db: _write(carrier, db, claim, effect, outcome, what, None)
    )


async def _write(
    carrier: Carrier, db: Db, claim: Claim, effect: Effect, outcome: Outcome, what: str, move_on: MoveOn | None
) -> _Again:
    now = carrier.clock()
    head = None if claim.rma_id is None else await returns.lock_head(db, claim.rma_id)
    if outcome.verdict is Verdict.KEY_SPENT:
        await effects.note_answer(db, effect, attempt=effect.attempts, what=what, outcome=outcome)
        return await effects.to_new_key(db, effect, outcome=outcome)
    to = _TO[outcome.verdict]
    if to is EffectState.INTENT and what == "answer" and _is_in_doubt(claim):
        to = EffectState.UNKNOWN
    if to is EffectState.FAILED and what == "readback" and effect.state is EffectState.UNKNOWN:
        to = EffectState.PENDING  # it is there, so it is not unknown any more; the next look sees it fail
    if what == "readback" and to is EffectState.INTENT:
        await effects.note_answer(db, effect, attempt=effect.attempts, what=what, outcome=outcome)
        await effects.postpone(db, effect, wait=carrier.pace.back_off(effect.attempts))
        return False
    again_in = _again(carrier, claim, effect, outcome)
    settled = await effects.settle(db, effect, to=to, outcome=outcome, again_in=again_in, what=what)
    if not settled.is_ours:
        await effects.note_answer(db, effect, attempt=effect.attempts, what="late_answer", outcome=outcome)
        return False
    if outcome.verdict is Verdict.NEEDS_RECONNECT:
        await connections.lock_out(db, claim.effect.connection_id, actor="retour", at=now)
    moving = move_on if to is EffectState.CONFIRMED and head is not None else None
    await book_outcome(db, effect, head=head, to=to, outcome=outcome, at=now, nudge=moving is None)
    follows: _Again = False
    if moving is not None and head is not None:
        follows = await _moved_on(moving, db, effect.tenant_id, head.id)
    if to is EffectState.CONFIRMED:
        await enter_in_ledger(db, effect, at=now)
    return follows


async def _moved_on(move_on: MoveOn, db: Db, tenant_id: UUID, rma_id: UUID) -> Sequence[jobs.Job]:
    try:
        return await move_on(db, tenant_id, rma_id)
    except AGAIN:  # a deadlock: all of it once more
        raise
    except Exception as fault:  # the executor's edge: no fault of ours may cost the far side's answer
        raise _NotMovedOn from fault


_TO = {
    Verdict.OK: EffectState.CONFIRMED,
    Verdict.PENDING: EffectState.PENDING,
    Verdict.REJECTED: EffectState.FAILED,
    Verdict.NOT_EXECUTED: EffectState.INTENT,
    Verdict.NEEDS_RECONNECT: EffectState.INTENT,
    Verdict.UNKNOWN: EffectState.UNKNOWN,
}


def _is_in_doubt(claim: Claim) -> bool:
    """Return whether an attempt before the one just sent may have happened: its silence is not read back yet.

    That a repeat was turned away (throttled, still running, credentials gone) says nothing about that attempt, so the
    effect stays unknown and is not sent blindly once the key is no longer trusted.
    """
    before = claim.effect
    if before.state is not EffectState.UNKNOWN or before.last_sent_at is None:
        return False
    looked = before.readback_negative_at
    return looked is None or looked < before.last_sent_at + claim.quiet_period


def _again(carrier: Carrier, claim: Claim, effect: Effect, outcome: Outcome) -> timedelta:
    """Return when to look at the effect again, from the moment the answer is written."""
    if outcome.verdict is Verdict.PENDING:
        return carrier.pace.poll
    if outcome.verdict is Verdict.UNKNOWN and not claim.repeat_harmless and not claim.trusted_window:
        return claim.quiet_period
    return _after(carrier, effect, outcome)


def _after(carrier: Carrier, effect: Effect, outcome: Outcome) -> timedelta:
    """Return the back-off, or the wait that the far side asked for if it is longer."""
    pause = carrier.pace.back_off(effect.attempts)
    return max(pause, timedelta(seconds=outcome.retry_after_s)) if outcome.retry_after_s else pause


async def _park(carrier: Carrier, db: Db, claim: Claim, why: str) -> None:
    """Leave the effect to a person, visibly."""
    now = carrier.clock()
    record = None if claim.rma_id is None else await returns.lock(db, claim.rma_id)  # locked first, as everywhere
    if not await effects.park(db, claim.effect, message=why):
        return
    _log.warning("effect parked", effect=str(claim.effect.id), why=why)
    await discrepancy.open_(
        db,
        "effect_unknown",
        resource_kind="effect",
        resource_id=claim.effect.id,
        owner=discrepancy.Owner.FINANCE,
        next_step="look at the far side: did it happen? then hand the effect back",
        details={"kind": claim.effect.kind.value, "reference": claim.effect.reference, "why": why},
        at=now,
    )
    if record is not None:
        facts: dict[str, object] = {"effect_id": claim.effect.id, "kind": claim.effect.kind.value}
        await returns.changed(db, record, EventType.EFFECT_PARKED, actor="retour", at=now, data=facts)


async def _postpone(carrier: Carrier, claim: Claim, why: str) -> None:
    async with carrier.database.tx(claim.effect.tenant_id) as db:
        await effects.postpone(db, claim.effect, wait=carrier.pace.back_off(claim.effect.attempts), message=why)


async def _is_locked_out(carrier: Carrier, connector: EffectConnector, claim: Claim, answer: WireAnswer) -> bool:
    """Return whether a read was refused for its credentials; then the connection stops and the effect waits."""
    if connector.classify(claim.effect, answer).verdict is not Verdict.NEEDS_RECONNECT:
        return False
    async with carrier.database.tx(claim.effect.tenant_id) as db:
        await connections.lock_out(db, claim.effect.connection_id, actor="retour", at=carrier.clock())
        await effects.postpone(db, claim.effect, wait=carrier.pace.stopped, message="needs_reconnect")
    return True


def _unusable(answer: WireAnswer) -> bool:
    return answer.silence in (Silence.NOT_SENT, Silence.LOST) or answer.status == 429 or answer.status >= 500
