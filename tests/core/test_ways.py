"""How the lines of a return come back, and what the policy wants to know about them."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from retour.core.answers import ANSWER_MOST, missing
from retour.core.errors import Refused
from retour.core.policy import LineDecision, compile_policy, decide, template
from retour.core.policy.document import Several
from retour.core.policy.outcome import AnswerKind, MethodKind, MethodOffer, Methods, Question, Requirements
from retour.core.ways import Way, Ways, ways_back
from tests.core.policy.builders import bare_facts

LABEL, DROP, OWN = MethodKind.LABEL, MethodKind.DROP_OFF, MethodKind.OWN_CARRIER


def offering(*kinds: MethodKind, to: str | None = None) -> LineDecision:
    document = template()
    offers = Methods(tuple(MethodOffer(kind, to) for kind in kinds))
    document = replace(document, defaults=replace(document.defaults, methods=offers))
    return decide(compile_policy(document, version="1"), [bare_facts()]).lines[0]


def chosen(ways: Ways) -> list[str]:
    return [way.method for way in ways.lines]


def test_one_way_that_all_lines_offer_is_taken_the_first_in_the_merchants_order() -> None:
    ways = ways_back([offering(LABEL, DROP), offering(DROP, LABEL)], None, Several.REVIEW)

    assert chosen(ways) == ["label", "label"]
    assert not ways.needs_review
    assert ways.first == Way("label")


def test_the_wanted_way_is_taken_where_it_is_offered() -> None:
    assert chosen(ways_back([offering(LABEL, DROP)], "drop_off", Several.REVIEW)) == ["drop_off"]


@pytest.mark.parametrize("several", list(Several))
def test_lines_without_a_common_way_come_back_each_by_its_own(several: Several) -> None:
    ways = ways_back([offering(LABEL), offering(DROP, OWN)], None, several)

    assert chosen(ways) == ["label", "drop_off"]
    assert ways.needs_review == (several is Several.REVIEW)


@pytest.mark.parametrize("several", list(Several))
def test_a_way_that_only_some_lines_offer_is_taken_by_those(several: Several) -> None:
    ways = ways_back([offering(LABEL, OWN), offering(DROP, OWN)], "label", several)

    assert chosen(ways) == ["label", "drop_off"]
    assert ways.needs_review == (several is Several.REVIEW)


def test_another_destination_is_another_parcel() -> None:
    ways = ways_back([offering(LABEL, to="berlin"), offering(LABEL)], None, Several.REVIEW)

    assert ways.lines == (Way("label", "berlin"), Way("label"))
    assert ways.needs_review


@pytest.mark.parametrize(("lines", "wanted"), [([(LABEL,), (DROP,)], "own_carrier"), ([(LABEL,), ()], None)])
def test_a_way_that_nobody_offers_is_refused(lines: list[tuple[MethodKind, ...]], wanted: str | None) -> None:
    with pytest.raises(Refused) as refused:
        ways_back([offering(*kinds) for kinds in lines], wanted, Several.SPLIT)

    assert (refused.value.code, refused.value.field) == ("method_not_offered", "method")


def test_what_is_kept_does_not_stand_for_the_return() -> None:
    assert Ways((Way("keep_item"), Way("label"))).first == Way("label")
    assert Ways((Way("keep_item"),)).first == Way("keep_item")


# --- answers ----------------------------------------------------------------------------------------------------------

FIT = Question("fit", "How does it fit?", AnswerKind.CHOICE, ("tight", "loose"))
WORN = Question("worn", "Was it worn?", AnswerKind.YES_NO)
TIMES = Question("times", "How often?", AnswerKind.NUMBER, required=False)
WORDS = Question("words", "Tell us more", required=False)
WANTED = Requirements(note=True, questions=(FIT, WORN, TIMES, WORDS))
GOOD = {"fit": "tight", "worn": "no"}


def codes(answers: Mapping[str, str], note: str | None = "It is torn") -> list[tuple[str, str | None]]:
    return [(found.code, found.field) for found in missing(WANTED, note=note, answers=answers, field="lines[0]")]


@pytest.mark.parametrize("more", [{}, {"times": "-3"}, {"times": "12", "words": "x" * ANSWER_MOST}, {"words": " "}])
def test_what_is_answered_as_asked_is_taken(more: Mapping[str, str]) -> None:
    assert codes({**GOOD, **more}) == []
    assert missing(Requirements(photos=3), note=None, answers={}, field="lines[0]", photos=3) == ()


def test_photos_that_are_missing_are_counted() -> None:
    found = missing(Requirements(photos=3), note=None, answers={}, field="lines[0]", photos=2)

    assert [(one.code, one.field, one.message) for one in found] == [
        ("photos_required", "lines[0].photos", "3 photos are wanted")
    ]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"worn": "no"}, ("answer_required", "lines[0].answers.fit")),
        ({**GOOD, "fit": "  "}, ("answer_required", "lines[0].answers.fit")),
        ({**GOOD, "fit": "wide"}, ("answer_not_accepted", "lines[0].answers.fit")),
        ({**GOOD, "worn": "maybe"}, ("answer_not_accepted", "lines[0].answers.worn")),
        ({**GOOD, "times": "two"}, ("answer_not_accepted", "lines[0].answers.times")),
        ({**GOOD, "times": "\N{SUPERSCRIPT TWO}"}, ("answer_not_accepted", "lines[0].answers.times")),
        ({**GOOD, "words": "x" * (ANSWER_MOST + 1)}, ("answer_too_long", "lines[0].answers.words")),
        ({**GOOD, "price": "1"}, ("unknown_question", "lines[0].answers")),
    ],
)
def test_what_is_missing_or_wrong_is_named(answers: Mapping[str, str], expected: tuple[str, str]) -> None:
    assert codes(answers) == [expected]


@pytest.mark.parametrize("note", [None, "", "  "])
def test_a_note_that_is_wanted_is_demanded(note: str | None) -> None:
    assert codes(GOOD, note) == [("note_required", "lines[0].note")]
