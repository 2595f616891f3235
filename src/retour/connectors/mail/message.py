"""A mail as it travels: RFC 5322 headers and two readings of one text, 7-bit clean."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from typing import Final

from retour.core.ports import Mail

_DOT: Final = re.compile(rb"(?m)^\.")


def envelope(address: str) -> str:
    """Return an address as the envelope names it: the domain in its ASCII form; raise ValueError if it has none."""
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return f"{local}@{domain}"
    return f"{local}@{domain.encode('idna').decode('ascii')}"


def needs_utf8(mail: Mail) -> bool:
    """Return whether an address of the mail can only be written with the SMTPUTF8 extension (RFC 6531)."""
    return not all(envelope(a).isascii() for a in (mail.sender_address, mail.to, mail.reply_to) if a)


def as_bytes(mail: Mail) -> bytes:
    """Return the message with CRLF line ends; raise ValueError if a header would not be one line."""
    message = EmailMessage(policy=SMTPUTF8 if needs_utf8(mail) else SMTP)
    message["From"] = _named(mail.sender_name, mail.sender_address)
    message["To"] = _named("", mail.to)
    if mail.reply_to:
        message["Reply-To"] = _named("", mail.reply_to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = mail.message_id
    # RFC 3834: nobody answers automatically what was sent automatically.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message.set_content(mail.text, cte="quoted-printable" if mail.text.isascii() else None)
    message.add_alternative(mail.html, subtype="html")
    message["Content-Language"] = mail.language
    for file in mail.attachments:
        kind, _, form = file.media_type.partition("/")
        message.add_attachment(file.content, maintype=kind, subtype=form, filename=file.name)
    return message.as_bytes(policy=message.policy.clone(cte_type="7bit"))


def _named(name: str, address: str) -> Address:
    local, _, domain = envelope(address).rpartition("@")
    return Address(name, local, domain)


def as_data(message: bytes) -> bytes:
    """Return the message as it follows DATA: leading dots doubled and the line with the dot at the end (RFC 5321, 4.5.2)."""
    return _DOT.sub(b"..", message) + (b"" if message.endswith(b"\r\n") else b"\r\n") + b".\r\n"
