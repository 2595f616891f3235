"""What somebody wrote themselves: HTML as text, quotes and signatures left out, and never nothing where there was something."""

import pytest

from retour.core.mailbox.plain import MOST_HTML, MOST_PARSED, own_words, tags_and_text, text_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hello</p><p>order #1001</p>", "Hello\n\norder #1001"),
        ("a<br>b<hr/><img/>c", "a\nb\nc"),
        ("<table><tr><td>SKU</td><td>A-1</td></tr></table>", "SKU A-1"),
        ("Gr&ouml;&szlig;e\n  42", "Größe 42"),
        ("<title>t</title><style>p{}</style><script>alert(1)</script>Hi", "Hi"),
        ("a<blockquote><p>old<blockquote>older</blockquote><p>old</blockquote>b", "a\n\nb"),
        ('new<div class="gmail_quote"><div>old</div>old</div>', "new"),
        ('new<div id="appendonsend"></div>', "new"),
        ('seen<span style="display: none">not seen</span>', "seen"),
        ("seen<span hidden>not seen</span>", "seen"),
        ("seen<img hidden>still seen", "seenstill seen"),
        ("<blockquote>only this</blockquote>", "only this"),
        ("<script>only this</script>", ""),
        ("before<![x [ ]]> after", "before after"),
        ("a</p>b</blockquote>c", "a\nbc"),
    ],
)  # fmt: skip
def test_html_is_read_as_a_person_reads_it(html: str, text: str) -> None:
    assert text_of(html) == text


@pytest.mark.parametrize(
    "text",
    [
        "Too small.\n\nOn 3 May 2026 at 10:12, Acme <a@acme.example> wrote:\n> What is wrong?",
        "Too small.\n\nAm 3. Mai 2026 um 10:12 schrieb Acme <a@acme.example>:\n> Was ist?",
        "Too small.\n\nOn Sun, 3 May 2026 at 10:12, Acme Outdoor\n<returns@acme.example> wrote:\n\nWhat is wrong?",
        "Too small.\n\n-----Original Message-----\nFrom: x",
        "Too small.\n\nVon: Acme <a@acme.example>\nGesendet: Sonntag\nAn: Mara\n\nWas ist?",
        "> What is wrong?\nToo small.",
        "Too small.\n-- \nMara Lind\n+49 30 1234567",
        "Too small.\r\n\r\nSent from my iPhone",
        "Too small.\n\nVon meinem iPhone gesendet",
        "Too small.\n____________\nfooter",
    ],
)
def test_quotes_and_signatures_are_left_out(text: str) -> None:
    assert own_words(text) == "Too small."


@pytest.mark.parametrize(
    "text",
    [
        "I sent it back from Berlin.\nIs it there?",
        "From: the first day it was broken.",
        "From: me@example.com is my address\nthank you",
        "On Monday I wrote to you. No answer.",
    ],
)
def test_what_only_looks_like_a_quote_stays(text: str) -> None:
    assert own_words(text) == text


def test_a_mail_of_nothing_but_a_quote_is_kept_whole() -> None:
    assert own_words("> Too small.") == "> Too small."


def test_what_is_forwarded_is_what_somebody_wants_to_show() -> None:
    text = "-----Original Message-----\nFrom: Mara\n> Too small."

    assert own_words(text, forwarded=True) == text


@pytest.mark.parametrize(
    ("html", "parsed"),
    [
        ("a<!-- <p> > -->b<!DOCTYPE html>c<!-->d", "abcd"),
        ("a<!--[if mso]><p>x</p><![endif]-->b", "ab"),
        ("a<![if !mso]>b<![endif]>c", "abc"),
        ("a<!-- without an end <p>b</p>", "a"),
        ("a" + "<!--" * 50_000, "a"),
        ("a" + "<<!---->!--" * 3, "a" + "< !--" * 3),
        ("a" + "<![if >" * 10_000 + "b", "ab"),
        ("<p>a" + "<a " * 50_000, "<p>a"),
        ("<p>a" + "</" * 50_000, "<p>a"),
        ("<p>a" + "<?" * 50_000, "<p>a"),
        ("<p>I <3 it, 1 < 2", "<p>I <3 it, 1 < 2"),
        ("<b>x</b>" * 100_000, "<b>x</b>" * (MOST_PARSED // 8)),
        ("<!--" + "x" * 300_000 + "-->a", "a"),
        ("<!--" + "x" * MOST_HTML + "-->a", ""),
    ],
    ids=lambda text: text[:30],
)
def test_only_tags_with_an_end_reach_the_parser_and_only_so_many(html: str, parsed: str) -> None:
    assert tags_and_text(html) == parsed
