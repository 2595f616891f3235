"""Which return a subject names, which mail began a conversation, and which files are only named."""

import pytest

from retour.core.mailbox import conversation, number_in, with_files


@pytest.mark.parametrize(
    ("subject", "number"),
    [
        ("Re: Your return R-10042", 10042),
        ("re: r-10042 r-10042", 10042),
        ("R-10042 and R-10043", None),
        ("ER-10042", None),
        ("R-10042-A", None),
        ("R-", None),
        ("", None),
    ],
)
def test_a_subject_names_one_return_or_none(subject: str, number: int | None) -> None:
    assert number_in(subject) == number


def test_a_conversation_is_known_by_its_first_mail() -> None:
    assert conversation("<c>", ("<b>", "<a>")) == "<a>"
    assert (conversation("<c>", ()), conversation(None, ())) == ("<c>", None)


def test_files_that_are_not_kept_are_named_below_the_text() -> None:
    assert with_files("Hello", ("a.pdf", "b.mov")) == "Hello\n[+ a.pdf]\n[+ b.mov]"
    assert with_files("", ()) == ""
