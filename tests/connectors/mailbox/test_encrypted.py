"""The same over encrypted connections: whose certificate counts, and that no password leaves without one."""

import ssl
from pathlib import Path

import pytest

from retour.connectors.mailbox.client import ImapClient
from retour.core.mail_server import Encryption
from retour.core.mailbox import Place
from retour.core.ports import Unreachable
from retour.sandbox.mail.imap import serve_mailbox
from tests.connectors.mailbox.mailboxes import NOON, QUICK, a_mailbox, read

pytestmark = pytest.mark.anyio


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def serving(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.mark.parametrize("encryption", [Encryption.AT_ONCE, Encryption.ALWAYS])
async def test_an_encrypted_mailbox_is_read(certificate: tuple[Path, Path], encryption: Encryption) -> None:
    at_once = serving(certificate) if encryption is Encryption.AT_ONCE else None
    starttls = serving(certificate) if encryption is Encryption.ALWAYS else None
    client = ImapClient(internal=True, patience=QUICK, trust=trusting(certificate[0]))
    async with serve_mailbox(a_mailbox(NOON), at_once=at_once, starttls=starttls) as port:
        found = await read(port, None, client=client, encryption=encryption)

    assert found == ([1], Place(1, 1), False)


@pytest.mark.parametrize("encryption", [Encryption.AT_ONCE, Encryption.ALWAYS])
async def test_a_certificate_that_nobody_vouches_for_gets_no_password(
    certificate: tuple[Path, Path], encryption: Encryption
) -> None:
    at_once = serving(certificate) if encryption is Encryption.AT_ONCE else None
    starttls = serving(certificate) if encryption is Encryption.ALWAYS else None
    box = a_mailbox(NOON)
    async with serve_mailbox(box, at_once=at_once, starttls=starttls) as port:
        with pytest.raises(Unreachable) as refused:
            await read(port, None, encryption=encryption)

    assert not refused.value.needs_reconnect
    assert not {"LOGIN", "AUTHENTICATE"} & set(box.says)


async def test_a_server_that_offers_no_encryption_gets_no_password() -> None:
    box = a_mailbox(NOON)
    async with serve_mailbox(box) as port:
        with pytest.raises(Unreachable):
            await read(port, None, encryption=Encryption.ALWAYS)

    assert not {"LOGIN", "AUTHENTICATE"} & set(box.says)
