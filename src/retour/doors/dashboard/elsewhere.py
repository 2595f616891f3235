"""The preferred returns system on the page of a return: its id there, how it stands, and what to do about trouble."""

from dataclasses import dataclass

from retour.core.effect import EffectKind, EffectState
from retour.doors.dashboard import intake_words, words
from retour.doors.dashboard.told import word
from retour.doors.dashboard.whole import Whole
from retour.store.effect import EffectRow
from retour.web.reader import Reader


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What is told: the system's name, facts as (label, value), and what a person does if something is wrong."""

    name: str
    facts: list[tuple[str, str]]
    advice: str | None = None


def elsewhere(whole: Whole, reader: Reader) -> Elsewhere | None:
    """Return how a return stands in the system that it was told to, or nothing for one that is told to none."""
    push = next((e for e in reversed(whole.effects) if e.kind is EffectKind.PUSH_RETURN), None)
    if push is None:
        return None
    source = f"source:{push.connection_id}"
    name = whole.names.get(source, reader.say("Another system"))
    facts = [(reader.say("Push"), word(reader, words.EFFECT_STATES, push.state.value))]
    if push.far_id is not None:
        facts.append((reader.say("Its number there"), push.far_id))
    said = _status(whole, push, source)
    if said is not None:
        facts.append((reader.say("Stands there as"), word(reader, intake_words.STATUSES, said)))
    if push.settled_at is None and push.far_code is not None:
        facts.append((reader.say("Last answer"), push.far_code))
    return Elsewhere(name, facts, _advice(push, reader))


def _status(whole: Whole, push: EffectRow, source: str) -> str | None:
    """Return what the system said last of how it stands there, or what it answered when it was told."""
    told = (
        e.data.get("status") for e in reversed(whole.events) if e.type == "return.told_elsewhere" and e.actor == source
    )
    found = next(told, None) or push.result.get("status")
    return str(found) if found else None


def _advice(push: EffectRow, reader: Reader) -> str | None:
    if push.state is EffectState.FAILED:
        why = " ".join(part for part in (push.far_code, push.message) if part)
        return reader.say(
            "It was refused there (%(why)s). Correct the cause, then try again under Exceptions.", why=why
        )
    if push.parked_at is not None:
        return reader.say("Nobody can tell whether it arrived. Look there, then hand it back under Exceptions.")
    if push.tries > 2 and push.settled_at is None:
        return reader.say("It does not answer as it should. It is told again by itself.")
    return None
