"""The mail server's address: what it says, and what is refused without repeating a password."""

import pytest

from retour.core.mail_server import Encryption, MailServer


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", MailServer("mail.example", 25, Encryption.OFFERED)),
        ("smtp://u:p@mail.example", MailServer("mail.example", 587, Encryption.OFFERED, "u", "p")),
        ("smtp://mail.example:2525?starttls=1", MailServer("mail.example", 2525, Encryption.ALWAYS)),
        ("smtp://mail.example/?starttls=0", MailServer("mail.example", 25, Encryption.NEVER)),
        ("smtps://u%40x:p%20w@mail.example", MailServer("mail.example", 465, Encryption.AT_ONCE, "u@x", "p w")),
        ("smtp://u:p@[::1]:1025?starttls=0", MailServer("::1", 1025, Encryption.NEVER, "u", "p")),
        ("smtp://u:p@localhost?starttls=0", MailServer("localhost", 587, Encryption.NEVER, "u", "p")),
        ("smtp://u:p@127.0.0.1:1025?starttls=0", MailServer("127.0.0.1", 1025, Encryption.NEVER, "u", "p")),
    ],
)
def test_an_address_says_how_the_server_is_reached(url: str, server: MailServer) -> None:
    assert MailServer.of(url) == server
    assert "p w" not in repr(MailServer.of(url))


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example", "smtp://", "", "smtp://mail.example:port", "smtp://mail.example/path", "smtp://mail.example?tls=1",
        "smtp://mail.example?starttls=yes", "smtps://mail.example?starttls=1", "smtp://user@mail.example",
        "smtp://u:hidden@mail.example?starttls=0", "smtp://mail.example:0", "smtp://mail.example:65536",
        "smtp://mail.example?starttls=1&x=1", "smtp://u:hid%40den:more@mail.example", "smtp://mail.example#x",
    ],
)  # fmt: skip
def test_an_address_that_means_nothing_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="expected smtp://") as refused:
        MailServer.of(url)
    assert "hidden" not in str(refused.value)
