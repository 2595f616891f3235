"""Four eyes: which payments a second person approves, and who can be that person."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from retour.core.account import Role
from retour.core.errors import Refused
from retour.core.event import EventType

# Whoever did one of these to a return, or to one that was merged into it, has had a hand in its money; whoever made the
# key of a program that did it, too.
HANDS: Final = frozenset(
    {
        EventType.RETURN_REQUESTED.value,
        EventType.RETURN_APPROVED.value,
        EventType.RETURN_DELIVERED.value,  # of a parcel that a person joined to it
        EventType.RETURN_RECEIVED.value,
        EventType.RETURN_INSPECTED.value,
        EventType.RETURN_EDITED.value,
        EventType.RETURN_MOVED.value,
        EventType.RETURN_REOPENED.value,
        EventType.RETURN_MERGED.value,
        EventType.RETURN_LOST.value,
        EventType.FEES_WAIVED.value,
        EventType.FEE_WITHDRAWN.value,
        EventType.EXCHANGE_WANTED.value,
        EventType.EXCHANGE_BEGUN.value,
        EventType.EXCHANGE_GIVEN_UP.value,
        EventType.INSTANT_DECIDED.value,
        EventType.SETTLEMENT_QUOTED.value,
    }
)


class Because(StrEnum):
    """Why a payment needs a second person."""

    AMOUNT = "amount"  # it is worth more than the store lets one person pay
    OVERRIDE = "override"  # a person went beyond the rules


class Second(StrEnum):
    """Who may be the second person."""

    OWNER = "owner"
    DESK = "desk"


_MAY: Final = {Second.OWNER: frozenset({Role.OWNER}), Second.DESK: frozenset({Role.OWNER, Role.AGENT})}


@dataclass(frozen=True, slots=True)
class SecondRule:
    """From which amount on (minor units of the books' currency), and for what else, a second person is asked."""

    above_minor: int | None = None
    overrides: bool = False
    by: Second = Second.OWNER


def second_needed(rule: SecondRule, *, worth_minor: int, is_override: bool) -> Because | None:
    """Return why a payment needs a second person, or nothing.

    `worth_minor` is the payment with all that its order was paid before, so that a split payment is one.
    """
    if rule.above_minor is not None and worth_minor > rule.above_minor:
        return Because.AMOUNT
    return Because.OVERRIDE if rule.overrides and is_override else None


def check_second(rule: SecondRule, *, actor: str, role: Role | None, hands: Collection[str]) -> None:
    """Raise Refused(person_needed, forbidden, same_person) unless somebody may be the second person.

    `role` is that of a member of the staff who may sign in; programs have none here, whatever their key may do.
    """
    if role is None:
        raise Refused("person_needed", "a second person has to approve this, not a program")
    if role not in _MAY[rule.by]:
        raise Refused("forbidden", f"the role {role.value} may not be the second person")
    if actor in hands:
        raise Refused("same_person", "somebody else has to approve this: you had a hand in the return")
