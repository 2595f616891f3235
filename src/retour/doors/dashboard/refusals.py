"""What a refusal of a flow says to somebody who filled in a form: what is wrong there, and what fits."""

from collections.abc import Mapping
from typing import Final

from retour.core.errors import Refused
from retour.web.reader import Reader


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


_SAID: Final[Mapping[str, str]] = {
    "address_forgotten": _("What was in that mail is forgotten. Make a new code or link"),
    "already_exists": _("This is taken already. Choose another"),
    "already_set_up": _("This installation has an account already. Sign in instead"),
    "invalid_brand": _("Enter a colour such as #1f4d3a"),
    "invalid_credentials": _("Enter the access token"),
    "invalid_card_key": _("Paste it exactly as Stripe shows it"),
    "invalid_currency": _("Choose a currency from the list"),
    "invalid_email": _("Enter an e-mail address such as name@example.com"),
    "invalid_handle": _("Use small letters, digits and hyphens, 60 at most"),
    "invalid_logo": _("Choose a PNG, JPEG or WebP picture"),
    "invalid_master": _("Choose one of the answers"),
    "invalid_name": _("Enter a name of 1 to 200 characters"),
    "invalid_password": _("Choose a password of 12 characters or more"),
    "invalid_text": _("This text is too long, or has invisible characters"),
    "integration_missing": _("Name the service that pays"),
    "name_missing": _("Enter a name"),
    "days_out_of_range": _("Enter 1 to 365 days, or nothing"),
    "invalid_host": _("Enter the name of the mail server, such as imap.example.com"),
    "invalid_port": _("A port is a number from 1 to 65535"),
    "invalid_encryption": _("Choose one of the answers"),
    "invalid_user": _("Enter the name you sign in with"),
    "invalid_mailbox_password": _("Enter the password, 200 characters at most"),
    "invalid_folder": _("Enter the name of the folder"),
    "invalid_days": _("Enter 0 to 90 days"),
    "mailbox_not_found": _("This mailbox is not read any more"),
    "state_changed": _("Somebody changed this meanwhile. Open it again, then make your change"),
    "too_many": _("There are 100 already. Archive one first"),
    "invalid_code": _("Use small letters, digits, - and _, 64 at most"),
    "invalid_question": _("A choice needs two different answers at least"),
    "parent_not_usable": _("Choose a group that is in no other group; one that holds reasons stays outside"),
    "reason_in_use": _("Archive the reasons in this group first"),
    "last_reason": _("Shoppers need one reason to choose"),
    "invalid_timezone": _("Choose a time zone from the list"),
    "invalid_minutes": _("Enter 1 to 1,440 minutes"),
    "invalid_url": _("Enter an address that begins with https://"),
    "internal_url": _("Enter the address of a server that the internet can reach"),
    "isv_not_found": _("No integrator of this installation has that id"),
    "last_owner": _("The account needs an owner. Make somebody else an owner first"),
    "mail_not_found": _("There is no such mail any more"),
    "move_not_allowed": _("This is on its way already"),
    "endpoint_inactive": _("Switch the receiver on first"),
    "store_not_found": _("This store does not exist any more"),
    "unknown_language": _("Choose a language from the list"),
}


def explain(refused: Refused, reader: Reader) -> str:
    """Return the sentence of a refusal in the reader's language; one without words of its own is told as it came."""
    known = _SAID.get(refused.code)
    return reader.say(known) if known else refused.message
