"""The outside calls of a return in words: what each does, where it stands, every try and everything seen of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from retour.core.effect import EffectState
from retour.core.money import Money
from retour.doors.dashboard import words
from retour.doors.dashboard.told import word
from retour.doors.dashboard.whole import Allowed, Whole
from retour.store.effect import EffectRow
from retour.web.parts import Mark
from retour.web.reader import Reader

_STOPPED = frozenset({EffectState.FAILED, EffectState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Call:
    """One outside call; `tries` are (number, when, what came back)."""

    mark: Mark
    what: str
    state: str
    amount: Money | None
    reference: str
    at: datetime
    message: str | None
    tries: Sequence[tuple[str, datetime, str]]
    action: tuple[str, str] | None


def calls(whole: Whole, reader: Reader, may: Allowed) -> list[Call]:
    """Return the calls of a return in the order they were planned."""
    return [_call(whole, effect, reader, may) for effect in whole.effects]


def _call(whole: Whole, effect: EffectRow, reader: Reader, may: Allowed) -> Call:
    parked = effect.parked_at is not None and effect.settled_at is None
    action = None
    if parked and "look-again" in may:
        action = (reader.say("Look again"), f"{whole.url}/look-again")
    elif effect is whole.refused_call() and "try-again" in may:
        action = (reader.say("Try again"), f"{whole.url}/try-again")
    return Call(
        mark=_mark(effect.state, parked=parked),
        what=word(reader, words.EFFECTS, effect.kind.value),
        state=word(reader, words.EFFECT_STATES, "parked" if parked else effect.state.value),
        amount=Money(effect.amount_minor, effect.currency) if effect.amount_minor and effect.currency else None,
        reference=effect.reference,
        at=effect.settled_at or effect.last_sent_at or effect.created_at,
        message=effect.message,
        tries=_tries(whole, effect, reader),
        action=action,
    )


def _mark(state: EffectState, *, parked: bool) -> Mark:
    if state in _STOPPED or parked:
        return Mark("money", "stopped", "stopped", "")
    if state is EffectState.CONFIRMED:
        return Mark("money", "full", "done", "")
    return Mark("money", "empty" if state in (EffectState.INTENT, EffectState.CANCELLED) else "half", "quiet", "")


def _tries(whole: Whole, effect: EffectRow, reader: Reader) -> list[tuple[str, datetime, str]]:
    trail = whole.trails.get(effect.id)
    if trail is None:
        return []
    sent = [(reader.say("Try %(n)s sent", n=reader.number(attempt.n)), attempt.at, "") for attempt in trail.attempts]
    seen = [
        (
            word(reader, words.OBSERVED, one.what),
            one.at,
            ": ".join(part for part in (word(reader, words.VERDICTS, one.verdict), one.message) if part),
        )
        for one in trail.seen
    ]
    return sorted([*sent, *seen], key=lambda row: row[1])
