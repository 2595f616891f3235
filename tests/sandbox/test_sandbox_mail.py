"""The sandbox's mail server: what it keeps, what its pages show, and how it misbehaves."""

from __future__ import annotations

import asyncio
import json
import smtplib
from email.message import EmailMessage
from typing import Any

import pytest

from retour.sandbox.mail.box import KEPT, Box
from retour.sandbox.mail.server import Mailroom
from tests.sandbox.desk import a_sandbox, request

EVIL = "<script>alert(1)</script>"


def a_mail(subject: str = "Hello", to: str = "ann@example.com", html: str = "<p>Hi</p>") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "shop@example.com", to, subject
    mail.set_content("Hi\n")
    mail.add_alternative(html, subtype="html")
    return mail


def hand_over(app: Any, *mails: EmailMessage) -> list[str]:
    """Send mails over a real socket and return what came of each: accepted, or the code of the refusal."""

    def send(port: int) -> list[str]:
        said = []
        for mail in mails:
            try:
                with smtplib.SMTP("127.0.0.1", port, timeout=5) as smtp:
                    smtp.send_message(mail)
                said.append("accepted")
            except smtplib.SMTPRecipientsRefused as refused:
                said.append(str(next(iter(refused.recipients.values()))[0]))
            except smtplib.SMTPResponseException as refused:
                said.append(str(refused.smtp_code))
            except smtplib.SMTPServerDisconnected:
                said.append("silence")
        return said

    async def run() -> list[str]:
        async with app.mail.listening("127.0.0.1", 0) as port:
            return await asyncio.to_thread(send, port)

    return asyncio.run(run())


def page(app: Any, path: str, **more: Any) -> tuple[int, dict[str, str], str]:
    status, headers, body = asyncio.run(request(app, path, **{"method": "GET", **more}))
    return status, headers, body.decode()


def told(app: Any, path: str = "/_sandbox/mail", wish: dict[str, Any] | None = None) -> Any:
    more = {} if wish is None else {"method": "POST", "body": json.dumps(wish).encode()}
    return json.loads(page(app, path, **more)[2])


def test_what_is_accepted_is_kept_and_found_by_recipient_and_subject() -> None:
    app = a_sandbox()

    assert hand_over(app, a_mail(), a_mail("Your code", "bob@example.com")) == ["accepted", "accepted"]

    assert [m["subject"] for m in told(app)["messages"]] == ["Your code", "Hello"]
    assert [m["subject"] for m in told(app, "/_sandbox/mail?to=BOB@example.com")["messages"]] == ["Your code"]
    assert [m["subject"] for m in told(app, "/_sandbox/mail?subject=hell")["messages"]] == ["Hello"]
    one = told(app, "/_sandbox/mail/1")
    assert (one["to"], one["text"], one["html"], one["envelope_from"]) == (
        ["ann@example.com"], "Hi\n", "<p>Hi</p>\n", "shop@example.com",
    )  # fmt: skip
    assert told(app)["counts"] == {"accepted": 2, "refused": 0}


def test_only_the_newest_five_hundred_are_kept() -> None:
    box = Box()
    for n in range(KEPT + 3):
        box.keep(envelope_from="a@x.example", envelope_to=[f"{n}@x.example"], raw=b"Subject: x\r\n\r\n")

    kept = box.newest_first()
    assert (len(kept), kept[0].id, kept[-1].id, box.find(3)) == (500, 503, 4, None)


def test_the_pages_show_a_message_without_letting_it_run() -> None:
    app = a_sandbox()
    hand_over(app, a_mail(EVIL, html=f"<p>Hi{EVIL}</p>"))

    status, headers, listed = page(app, "/mail")
    _, _, shown = page(app, "/mail/1")
    _, frame, message = page(app, "/mail/1/html")

    assert (status, EVIL in listed, EVIL in shown) == (200, False, False)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in listed
    assert '<iframe class="letter" src="/mail/1/html" sandbox="allow-popups"' in shown
    assert headers["content-security-policy"].startswith(
        "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'"
    )
    assert frame["content-security-policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups"
    )
    assert EVIL in message  # as it was sent; the policy keeps it from running
    assert page(app, "/mail/2")[0] == page(app, "/mail/2/html")[0] == 404


def test_it_misbehaves_where_how_and_as_often_as_asked() -> None:
    app = a_sandbox()
    told(app, "/_sandbox/mail/misbehave", {"where": "rcpt", "how": "550", "to": "ann@example.com"})
    told(app, "/_sandbox/mail/misbehave", {"where": "data", "how": "451", "after": 1})
    told(app, "/_sandbox/mail/misbehave", {"where": "message", "how": "drop_after"})

    said = hand_over(app, a_mail(to="bob@example.com"), a_mail(), a_mail("second"), a_mail("third"), a_mail("fourth"))

    assert said == ["silence", "550", "451", "accepted", "accepted"]
    assert [m["subject"] for m in told(app)["messages"]] == ["fourth", "third", "Hello"]
    assert [rule["hits"] for rule in told(app)["rules"]] == [1, 1, 1]
    assert told(app, "/_sandbox/mail/behave", {})["rules"] != []
    assert told(app)["rules"] == []


@pytest.mark.parametrize("wish", [{"where": "nowhere", "how": "550"}, {"where": "rcpt", "how": "250"}, {"how": "550"}])
def test_an_unknown_misbehaviour_is_refused(wish: dict[str, Any]) -> None:
    app = a_sandbox()

    status, _, _ = page(app, "/_sandbox/mail/misbehave", method="POST", body=json.dumps(wish).encode())

    assert (status, app.mail.rules) == (400, [])


def test_trouble_is_planned_and_ended_on_the_page() -> None:
    app = a_sandbox()

    status, headers, _ = page(app, "/mail/trouble", method="POST", body=b"where=rcpt&how=550&times=2")
    planned = page(app, "/mail")[2]
    page(app, "/mail/trouble/none", method="POST")

    assert (status, headers["location"]) == (303, "/mail")
    assert "rcpt: 550, 2 more times" in planned
    assert app.mail.rules == []


def test_a_reset_forgets_the_mail() -> None:
    app = a_sandbox()
    hand_over(app, a_mail())

    app.reset(seed=None, orders=None)

    assert told(app) == {"messages": [], "counts": {"accepted": 0, "refused": 0}, "rules": []}


def test_without_a_port_the_page_says_how_to_get_one() -> None:
    assert "start it with <code>--smtp-port</code>" in page(a_sandbox(), "/mail")[2]
    assert Mailroom().port is None
