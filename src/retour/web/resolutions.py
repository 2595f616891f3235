"""What a resolution is called where a shopper reads it: the merchant's own name for it, else the usual one."""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol, TypeVar

from retour.core.policy.outcome import ResolutionKind
from retour.core.resolution import Resolution, wording_of
from retour.web.reader import Reader

# The shopper gets an item, and no money.
IN_KIND: Final = frozenset({ResolutionKind.REPAIR.value, ResolutionKind.REPLACEMENT.value})


class Chosen(Protocol):
    """Whatever says what was chosen: a kind, and the merchant's record of it by its id."""

    @property
    def resolution(self) -> str: ...

    @property
    def resolution_ref(self) -> str | None: ...


C = TypeVar("C", bound=Chosen)


def usual_name(kind: str, reader: Reader) -> str:
    """Return what a kind is called where the merchant says nothing."""
    say = reader.say
    names = {
        ResolutionKind.REFUND_ORIGINAL.value: say("Refund"),
        ResolutionKind.REFUND_SERVICE.value: say("Refund by a payment service"),
        ResolutionKind.GIFT_CARD.value: say("Gift card"),
        ResolutionKind.STORE_CREDIT.value: say("Store credit"),
        ResolutionKind.EXCHANGE.value: say("Exchange"),
        ResolutionKind.KEEP_ITEM.value: say("Keep the item"),
        ResolutionKind.REPAIR.value: say("Repair"),
        ResolutionKind.REPLACEMENT.value: say("Replacement"),
    }
    return names.get(kind, kind)


def name_of(kind: str, ref: str | None, records: Mapping[str, Resolution], reader: Reader, *, default: str) -> str:
    """Return what a resolution is called; `default` is the language that the store speaks."""
    own = wording_of(records, ref, language=reader.language, default=default)
    return own.name if own else usual_name(kind, reader)


def beside_refunds(chosen: Iterable[C]) -> list[C]:
    """Return what was chosen beside a refund to the payment; all of it where there is no such thing."""
    every = list(chosen)
    return [one for one in every if one.resolution != ResolutionKind.REFUND_ORIGINAL] or every


def names_of(chosen: Iterable[Chosen], records: Mapping[str, Resolution], reader: Reader, *, default: str) -> str:
    """Return what was chosen, each name once."""
    named = (name_of(one.resolution, one.resolution_ref, records, reader, default=default) for one in chosen)
    return ", ".join(dict.fromkeys(named))
