"""Letters in words: exact subjects, exact text, HTML that shows the same and runs nothing."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from retour.core.letter import Front
from retour.core.mail import MailKind
from retour.web.mail import Letters
from tests.web.mail.samples import DECIDED, FRONT, SECRETS, a_letter, a_return, every_letter, the_order

LINK = FRONT.link
SUBJECTS = {
    "en": {
        MailKind.RETURN_REQUESTED: "We have your return request R-10482",
        MailKind.RETURN_APPROVED: "Your return R-10482 is approved",
        MailKind.RETURN_REJECTED: "Part of your return R-10482 was not approved",
        MailKind.RETURN_RECEIVED: "Your return R-10482 has arrived",
        MailKind.RETURN_INFO_NEEDED: "We have a question about your return R-10482",
        MailKind.RETURN_REMINDER: "Do not forget to send your return R-10482",
        MailKind.RETURN_EXPIRED: "Your return R-10482 has expired",
        MailKind.RETURN_MESSAGE: "A message about your return R-10482",
        MailKind.RETURN_EDITED: "Your return R-10482 was changed",
        MailKind.RETURN_REFUNDED: "€128.70 for your return R-10482 is on its way",
        MailKind.ONE_TIME_CODE: "Your code for Fjellhus",
        MailKind.STAFF_INVITED: "Your invitation to Fjellhus AS",
        MailKind.WITHDRAWAL_RECEIVED: "Your withdrawal from #1042 was received",
        MailKind.WITHDRAWAL_ANSWERED: "About your withdrawal from #1042",
        MailKind.STORE_ALARM: "Payments of Fjellhus were stopped",
        MailKind.STAFF_NOTICE: "R-10482: 2 things happened",
    },
    "de": {
        MailKind.RETURN_REQUESTED: "Ihre Rücksendung R-10482 ist angemeldet",
        MailKind.RETURN_APPROVED: "Ihre Rücksendung R-10482 ist genehmigt",
        MailKind.RETURN_REJECTED: "Ein Teil Ihrer Rücksendung R-10482 wurde nicht genehmigt",
        MailKind.RETURN_RECEIVED: "Ihre Rücksendung R-10482 ist eingegangen",
        MailKind.RETURN_INFO_NEEDED: "Wir haben eine Frage zu Ihrer Rücksendung R-10482",
        MailKind.RETURN_REMINDER: "Denken Sie an Ihre Rücksendung R-10482",
        MailKind.RETURN_EXPIRED: "Ihre Rücksendung R-10482 ist verfallen",
        MailKind.RETURN_MESSAGE: "Eine Nachricht zu Ihrer Rücksendung R-10482",
        MailKind.RETURN_EDITED: "Ihre Rücksendung R-10482 wurde geändert",
        MailKind.RETURN_REFUNDED: "128,70\N{NO-BREAK SPACE}€ für Ihre Rücksendung R-10482 sind unterwegs",
        MailKind.ONE_TIME_CODE: "Ihr Code für Fjellhus",
        MailKind.STAFF_INVITED: "Ihre Einladung zu Fjellhus AS",
        MailKind.WITHDRAWAL_RECEIVED: "Ihr Widerruf zu #1042 ist eingegangen",
        MailKind.WITHDRAWAL_ANSWERED: "Zu Ihrem Widerruf #1042",
        MailKind.STORE_ALARM: "Zahlungen von Fjellhus wurden angehalten",
        MailKind.STAFF_NOTICE: "R-10482: 2 Neuigkeiten",
    },
}
CODE_DE = """\
Ihr Code

Geben Sie ihn auf der Seite ein, die danach fragt. Er gilt 10 Minuten.

    482913

Sie haben keinen Code angefordert? Dann ist nichts zu tun: Ohne ihn
sieht niemand Ihre Bestellung.

--\x20
Fjellhus
"""
WITHDRAWN_DE = """\
Ihr Widerruf ist eingegangen

Er ist am 12. Mai, 15:04 bei uns eingegangen.

Sie widerrufen einen Teil des Vertrags #1042.

Bewahren Sie diese Mail auf: Sie ist Ihre Bestätigung.

Was Sie erklärt haben
---------------------
* Name
  Mara Lindqvist
* Bestellung oder Vertrag
  #1042
* Artikel
  the left sock
  and the cap
* Bestätigung an
  mara@example.com
* Eingegangen
  12. Mai, 15:04
  2026-05-12T15:04:00+02:00
* Prüfsumme (SHA-256)
  cdfa0fbf235e51a28faf1b3b4542cd72a3072139dc1c243be01a5c54bbac8c7d

Wie es weitergeht
-----------------
Wir suchen Ihre Bestellung heraus und schreiben Ihnen, wie Sie die
Artikel zurücksenden.
Senden Sie sie binnen 14 Tagen ab heute zurück.
Wir zahlen binnen 14 Tagen zurück. Wir dürfen warten, bis die Artikel da
sind oder Sie den Versand belegen.

Sie haben nichts widerrufen? Dann antworten Sie auf diese Mail oder
sagen Sie es dem Shop.

Fragen? Schreiben Sie uns: help@fjellhus.example

--\x20
Fjellhus
"""
REJECTED_DE = f"""\
Ein Teil Ihrer Rücksendung wurde nicht genehmigt

Behalten Sie die hier genannten Artikel. Der Rest Ihrer Rücksendung
läuft weiter wie bisher.

Rücksendung ansehen:
{LINK}

Nicht genehmigt
---------------
* Trail jacket
  1 Stück
  Sold as final sale on 2 May.
  We said so on the page of the jacket.

Fragen? Schreiben Sie uns: help@fjellhus.example

--\x20
Fjellhus
"""
REFUNDED_EN = f"""\
€128.70 is on its way

Banks take 3 to 5 days.

See your return:
{LINK}

Your refund, to the cent
------------------------
Trail jacket ......................................            €129.00
Its share of SPRING10 .............................            −€12.90
Merino socks, 1 of 2 ..............................             €12.60
  €25.20 paid for 2
  after its share of SPRING10
----------------------------------------------------------------------
You get back ......................................            €128.70
                                                               =======
  includes €20.55 tax

to your card ......................................            €121.30
to the gift card you paid with ....................              €7.40

Questions? Ask us: help@fjellhus.example

--\x20
Fjellhus
"""
REFUNDED_DE = f"""\
82,26\N{NO-BREAK SPACE}€ sind unterwegs auf Ihre Karte

Banken brauchen 3 bis 5 Tage.

Rücksendung ansehen:
{LINK}

Ihre Erstattung auf den Cent genau
----------------------------------
Trail jacket ......................................           129,00\N{NO-BREAK SPACE}€
Anteil an SPRING10 ................................           −12,90\N{NO-BREAK SPACE}€
Merino socks, 1 von 2 .............................            12,60\N{NO-BREAK SPACE}€
  25,20\N{NO-BREAK SPACE}€ bezahlt für 2
  nach Anteil an SPRING10
----------------------------------------------------------------------
Artikel, wie bezahlt ..............................           128,70\N{NO-BREAK SPACE}€
Abzug für den Zustand .............................           −46,44\N{NO-BREAK SPACE}€
  Trail jacket
  40\N{NO-BREAK SPACE}%
----------------------------------------------------------------------
Sie erhalten zurück ...............................            82,26\N{NO-BREAK SPACE}€
                                                               =======
  enthält 13,13\N{NO-BREAK SPACE}€ Steuer

auf Ihre Karte ....................................            82,26\N{NO-BREAK SPACE}€

Fragen? Schreiben Sie uns: help@fjellhus.example

--\x20
Fjellhus
"""


@pytest.fixture(scope="module")
def letters() -> Letters:
    return Letters.load()


def test_a_deduction_is_explained_in_german_to_the_cent(letters: Letters) -> None:
    assert letters.write(a_letter(MailKind.RETURN_REFUNDED, "de", damaged=True)).text == REFUNDED_DE


class Seen(HTMLParser):
    """What an HTML document holds: its tags with attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("kind", list(MailKind))
def test_each_kind_has_its_exact_subject(letters: Letters, language: str, kind: MailKind) -> None:
    assert letters.write(a_letter(kind, language, **SECRETS.get(kind, {}))).subject == SUBJECTS[language][kind]


@pytest.mark.parametrize(
    ("kind", "language", "text"),
    [
        (MailKind.ONE_TIME_CODE, "de", CODE_DE),
        (MailKind.WITHDRAWAL_RECEIVED, "de", WITHDRAWN_DE),
        (MailKind.RETURN_REJECTED, "de", REJECTED_DE),
        (MailKind.RETURN_REFUNDED, "en", REFUNDED_EN),
    ],
)
def test_the_plain_text_is_written_to_be_read(letters: Letters, kind: MailKind, language: str, text: str) -> None:
    assert letters.write(a_letter(kind, language, **SECRETS.get(kind, {}))).text == text


@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_html_shows_every_word_of_the_text(letters: Letters, language: str) -> None:
    for letter in every_letter(language):
        written = letters.write(letter)
        shown = set(Seen(written.html).text.split())
        said = re.sub(r"[-=.]{2,}|https?://\S+", " ", written.text).replace(":\n", "\n").replace("* ", " ")

        assert set(said.split()) - shown - {"-"} == set()


@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_a_mail_loads_nothing_runs_nothing_and_says_its_language(letters: Letters, language: str) -> None:
    for letter in every_letter(language):
        html = letters.write(letter).html
        seen = Seen(html)
        names = {tag for tag, _ in seen.tags}
        assert not names & {"script", "img", "link", "iframe", "form", "input", "object", "video", "svg"}
        assert "@import" not in html
        assert "url(" not in html
        links = [LINK] if letter.told else [link for link in [letter.secret.get("link")] if link]
        assert [a["href"] for tag, a in seen.tags if tag == "a"] == links
        (root,) = (a for tag, a in seen.tags if tag == "html")
        assert (root["lang"], root["dir"]) == (language, "rtl" if language == "ar" else "ltr")
        assert [tag for tag, _ in seen.tags].count("h1") == 1
        assert not [a for _, a in seen.tags if any(name.startswith("on") for name in a)]


EVIL = "</h1><script>alert(1)</script>{{ 7*7 }}{% raw %}%(number)s\r\nBcc: all@example.com\u202egpj.\u0007<mj-raw>"


def test_what_people_typed_stays_text(letters: Letters) -> None:
    refused = a_return(("rejected", "rejected"), L1={"message": EVIL}, L2={"message": "line\n\n" + EVIL})
    letter = a_letter(
        MailKind.RETURN_REJECTED,
        rma=refused,
        order=the_order(jacket=EVIL),
        front=replace(FRONT, name=EVIL, contact_email=EVIL),
    )

    written = letters.write(letter)

    seen = Seen(written.html)
    assert "script" not in {tag for tag, _ in seen.tags}
    assert "<script>alert(1)</script>{{ 7*7 }}{% raw %}%(number)s Bcc: all@example.comgpj. <mj-raw>" in seen.text
    assert "\u202e" not in written.html + written.text
    assert "\n" not in written.subject
    assert not re.search(r"^Bcc", written.text, re.MULTILINE)


@pytest.mark.parametrize("kind", [MailKind.ONE_TIME_CODE, MailKind.STAFF_INVITED])
def test_no_name_of_a_shop_breaks_out_of_the_subject(letters: Letters, kind: MailKind) -> None:
    written = letters.write(a_letter(kind, front=Front(EVIL), code="1", account=EVIL, link="https://x.example/"))

    assert len(written.subject.splitlines()) == 1
    assert "\u202e" not in written.subject


def test_a_name_in_another_script_is_kept_apart(letters: Letters) -> None:
    english = letters.write(a_letter(MailKind.RETURN_APPROVED, order=the_order(jacket="سترة 12")))
    arabic = letters.write(a_letter(MailKind.RETURN_APPROVED, "ar", order=the_order()))

    assert "* \u2068سترة 12\u2069\n" in english.text
    assert "* \u2068Trail jacket\u2069\n" in arabic.text


@pytest.mark.parametrize(
    ("method", "first"),
    [
        ("own_carrier", "Send the items back with a carrier of your choice."),
        ("label", "Print the label from the page of your return and put it on the parcel."),
        ("drop_off", "Show the code from the page of your return where you hand the parcel over."),
        ("keep_item", "Keep the items: nothing needs to come back."),
    ],
)
def test_an_approval_says_how_the_goods_come_back(letters: Letters, method: str, first: str) -> None:
    text = letters.write(a_letter(MailKind.RETURN_APPROVED, method=method)).text

    assert text.split("\n\n")[1].replace("\n", " ") == first


def test_an_approval_says_where_to_send_it_when_the_shop_does(letters: Letters) -> None:
    front = replace(FRONT, return_address="Fjellhus\nStorgata 1\n0155 Oslo", sending="Use the box it came in.")

    text = letters.write(a_letter(MailKind.RETURN_APPROVED, front=front)).text

    assert (
        "Where to send it\n----------------\nUse the box it came in.\nWrite R-10482 on the parcel.\n"
        "* Fjellhus\n  Storgata 1\n  0155 Oslo\n" in text
    )


@pytest.mark.parametrize(
    ("kind", "decisions", "subject"),
    [
        (MailKind.RETURN_APPROVED, ("approved", "rejected"), "Part of your return R-10482 is approved"),
        (MailKind.RETURN_APPROVED, ("approved", "requested"), "Part of your return R-10482 is approved"),
        (MailKind.RETURN_REJECTED, ("rejected", "rejected"), "Your return R-10482 was not approved"),
    ],
)
def test_a_part_is_told_as_a_part_and_without_the_money_of_the_whole(
    letters: Letters, kind: MailKind, decisions: tuple[str, str], subject: str
) -> None:
    written = letters.write(a_letter(kind, rma=a_return(decisions)))

    assert written.subject == subject
    assert "128.70" not in written.text


def test_a_parcel_with_a_part_of_the_goods_is_told_as_a_part(letters: Letters) -> None:
    some = a_return(("approved", "approved"), L1={"received": ((1, 1),)})

    assert (
        letters.write(a_letter(MailKind.RETURN_RECEIVED, rma=some)).subject == "Part of your return R-10482 has arrived"
    )


def test_a_store_without_a_look_is_written_for_all_the_same(letters: Letters) -> None:
    plain = letters.write(a_letter(MailKind.RETURN_RECEIVED, front=Front("acme")))

    assert "See your return" not in plain.text
    assert "Questions?" not in plain.text
    assert plain.text.endswith("-- \nacme\n")


def test_every_kind_has_a_letter() -> None:
    assert {letter.kind for letter in every_letter("en")} == set(MailKind)
    assert set(DECIDED) | set(SECRETS) == set(MailKind)


def test_the_colour_of_the_brand_is_in_the_button_and_legible(letters: Letters) -> None:
    pale = letters.write(a_letter(MailKind.RETURN_APPROVED, front=replace(FRONT, brand="#ffe680"))).html

    assert "background:#ffe680" in pale
    assert "color:#101216" in pale


@pytest.mark.parametrize("kind", [MailKind.RETURN_REQUESTED, MailKind.RETURN_APPROVED])
def test_whoever_got_a_gift_reads_no_price(letters: Letters, kind: MailKind) -> None:
    bought = letters.write(a_letter(kind, "en"))
    given = letters.write(a_letter(kind, "en", rma=replace(DECIDED[kind], gift=True)))

    assert "€" in bought.text
    assert "€" not in given.text + given.html
