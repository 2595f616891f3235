"""What a return that was sent may become: how its items are made right and sent back, as the policy offers it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from retour.core.errors import Refused
from retour.core.policy import LineDecision
from retour.core.rma import ReturnLine
from retour.core.rma.moves import OPEN
from retour.doors.portal import words
from retour.doors.portal.desk import Here
from retour.doors.portal.draft import offer_of, value_of
from retour.doors.portal.offers import REFUND, Names, choice_of, common_of, worth
from retour.doors.portal.sending import methods_of
from retour.flows import rma as returns
from retour.flows.rma import CARRIED_OUT, Judged, Wish
from retour.store.rma import ReturnRecord, edit
from retour.web.parts import Choice

Method = tuple[str, str, str]  # its code, its name, what it means


@dataclass(frozen=True, slots=True)
class Anew:
    """What may be chosen: what all items offer, with its amounts; what each offers by its line's ref; the ways back."""

    common: Sequence[Choice] = ()
    each: Mapping[str, Sequence[Choice]] | None = None
    methods: Sequence[Method] = ()
    method: str = ""  # how the return comes back as it is

    def of(self, line_ref: str) -> Sequence[Choice]:
        """Return what one item offers."""
        return (self.each or {}).get(line_ref, ())


NOTHING: Final = Anew()


def held_of(record: ReturnRecord) -> list[Wish]:
    """Return what the return holds, as it would be asked for again: once for each line of the order."""
    first, units = dict[str, ReturnLine](), Counter[str]()
    for line in record.rma.lines:
        if line.decision in OPEN:
            first.setdefault(line.line_ref, line)
            units[line.line_ref] += line.quantity
    return [
        Wish(
            ref, units[ref], line.reason, note=line.note, resolution=line.resolution, ref=line.resolution_ref,
            answers=line.answers,
        )
        for ref, line in first.items()
    ]  # fmt: skip


async def anew_of(here: Here, record: ReturnRecord, wishes: Sequence[Wish], names: Names) -> Anew:
    """Return what the policy offers for the content that is wanted; for what is held where it objects to that."""
    held = held_of(record)
    for content in (wishes, held) if list(wishes) != held else (held,):
        try:
            return await _offered(here, record, content, names)
        except Refused:
            continue
    return NOTHING


async def _offered(here: Here, record: ReturnRecord, wishes: Sequence[Wish], names: Names) -> Anew:
    asked = await edit.asked(here.db, record.rma.id)
    found = await _judged(here, record, wishes, asked, method=None, any_resolution=True)
    methods = methods_of(found)
    method = asked.method if asked.method in methods else None
    choices = []
    for offer in common_of(found):
        changed = [replace(wish, resolution=offer.kind.value, ref=offer.ref) for wish in wishes]
        choices.append((offer, await _judged(here, record, changed, asked, method=method)))
    refund = next((worth(one) for offer, one in choices if offer.kind == REFUND), None)
    reader = here.reader
    return Anew(
        [choice_of(names, offer, one, refund) for offer, one in choices],
        {wish.line_ref: ways_of(line, names) for wish, line in zip(wishes, found.lines, strict=True)},
        [(kind, words.method_name(kind, reader), words.method_text(kind, reader)) for kind in methods],
        asked.method,
    )


def ways_of(line: LineDecision, names: Names) -> list[Choice]:
    """Return what one item offers, in the merchant's order, without amounts."""
    return [
        Choice(
            value_of(offer.kind.value, offer.ref), names.of(offer.kind.value, offer.ref),
            words.resolution_text(offer.kind.value, names.here.reader),
        )
        for offer in line.resolutions.outcome.offered if offer.kind.value in CARRIED_OUT
    ]  # fmt: skip


def chosen_among(value: str, choices: Sequence[Choice]) -> str:
    """Return which of the choices stands for what is held: itself, else the one of its kind; nothing if there is none."""
    values = [one.value for one in choices]
    kind = offer_of(value)[0]
    return value if value in values else next((one for one in values if offer_of(one)[0] == kind), "")


async def _judged(
    here: Here, record: ReturnRecord, wishes: Sequence[Wish], asked: edit.Asked, *, method: str | None,
    any_resolution: bool = False,
) -> Judged:  # fmt: skip
    """Return the policy's word as the change will get it: what adds nothing is judged as of the request."""
    held = {wish.line_ref: wish.quantity for wish in held_of(record)}
    grows = any(wish.quantity > held.get(wish.line_ref, 0) for wish in wishes)
    asking = returns.Asking(
        record.store_id, record.order_id, tuple(wishes), asked.channel, kind=asked.kind, method=method,
        instead_of=record.rma.id,
    )  # fmt: skip
    return await returns.judge(
        here.db, asking, now=here.now if grows else record.rma.requested_at, policies=here.desk.policies, lock=False,
        any_resolution=any_resolution,
    )  # fmt: skip
