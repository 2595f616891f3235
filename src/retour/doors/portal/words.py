"""What the portal says: reasons, refusals and ways back in the shopper's language; never a word of ours."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from retour.core.errors import Objection, Refused, Scalar
from retour.core.order import OrderLine, TenderKind
from retour.core.policy.evaluate import PolicyObjection
from retour.core.policy.outcome import MethodKind, Moment, ResolutionKind
from retour.core.rma.state import NOTHING
from retour.flows.rma import ConsideredLine
from retour.web.reader import Reader

_SENT: Final = frozenset({ResolutionKind.REPLACEMENT.value, ResolutionKind.EXCHANGE.value})


def reason_name(code: str, reader: Reader) -> str:
    """Return a reason as the shopper chooses it."""
    say = reader.say
    names = {
        "too_small": say("Too small"),
        "too_large": say("Too large"),
        "not_as_described": say("Not as described"),
        "damaged": say("Arrived damaged"),
        "defective": say("Does not work"),
        "wrong_item": say("Not what I ordered"),
        "changed_mind": say("Changed my mind"),
        "other": say("Something else"),
    }
    return names.get(code, code)


def method_name(kind: str, reader: Reader) -> str:
    """Return a way back as the shopper chooses it."""
    say = reader.say
    names = {
        MethodKind.OWN_CARRIER.value: say("With a carrier of your choice"),
        MethodKind.LABEL.value: say("With a label from the shop"),
        MethodKind.DROP_OFF.value: say("At a drop-off point"),
        MethodKind.IN_STORE.value: say("Bring it to the shop"),
        MethodKind.KEEP_ITEM.value: say("Keep the items"),
        NOTHING: say("Nothing to send"),
    }
    return names.get(kind, kind)


def method_text(kind: str, reader: Reader) -> str:
    """Return what a way back means for the shopper."""
    say = reader.say
    texts = {
        MethodKind.OWN_CARRIER.value: say("You pack the parcel and pay for sending it."),
        MethodKind.LABEL.value: say("The shop sends you a label."),
        MethodKind.DROP_OFF.value: say("You hand the parcel over at a drop-off point."),
        MethodKind.IN_STORE.value: say("You show a code at the counter. No parcel, no label."),
        MethodKind.KEEP_ITEM.value: say("Nothing needs to be sent."),
        NOTHING: say("Nothing needs to be sent."),
    }
    return texts.get(kind, "")


def resolution_text(kind: str, reader: Reader) -> str:
    """Return what an offer means, where the shop says nothing of its own; a refund tells where it goes."""
    say = reader.say
    texts = {
        ResolutionKind.STORE_CREDIT.value: say("Credit for your next order in this shop."),
        ResolutionKind.GIFT_CARD.value: say("A gift card of this shop."),
        ResolutionKind.EXCHANGE.value: say("Another item instead of the money."),
        ResolutionKind.REFUND_SERVICE.value: say("The shop pays you through a service of its own."),
        ResolutionKind.KEEP_ITEM.value: say("You keep the item and send nothing back."),
        ResolutionKind.REPLACEMENT.value: say("You get another one of the same article."),
        ResolutionKind.REPAIR.value: say("The shop repairs the item and sends it back to you."),
    }
    return texts.get(kind, "")


def all_of_it(kind: TenderKind, reader: Reader) -> str:
    """Return where a refund goes that goes to one place."""
    match kind:
        case TenderKind.CARD:
            return reader.say("All of it to your card.")
        case TenderKind.GIFT_CARD:
            return reader.say("All of it to the gift card you paid with.")
        case TenderKind.STORE_CREDIT:
            return reader.say("All of it to your store credit.")
        case TenderKind.OTHER:
            return reader.say("All of it the way you paid.")


def go_on_with(kind: str, reader: Reader) -> str:
    """Return what the button says where the shop offers one way (`kind`), or several (nothing)."""
    if kind.partition(":")[0] == ResolutionKind.REFUND_ORIGINAL.value:
        return reader.say("Continue with the refund")
    return reader.say("Continue")


def moment_text(moment: Moment, reader: Reader, *, kind: str) -> str:
    """Return when the money leaves, or the new item; of a repair nothing leaves but the item itself."""
    if kind == ResolutionKind.REPAIR:
        return ""
    return _sent_when(moment, reader) if kind in _SENT else _paid_when(moment, reader)


def _sent_when(moment: Moment, reader: Reader) -> str:
    match moment:
        case Moment.INSPECTED:
            return reader.say("Sent once the shop has checked your parcel.")
        case Moment.RECEIVED:
            return reader.say("Sent once your parcel has arrived.")
        case Moment.FIRST_SCAN:
            return reader.say("Sent once the carrier has your parcel.")
        case Moment.DELIVERED:
            return reader.say("Sent once the carrier has delivered your parcel.")
        case Moment.APPROVED:
            return reader.say("Sent once the shop has approved your return.")


def _paid_when(moment: Moment, reader: Reader) -> str:
    match moment:
        case Moment.INSPECTED:
            return reader.say("Paid once the shop has checked your parcel.")
        case Moment.RECEIVED:
            return reader.say("Paid once your parcel has arrived.")
        case Moment.FIRST_SCAN:
            return reader.say("Paid once the carrier has your parcel.")
        case Moment.DELIVERED:
            return reader.say("Paid once the carrier has delivered your parcel.")
        case Moment.APPROVED:
            return reader.say("Paid once the shop has approved your return.")


def why_not(found: ConsideredLine, reader: Reader, *, placed_at: datetime) -> str:
    """Return why a line cannot come back, with the day it turns on; the merchant's own words where there are any."""
    if not found.decision.objections:
        return reader.say("Nothing of it can be cancelled: it was sent or cancelled already.")
    objection = found.decision.objections[0]
    own = found.decision.eligibility.outcome.message
    if own and objection.code in ("final_sale", "never_eligible", "window_closed"):
        return own
    return objection_text(objection, found.line, reader, placed_at=placed_at)


def objection_text(objection: Objection, line: OrderLine | None, reader: Reader, *, placed_at: datetime) -> str:
    """Return an objection of the policy in words for the shopper."""
    say, facts = reader.say, _facts(objection)
    match objection.code:
        case "final_sale":
            return say("Cannot be returned: sold as final sale on %(day)s.", day=reader.day(placed_at))
        case "never_eligible" if line is not None and line.product.gift_card:
            return say("Cannot be returned: gift cards are not taken back.")
        case "never_eligible":
            return say("Cannot be returned: the shop does not take this item back.")
        case "window_closed":
            return say("The time to return it ended on %(day)s.", day=_day(facts.get("closes_on"), reader))
        case "not_shipped":
            return say("Not sent to you yet.")
        case "nothing_left":
            return say("Already in a return, or paid back.")
        case "more_than_returnable":
            return say("Fewer of these can be returned. Choose a smaller number.")
        case _:
            return say("The shop has to look at this one.")


def refusal_text(refused: Refused, reader: Reader) -> str:
    """Return why the shop takes no return here at all."""
    match refused.code:
        case "another_master":
            return reader.say("This shop opens returns on its own site.")
        case "policy_not_published":
            return reader.say("This shop has not opened its returns page yet.")
        case _:
            return reader.say("The shop has to look at this one.")


def _facts(objection: Objection) -> Mapping[str, Scalar]:
    return objection.facts if isinstance(objection, PolicyObjection) else {}


def _day(said: Scalar, reader: Reader) -> str:
    return reader.day(date.fromisoformat(str(said))) if said else ""
