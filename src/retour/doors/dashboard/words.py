"""What the desk calls things: blockers, axes, calls and what happened, as one sentence each, told in the reader's language."""

from collections.abc import Mapping
from typing import Final

from retour.core.account import Role
from retour.doors.dashboard import card_words, exchange_words, guard_words


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


ROLES: Final[Mapping[Role, str]] = {Role.OWNER: _("Owner"), Role.AGENT: _("Agent"), Role.WAREHOUSE: _("Warehouse")}

# The queue of the home page: what a blocker is called, and what it means for the returns that wait there.
QUEUE: Final[Mapping[str, tuple[str, str]]] = {
    "effect_unknown": (
        _("Find out what a call did"),
        _("The platform did not answer. Nothing is sent twice; a person has to look."),
    ),
    "effect_failed": (_("A call was refused"), _("Nothing happened there. Correct the cause, then try again.")),
    "needs_reconnect": (_("Connect the shop again"), _("The credential is no longer accepted. Nothing is lost.")),
    "effects_stopped": (_("All outside calls are stopped"), _("Nothing is sent until an operator lets it go on.")),
    "payments_paused": (_("Payments are paused"), _("Refunds wait until somebody resumes them.")),
    "platform_disagrees": (_("Amount differs from the platform"), _("Nothing is paid until a person decides.")),
    **guard_words.QUEUE,
    **exchange_words.QUEUE,
    **card_words.QUEUE,
    "payout_failed": (
        _("Pay outside failed"),
        _("It is owed again. Carry it out another way, then report it."),
    ),
    "awaiting_payout": (
        _("Report what was paid outside"),
        _("Credit, cards, exchanges and repairs that you carry out; each waits until somebody reports it."),
    ),
    "awaiting_repair": (_("Begin the repair"), _("The item is here. No money moves by a repair.")),
    "awaiting_replacement": (_("Send another one"), _("The item is here. No money moves by a replacement.")),
    "in_repair": (_("Finish the repair"), _("It is being repaired. The return ends once it is sent back.")),
    "decision_needed": (_("Decide"), _("No rule approves these by itself.")),
    "info_needed": (_("Waits for an answer"), _("The shopper was asked something.")),
    "approves_later": (_("Approved by the policy later"), ""),
    "settles_later": (_("Paid later"), ""),
    "held": (_("On hold"), _("Somebody stopped the automatic steps.")),
    "awaiting_receipt": (_("Receive what was delivered"), _("The carrier says it is here.")),
    "awaiting_inspection": (_("Inspect what arrived"), _("The refund follows by itself after inspection.")),
    "awaiting_restock": (_("Report the restock"), _("The warehouse keeps the stock of this shop.")),
    "nowhere_to_restock": (_("Say where to restock"), _("No location or no article to put these units back.")),
    "label_failed": (_("Label missing"), _("The shopper is told nothing until there is one, or you go on without.")),
    "parcel_exception": (_("Ask about a parcel"), _("The carrier reports a problem on the way.")),
    "awaiting_rest": (_("Waits for the rest of the parcel"), ""),
    "awaiting_shipment": (_("Waits for the parcel to be sent"), ""),
    "awaiting_visit": (_("Waits for a visit to the shop"), ""),
    "in_transit": (_("On its way back"), ""),
    "effect_in_flight": (_("Waits for the platform"), ""),
    "work_in_progress": (_("Retour is working on it"), ""),
    "withdrawal_waiting": (_("Settle a withdrawal"), _("A person has to find its order or choose the items.")),
    "withdrawal_unpaid": (
        _("Pay a withdrawal back"),
        _("The money goes back within 14 days of the statement; you may wait until the goods are sent."),
    ),
}
REFUND_REFUSED: Final = _("Refund refused")
# What is waited for, in a list, after whom it waits for.
WHAT: Final[Mapping[str, str]] = {
    "withdrawal_waiting": _("withdrawal"),
    "withdrawal_unpaid": _("repayment of a withdrawal"),
    "effect_unknown": _("outcome unknown"),
    "effect_failed": _("call refused"),
    "needs_reconnect": _("connection"),
    "effects_stopped": _("calls stopped"),
    "payments_paused": _("payments paused"),
    "platform_disagrees": _("amount differs"),
    **guard_words.WHAT,
    **exchange_words.WHAT,
    **card_words.WHAT,
    "payout_failed": _("failed outside"),
    "awaiting_payout": _("report from outside"),
    "awaiting_repair": _("repair not begun"),
    "in_repair": _("repair"),
    "awaiting_replacement": _("replacement not sent"),
    "decision_needed": _("decision"),
    "info_needed": _("answer to our question"),
    "approves_later": _("the policy's time"),
    "settles_later": _("the time of payment"),
    "held": _("on hold"),
    "awaiting_receipt": _("receipt"),
    "awaiting_inspection": _("inspection"),
    "awaiting_restock": _("restock"),
    "nowhere_to_restock": _("restock location"),
    "label_failed": _("label"),
    "parcel_exception": _("parcel problem"),
    "awaiting_rest": _("rest of the parcel"),
    "awaiting_shipment": _("parcel not sent yet"),
    "awaiting_visit": _("visit to the shop"),
    "in_transit": _("on its way"),
    "effect_in_flight": _("answer of the platform"),
    "work_in_progress": _("in progress"),
}
# What stands first in the timeline: what the return waits for now.
WAITING: Final[Mapping[str, str]] = {
    "awaiting_payout": _("Waiting for the report from outside"),
    "payout_failed": _("Failed outside, owed again"),
    **guard_words.WAITING,
    **exchange_words.WAITING,
    **card_words.WAITING,
    "awaiting_inspection": _("Waiting for inspection"),
    "decision_needed": _("Waiting for a decision"),
    "info_needed": _("Waiting for the shopper's answer"),
    "approves_later": _("Approved by the policy later"),
    "settles_later": _("Paid later"),
    "awaiting_receipt": _("Waiting to be received"),
    "awaiting_shipment": _("Waiting for the parcel to be sent"),
    "awaiting_repair": _("Waiting for the repair to begin"),
    "in_repair": _("In repair"),
    "awaiting_replacement": _("Waiting for a replacement"),
    "awaiting_visit": _("Waiting for the shopper at the counter"),
    "label_failed": _("Waiting for a label"),
    "awaiting_rest": _("Waiting for the rest of the parcel"),
    "awaiting_restock": _("Waiting to go back into stock"),
    "in_transit": _("On its way back"),
    "platform_disagrees": _("Waiting for a look at the amounts"),
    "held": _("On hold"),
}
WHO: Final[Mapping[str, str]] = {
    "agent": _("an agent"),
    "warehouse": _("the warehouse"),
    "finance": _("whoever looks after payments"),
    "operator": _("an owner"),
    "shopper": _("the shopper"),
    "carrier": _("the carrier"),
    "platform": _("the platform"),
    "retour": _("Retour"),
}
OWNERS: Final[Mapping[str, str]] = {
    "agent": _("Agent"), "warehouse": _("Warehouse"), "finance": _("Payments"), "operator": _("Owner"),
}  # fmt: skip

DECISIONS: Final[Mapping[str, str]] = {
    "requested": _("Requested"),
    "in_review": _("In review"),
    "approved": _("Approved"),
    "rejected": _("Rejected"),
    "cancelled": _("Cancelled"),
    "expired": _("Expired"),
    "resolved": _("Resolved"),
    "reopened": _("Reopened"),
    "held": _("On hold"),
}
GOODS: Final[Mapping[str, str]] = {
    "not_sent": _("Not sent yet"),
    "label": _("Label created"),
    "in_transit": _("On its way"),
    "parcel_exception": _("Parcel problem"),
    "delivered": _("Delivered"),
    "received": _("Received, not inspected"),
    "inspected": _("Inspected"),
}
MONEY: Final[Mapping[str, str]] = {
    "due": _("Due %(amount)s"),
    "nothing_due": _("Nothing due"),
    "paused": _("Paused, due %(amount)s"),
    "failed": _("Refund refused"),
    "unknown": _("Refund unclear"),
    "differs": _("Amount differs"),
    "second_approval": _("Due %(amount)s, second approval"),
    "sending": _("Refund on its way"),
    "partly_settled": _("%(paid)s refunded"),
    "settled": _("%(paid)s refunded"),
    "handed_over": _("Handed over"),
    "awaiting_payout": _("Handed over, %(amount)s to report"),
    "payout_failed": _("Failed outside, %(amount)s owed"),
    **exchange_words.MONEY,
    **card_words.MONEY,
}
SETTLEMENTS: Final[Mapping[str, str]] = {
    "quoted": _("Computed, not paid"),
    "due": _("About to be sent"),
    "sending": _("Being sent"),
    "pending": _("Accepted, waiting for the bank"),
    "settled": _("Paid"),
    "failed": _("Refused: no money moved"),
    "unknown": _("Open whether money moved"),
    "handed_over": _("Handed over to whoever pays"),
    "reversed": _("Reversed"),
    "outside_handed_over": _("Handed over, not reported yet"),
    "outside_due": _("Failed outside, owed again"),
    "outside_settled": _("Reported as done"),
    "exchange_under_way": _("The new order is being made"),
}
EFFECTS: Final[Mapping[str, str]] = {
    "request_return": _("Request the return on the platform"),
    "approve_return": _("Approve the platform's return"),
    "decline_return": _("Decline the platform's return"),
    "open_return": _("Open the return on the platform"),
    "cancel_return": _("Cancel the platform's return"),
    "close_return": _("Close the platform's return"),
    "process_return": _("Put the goods back into stock"),
    "refund_tender": _("Refund"),
    "restock": _("Put the goods back into stock"),
    "tag": _("Tag the order"),
    "untag": _("Remove the tag"),
    "note": _("Note on the order"),
    "push_return": _("Tell the preferred returns system"),
    **exchange_words.EFFECTS,
    **card_words.EFFECTS,
}
EFFECT_STATES: Final[Mapping[str, str]] = {
    "intent": _("Not sent yet"),
    "sending": _("Being sent"),
    "pending": _("Accepted, not finished there"),
    "confirmed": _("Done"),
    "failed": _("Refused, nothing happened"),
    "unknown": _("No answer: open whether it happened"),
    "cancelled": _("Withdrawn before it was sent"),
    "parked": _("Waits for a person"),
}
OBSERVED: Final[Mapping[str, str]] = {
    "answer": _("Answer"),
    "readback": _("Looked up"),
    "late_answer": _("Late answer"),
    "person": _("A person's word"),
}
VERDICTS: Final[Mapping[str, str]] = {
    "ok": _("done"),
    "pending": _("accepted, not finished"),
    "rejected": _("refused"),
    "not_executed": _("not carried out, may be sent again"),
    "key_spent": _("the earlier try did nothing"),
    "unknown": _("unclear"),
    "needs_reconnect": _("credential refused"),
    "present": _("it is there"),
    "absent": _("it is not there"),
    "inconclusive": _("cannot tell yet"),
}
PARCELS: Final[Mapping[str, str]] = {
    "label_created": _("Label created"),
    "in_transit": _("On its way"),
    "delivered": _("Delivered"),
    "exception": _("Problem on the way"),
    "returned_to_sender": _("Going back to the sender"),
}
GRADES: Final[Mapping[str, str]] = {"sealed": _("Sealed"), "opened": _("Opened"), "damaged": _("Damaged")}
DISPOSITIONS: Final[Mapping[str, str]] = {
    "restock": _("Restock"),
    "refurbish": _("Refurbish"),
    "dispose": _("Dispose"),
    "return_to_customer": _("Return to the customer"),
}
RESOLUTIONS: Final[Mapping[str, str]] = {
    "refund_original": _("Refund"),
    "refund_service": _("Refund service"),
    "gift_card": _("Gift card"),
    "store_credit": _("Store credit"),
    "exchange": _("Exchange"),
    "keep_item": _("Keep the item"),
    "repair": _("Repair"),
    "replacement": _("Replacement"),
}
# What is to be done where something was handed over, as the title of the next step.
OUTSIDE: Final[Mapping[str, str]] = {
    "refund_original": _("Refund the payment outside"),
    "refund_service": _("Pay through the refund service"),
    "gift_card": _("Issue the gift card"),
    "store_credit": _("Issue the store credit"),
    "exchange": _("Send the other item"),
    "keep_item": _("Pay what was agreed"),
    "repair": _("Repair the item and send it back"),
    "replacement": _("Send another one"),
}
RESOLUTION_MEANINGS: Final[Mapping[str, str]] = {
    "refund_original": _("Back to the card or account that paid. Retour pays it on your shop platform."),
    "refund_service": _("Paid by a service of yours, such as a credit program. You or the service pay and report it."),
    "gift_card": _("A gift card of your shop. You issue it and report it."),
    "store_credit": _("Credit for the next order, with a bonus if the rule says so. You issue it and report it."),
    "exchange": _("Another item instead of the money. Retour makes the new order where the platform can, or you do."),
    "keep_item": _("The shopper keeps the item and gets the part of the money that the rule says. Nothing comes back."),
    "repair": _("You repair the item, send it back and report it. No money moves."),
    "replacement": _("You send another one of the same article. No money moves."),
}
METHODS: Final[Mapping[str, str]] = {
    "own_carrier": _("Own carrier"),
    "label": _("Label"),
    "drop_off": _("Drop-off"),
    "in_store": _("In the shop"),
    "keep_item": _("Nothing comes back"),
    "nothing": _("There is nothing to send"),
}
REASONS: Final[Mapping[str, str]] = {
    "too_small": _("Too small"),
    "too_large": _("Too large"),
    "changed_mind": _("Changed mind"),
    "unwanted": _("Changed mind"),
    "damaged": _("Arrived damaged"),
    "defective": _("Defective"),
    "wrong_item": _("Wrong item"),
    "not_as_described": _("Not as described"),
    "style": _("Style or colour"),
    "withdrawal": _("Withdrawn from, no reason needed"),
    "missing": _("Missing in the parcel"),
    "never_arrived": _("Parcel never arrived"),
    "late": _("Arrived too late"),
    "other": _("Another reason"),
}
HAPPENED: Final[Mapping[str, str]] = {
    "return.requested": _("Requested"),
    "return.approved": _("Approved"),
    "return.rejected": _("Rejected"),
    "return.cancelled": _("Cancelled"),
    "return.noted": _("Note added"),
    "return.photo_added": _("Photo added"),
    "return.observed": _("Something unexpected was in the parcel"),
    "return.told_elsewhere": _("News from the system it began in"),
    "return.held": _("Put on hold"),
    "return.released": _("Hold released"),
    "return.info_asked": _("Asked the shopper"),
    "return.info_given": _("Answered"),
    "return.message_received": _("Wrote by mail"),
    "return.edited": _("Changed"),
    "return.reopened": _("Opened again"),
    "settlement.reversal_asked": _("Whoever issued it is asked to take it back"),
    "return.reminded": _("Shopper reminded"),
    "return.expired": _("Expired"),
    "return.in_transit": _("In transit"),
    "return.delivered": _("Delivered"),
    "return.parcel_updated": _("News about the parcel"),
    "return.label_made": _("Label made"),
    "return.label_failed": _("The label could not be made"),
    "return.label_retried": _("Label tried again"),
    "return.label_waived": _("Goes on without a label"),
    "return.expected": _("Announced to the warehouse"),
    "return.received": _("Received"),
    "return.inspected": _("Inspected"),
    "return.restocked": _("Back in stock"),
    "return.resolved": _("Resolved"),
    "return.repair_begun": _("Repair begun"),
    "return.sent_back": _("Sent to the shopper"),
    "return.fees_waived": _("Fees waived"),
    "return.assigned": _("Assigned"),
    "return.watched": _("Watched"),
    "return.tagged": _("Tags changed"),
    "return.prioritised": _("Priority changed"),
    "return.merged": _("Merged"),
    "settlement.quoted": _("Amount computed"),
    "settlement.due": _("Refund on its way"),
    "settlement.settled": _("Refunded"),
    "settlement.failed": _("Refund refused"),
    "settlement.handed_over": _("Refund handed over"),
    "settlement.disputed": _("Amount differs from the platform"),
    **guard_words.HAPPENED,
    **exchange_words.HAPPENED,
    **card_words.HAPPENED,
    "settlement.exchanged": _("Exchange recorded: what the new article counts as paid with"),
    "settlement.reversed": _("Amount taken back: nobody returns these units"),
    "effect.confirmed": _("Call confirmed"),
    "effect.failed": _("Call refused"),
    "effect.unknown": _("Call without an answer"),
    "effect.parked": _("A call waits for a person"),
    "effect.pending": _("Call accepted"),
    "effect.withdrawn": _("Call withdrawn before it was sent"),
}
# Machine noise: told, but folded away.
TECHNICAL: Final = frozenset(
    {"effect.confirmed", "effect.pending", "effect.withdrawn", "effect.unknown", "settlement.quoted", "settlement.due"}
)
FACTS: Final[Mapping[str, str]] = {
    "eligibility": _("May it come back"),
    "resolutions": _("What the shopper can get"),
    "methods": _("How it comes back"),
    "decision": _("Who approves"),
    "settle_on": _("When money is due"),
    "refund_terms": _("What is refunded"),
    "inspection": _("What the warehouse does"),
    "fees": _("What it costs"),
    "requirements": _("What the shopper must give"),
}
