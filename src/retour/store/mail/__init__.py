"""Mail on its way: planned with what it tells of, claimed under a lease, settled by whoever holds it."""

from retour.store.mail.carry import REFUSED, UNKNOWN, Claim, claim, hand, settle
from retour.store.mail.content import brings_new_label, message_of, told_return
from retour.store.mail.plan import plan, purpose, speak
from retour.store.mail.read import MailView, get, list_of_resource
from retour.store.mail.resend import lock_for_again, send_again
from retour.store.mail.sender import Sender, save_sender, sender_of

__all__ = [
    "REFUSED",
    "UNKNOWN",
    "Claim",
    "MailView",
    "Sender",
    "brings_new_label",
    "claim",
    "get",
    "hand",
    "list_of_resource",
    "lock_for_again",
    "message_of",
    "plan",
    "purpose",
    "save_sender",
    "send_again",
    "sender_of",
    "settle",
    "speak",
    "told_return",
]
