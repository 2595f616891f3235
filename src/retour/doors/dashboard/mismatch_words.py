"""Words for what two systems say differently: what it is, and what a person does about it."""

from collections.abc import Mapping
from typing import Final

from retour.doors.dashboard import card_words, exchange_words, fee_words


def _(text: str) -> str:
    """Mark a text for translation where it is written; it is translated where it is shown."""
    return text


MISMATCHES: Final[Mapping[str, str]] = {
    "platform_disagrees": _("The platform computes another amount"),
    "effect_unknown": _("A call got no answer"),
    "effect_failed": _("A call was refused"),
    "surplus_received": _("More units arrived than announced"),
    "paid_before_inspection": _("Paid before it was found to be worth less"),
    "paid_and_rejected": _("Paid, and rejected when it was decided again"),
    "reversal_asked": _("Issued outside, and rejected when it was decided again"),
    **exchange_words.EXCEPTIONS,
    **card_words.EXCEPTIONS,
    **fee_words.EXCEPTIONS,
    "restock_to_undo": _("Back in stock, and rejected when it was decided again"),
    "paid_not_received": _("Paid, and the goods are not here"),
    "refunded_elsewhere": _("Refunded in another system"),
    "ended_elsewhere": _("Ended otherwise in another system"),
    "items_changed_elsewhere": _("Other items come back in another system"),
    "known_as_another": _("Another system knows two returns under one id"),
    "refunded_outside_too_much": _("More was refunded on the platform than was paid"),
    "refund_gave_way": _("A refund gave way to one made on the platform"),
    "order_does_not_close": _("The order's parts do not add up to its total"),
    "id_mismatch": _("The order names lines that it does not have"),
    "webhook_unreadable": _("A message of the platform cannot be read"),
    "webhook_not_read": _("A message of the platform was not worked on"),
    "webhook_endpoint_failing": _("A receiver of webhooks does not answer"),
    "order_unreadable": _("An order of the platform cannot be read"),
    "returned_more_than_fulfilled": _("More units were returned than were sent"),
    "needs_reconnect": _("A connection was refused"),
    "goods_not_expected": _("Goods arrived that nobody approved"),
    "goods_not_on_return": _("Something arrived that is not on the return"),
    "goods_unannounced": _("A parcel arrived without a return"),
    "receipt_miscounted": _("A receipt was counted wrongly"),
    "breaker_tripped": _("The velocity breaker stopped payments"),
    "payout_overdue": _("Nobody has reported what was handed over"),
    "mail_unknown": _("Whether a mail arrived is not known"),
    "mail_refused": _("A mail was refused"),
    "erasure_overdue": _("An erasure waits longer than the law allows"),
    "shopper_asks": _("A shopper asks for an order without an e-mail address"),
}
# What whoever owns a mismatch does next; the API tells integrators the same in English.
NEXT_STEPS: Final[Mapping[str, str]] = {
    **exchange_words.NEXT_STEPS,
    **card_words.NEXT_STEPS,
    **fee_words.NEXT_STEPS,
    "platform_disagrees": _("compare both computations and decide"),
    "effect_unknown": _("look at the platform: did it happen?"),
    "effect_failed": _("read what the platform said, correct the cause, try again"),
    "surplus_received": _("find out where the extra units belong"),
    "paid_before_inspection": _("decide whether the shopper is asked for the difference"),
    "paid_and_rejected": _("ask the shopper for the money, or let it be"),
    "reversal_asked": _("take back what was issued, then settle this"),
    "restock_to_undo": _("take the units out of the stock again"),
    "paid_not_received": _("ask the shopper for the goods or the money"),
    "refunded_elsewhere": _("find out what was refunded there, then release the return or cancel it"),
    "items_changed_elsewhere": _(
        "compare the items with the other system, then change the return here or correct it there"
    ),
    "known_as_another": _("find out there which return goes under that id, and follow the other one by hand"),
    "ended_elsewhere": _("compare both, then let the return end here as it ended there, or correct it there"),
    "refunded_outside_too_much": _("find out what was refunded there, then correct the order"),
    "refund_gave_way": _("check that what was paid on the platform is what was owed"),
    "order_does_not_close": _("look at the order on the platform and report it"),
    "id_mismatch": _("look at the order on the platform and report it"),
    "order_unreadable": _("look at the order on the platform and report it"),
    "returned_more_than_fulfilled": _("look at the order on the platform and report it"),
    "webhook_unreadable": _("look at what was received and report it"),
    "webhook_not_read": _("find out why the message cannot be worked on"),
    "webhook_endpoint_failing": _("repair the receiver, then send again what it missed"),
    "needs_reconnect": _("connect the shop again"),
    "goods_not_expected": _("decide what happens to the goods"),
    "goods_not_on_return": _("find out whose goods these are and tell the shopper"),
    "goods_unannounced": _("find the order or the sender of the parcel"),
    "receipt_miscounted": _("count the parcel again before it is inspected"),
    "breaker_tripped": _("find out why so much money leaves at once, then let payments go on"),
    "payout_overdue": _("carry it out, then report it as done or as failed"),
    "mail_unknown": _("ask the shopper whether it arrived, or send it again"),
    "mail_refused": _("correct the address, then send it again"),
    "erasure_overdue": _("bring to an end what the erasure waits for"),
    "shopper_asks": _("call the shopper and send a link"),
}
