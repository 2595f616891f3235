"""Every word of a mail, however it is encoded: whom it is about may stand in what somebody quoted."""

from email.message import EmailMessage

import pytest

from retour.core.mailbox.whole import everything_in


def test_words_are_found_in_headers_text_quotes_signatures_and_html() -> None:
    made = EmailMessage()
    made["From"] = "Jörg Müller <jm@else.example>"
    made["Subject"] = "Zurück an Kanärski"
    made.set_content("Bitte löschen\n\nOn Monday, Ottilie wrote:\n> Kanariengasse 17\n\n-- \nGrüße, Bö", cte="base64")
    made.add_alternative("<p>H&ouml;lle <b>Me</b>yer</p>", subtype="html", cte="quoted-printable")
    made.add_attachment(b"not a text: Zorro", maintype="application", subtype="pdf")
    raw = made.as_bytes()

    said = everything_in(raw)

    for text in ("Jörg Müller", "Zurück an Kanärski", "> Kanariengasse 17", "Grüße, Bö", "Hölle Meyer"):
        assert text in said
        assert text.encode() not in raw
    assert "Zorro" not in said


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", ""),
        (b"Subject: =?utf-8?b?a?=\r\n\r\nhello", "=?utf-8?b?a?=\nhello"),
        (b"Content-Type: text/plain; charset=none\r\n\r\nhell\xf6", "text/plain; charset=none\nhell\xf6"),
        (b"Content-Type: message/rfc822\r\n\r\n" * 3000, ""),
    ],
)
def test_what_is_broken_is_read_as_far_as_it_goes(raw: bytes, said: str) -> None:
    assert everything_in(raw) == said


def test_a_mail_of_nothing_but_brackets_is_read_once_through() -> None:
    """A second look at the rest after every bracket would take hours."""
    html = b"Content-Type: text/html\r\n\r\n" + b"<" * 1_000_000

    assert everything_in(html).count("<") == 2_000_000
