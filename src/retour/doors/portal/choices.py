"""The reasons that a shop offers for an item, in the shopper's language: groups, what is in them, and what each asks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from retour.core.kind import WITHDRAWN, Kind, levels_of
from retour.core.order import OrderLine
from retour.core.why import Ask, AskKind, Level, Reason, asked, choosable, offered
from retour.doors.portal.desk import Here
from retour.doors.portal.draft import Draft
from retour.flows.rma import Considered
from retour.store import why as reasons
from retour.web.reader import Reader


@dataclass(frozen=True, slots=True)
class Option:
    """One reason to choose; `asks` whether something more is asked once it is chosen."""

    value: str
    label: str
    asks: bool


@dataclass(frozen=True, slots=True)
class Branch:
    """A group with its reasons; without a label its one reason stands by itself."""

    label: str
    options: Sequence[Option]

    @property
    def codes(self) -> list[str]:
        """Return the codes in it."""
        return [one.value for one in self.options]


@dataclass(frozen=True, slots=True)
class OwnAsk:
    """A question of a reason in the shopper's language; `choices` are (value, words)."""

    id: str
    kind: str
    text: str
    choices: Sequence[tuple[str, str]]
    required: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be chosen for one item."""

    levels: tuple[Level, ...]
    language: str
    default: str
    more: tuple[Option, ...] = ()  # what the kind of the draft adds to the shop's own reasons

    @property
    def codes(self) -> frozenset[str]:
        """Return the codes that may be given."""
        return frozenset((*(one.code for one in choosable(self.levels)), *(one.value for one in self.more)))

    @property
    def shown(self) -> Sequence[Branch]:
        """Return the groups as the page shows them."""
        return [*(self._branch(level) for level in self.levels), *(Branch("", [one]) for one in self.more)]

    def asks(self, code: str) -> Sequence[OwnAsk]:
        """Return what is asked about a reason."""
        for level in self.levels:
            for one in level.reasons or (level.group,):
                if one.code == code:
                    return [self._ask(ask) for ask in self._asked(level, one)]
        return []

    def _branch(self, level: Level) -> Branch:
        label = level.group.name(self.language, self.default) if level.reasons else ""
        return Branch(label, [self._option(level, one) for one in level.reasons or (level.group,)])

    def _option(self, level: Level, one: Reason) -> Option:
        return Option(one.code, one.name(self.language, self.default), bool(self._asked(level, one)))

    def _asked(self, level: Level, one: Reason) -> tuple[Ask, ...]:
        return asked(one, level.group if level.reasons else None)

    def _ask(self, one: Ask) -> OwnAsk:
        choices = [(choice.value, self._said(choice.texts)) for choice in one.choices]
        return OwnAsk(one.id, one.kind.value, self._said(one.texts), choices, one.required)

    def _said(self, texts: Mapping[str, str]) -> str:
        return texts.get(self.language) or texts.get(self.default) or next(iter(texts.values()))


async def choices_of(here: Here, draft: Draft, order: Considered) -> Mapping[str, Choices]:
    """Return what may be chosen for each item of the draft, by the ref of its line."""
    return await choices_of_lines(
        here, draft.kind, [line for line in order.order.order.lines if line.ref in draft.lines]
    )  # fmt: skip


async def choices_of_lines(here: Here, kind: str, lines: Sequence[OrderLine]) -> Mapping[str, Choices]:
    """Return what may be chosen for each of the lines in a return of that kind, by the ref of the line."""
    records = await reasons.of_store(here.db, here.store_id)
    language, default = here.reader.language, here.portal.look.default_language
    more = tuple(Option(code, name, asks=False) for code, name in own_reasons(kind, here.reader).items())
    return {
        line.ref: Choices(levels_of(kind, offered(records, line.product)), language, default, more) for line in lines
    }


async def names_of_reasons(here: Here) -> Mapping[str, str]:
    """Return what the shop calls its reasons, by code."""
    look = here.portal.look
    kept = await reasons.names(here.db, here.store_id, language=here.reader.language, default=look.default_language)
    own = own_reasons(Kind.CLAIM.value, here.reader) | own_reasons(Kind.WITHDRAWAL.value, here.reader)
    return {**own, **kept}


def own_reasons(kind: str, reader: Reader) -> dict[str, str]:
    """Return the reasons that a kind has whatever a shop calls its own: of goods that are not here nobody asks more."""
    if kind == Kind.CLAIM:
        return {
            "missing": reader.say("It was not in the parcel"),
            "never_arrived": reader.say("The parcel never arrived"),
        }
    if kind == Kind.WITHDRAWAL:
        return {WITHDRAWN: reader.say("Withdrawn from")}
    return {}


def photo_text(asks: Sequence[OwnAsk]) -> str:
    """Return what the photos are wanted for, in the shop's words."""
    return " ".join(one.text for one in asks if one.kind == AskKind.PHOTO.value)
