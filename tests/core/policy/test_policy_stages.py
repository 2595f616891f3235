"""A request becomes known bit by bit, and knowing more never changes what was known."""

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given

from retour.core.order import Person, Risk
from retour.core.policy import FACTS, Asked, History, LineFacts, Request, compile_policy, decide, gather, time_zone
from retour.core.policy.document import Compare, Op
from retour.core.policy.facts import Level, Stage
from tests.core.policy.builders import NEVER, NOW, a_line, a_policy, a_rule, an_order
from tests.core.policy.strategies import SEEDS, examples

ORDER = an_order(a_line("L1", weight_g=300), a_line("L2"), a_line("L3", quantity=3))


def stage(request: Request) -> tuple[LineFacts, ...]:
    return gather(ORDER, person=Person(), request=request, history=History(), now=NOW, zone=time_zone("UTC"))


def opened(channel: str | None = "portal") -> Request:
    return Request(tuple(Asked(line.ref) for line in ORDER.lines), channel=channel)


def unknown(facts: LineFacts) -> set[str]:
    return {name for name, value in facts.values.items() if value is None}


def since(*stages: Stage) -> set[str]:
    return {fact.name for fact in FACTS.values() if fact.since in stages}


def test_nothing_of_the_return_is_known_on_opening_but_its_kind_and_who_asks() -> None:
    facts = stage(opened())[0]

    assert since(Stage.CHOSEN, Stage.SUBMITTED) <= unknown(facts)
    assert {f.name for f in FACTS.values() if f.level is Level.RETURN} - unknown(facts) == {
        "return.kind",
        "return.channel",
        "return.opened_by",
    }


def test_units_and_reasons_are_known_once_they_are_chosen() -> None:
    facts = stage(Request((Asked("L1", 2, "too_small", reason_group="fit"),)))[0]

    assert since(Stage.CHOSEN) & unknown(facts) == set()
    assert since(Stage.SUBMITTED) <= unknown(facts)
    assert (facts.values["line.reason_group"], facts.values["return.reasons"]) == ("fit", ("too_small",))


def test_the_group_of_a_reason_follows_from_our_own_reasons_unless_it_is_given() -> None:
    groups = [
        stage(Request((asked,)))[0].values["line.reason_group"]
        for asked in (
            Asked("L1", 1, "damaged"),
            Asked("L1", 1, "damaged", reason_group="mine"),
            Asked("L1", 1, "unheard"),
        )
    ]

    assert groups == ["quality", "mine", None]


def test_everything_about_the_request_is_known_at_submit() -> None:
    asked = Asked("L1", 2, "too_small", "exchange", "fit")
    facts = stage(
        Request(
            (asked,),
            channel="api",
            method="prepaid_label",
            destination="Berlin",
            risk=Risk.LOW,
            risk_score=20,
            customer_score=20,
            flags=("shared_identity",),
        )
    )[0]

    assert (since(Stage.CHOSEN) | since(Stage.SUBMITTED)) & unknown(facts) == set()
    assert [facts.values[f"return.{name}"] for name in ("method", "destination", "resolutions", "risk")] == [
        "prepaid_label",
        "Berlin",
        ("exchange",),
        "low",
    ]


def test_a_request_of_which_one_line_is_not_chosen_has_no_sums() -> None:
    facts = stage(Request((Asked("L1", 2, "too_small"), Asked("L2"))))[0]

    assert facts.values["line.quantity"] == 2
    assert [
        facts.values[f"return.{name}"] for name in ("item_count", "value", "weight_g", "whole_order", "reasons")
    ] == [None] * 5


@pytest.mark.parametrize(
    ("channel", "given_by", "who"),
    [("portal", None, "shopper"), ("dashboard", None, "staff"), ("warehouse", None, "staff"), ("api", None, "api"),
     ("pigeon", None, None), (None, None, None), ("api", "staff", "staff")],
)  # fmt: skip
def test_who_opens_a_request_follows_from_its_channel_unless_it_is_given(
    channel: str | None, given_by: str | None, who: str | None
) -> None:
    facts = stage(Request((Asked("L1", 1),), channel=channel, opened_by=given_by))[0]

    assert facts.values["return.opened_by"] == who


def test_before_units_are_chosen_a_line_is_judged_on_one_of_them() -> None:
    (one, *_), (none, *_) = (
        decide(compile_policy(a_policy(), version="1"), stage(request)).lines
        for request in (opened(), Request((Asked("L1", 0),)))
    )

    assert [no.code for no in one.objections] == []
    assert [no.code for no in none.objections] == ["quantity_not_positive"]


def test_a_rule_about_what_is_not_chosen_yet_decides_nothing_yet() -> None:
    dear = a_rule("dear", NEVER, Compare("return.value", Op.GTE, 5_000))
    policy = compile_policy(a_policy(dear), version="1")

    on_opening = decide(policy, stage(opened())).lines[0]
    chosen = decide(policy, stage(Request((Asked("L1", 1),)))).lines[0]

    assert ([no.code for no in on_opening.objections], [no.code for no in chosen.objections]) == ([], ["final_sale"])


@examples
@given(seed=SEEDS)
def test_more_knowledge_never_changes_a_known_fact(seed: int) -> None:
    chance = Random(seed)
    refs = [line.ref for line in ORDER.lines]
    mine = sorted(chance.sample(refs, chance.randint(1, 3)))
    channel = chance.choice(("portal", "api", None))
    group = chance.choice(("mine", None))
    chosen = tuple(
        Asked(ref, chance.randint(1, 2), chance.choice(("damaged", "other")), reason_group=group) for ref in mine
    )
    final = tuple(replace(asked, resolution=chance.choice(("exchange", "keep_item"))) for asked in chosen)
    stages = [
        {facts.line_ref: facts for facts in stage(request)}
        for request in (
            opened(channel),
            Request(chosen, channel=channel),
            Request(final, channel=channel, method="own_label", destination="Berlin", risk=Risk.HIGH),
        )
    ]

    for before, after in pairwise(stages):
        for ref in mine:
            assert {n: v for n, v in before[ref].values.items() if v is not None}.items() <= after[ref].values.items()
            assert before[ref].parcels == after[ref].parcels
