"""What docs/policy.md shows can be saved, and its limits and names are those of the code."""

import json
import re
from pathlib import Path

import pytest

from retour.core.policy import compile_policy, decode, templates
from retour.core.policy.document import MAX_EXPRESSION, MAX_HOLIDAYS, MAX_PROMOTIONS, MAX_RULES, MAX_ZONES
from retour.core.policy.grammar import MAX_NESTING, MAX_TERMS
from retour.core.policy.outcome import Group
from tests.core.policy.expressions import Plain
from tests.core.policy.test_policy_bad_input import OUTCOMES
from tests.core.policy.test_policy_decoding import WRONG

PAGE = (Path(__file__).parents[3] / "docs" / "policy.md").read_text(encoding="utf-8")
CODES = {code for _, _, code, _ in OUTCOMES} | {code for _, code, _ in WRONG}


@pytest.mark.parametrize("example", re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
def test_the_document_of_the_page_can_be_saved_and_decides(example: str) -> None:
    policy = decode(json.loads(example))

    assert compile_policy(policy, version="1", expressions=Plain()).version == "1"


@pytest.mark.parametrize("name", [*Group, *(one.name for one in templates()), *sorted(CODES)])
def test_the_page_names_every_group_template_and_code(name: str) -> None:
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize(
    "limit",
    [f"| {MAX_RULES}, ", f"| {MAX_ZONES}, ", f"| {MAX_HOLIDAYS}, {MAX_PROMOTIONS} |", f"{MAX_EXPRESSION} characters",
     f"{MAX_TERMS} terms", f"{MAX_NESTING} levels"],
)  # fmt: skip
def test_the_page_names_the_limits(limit: str) -> None:
    assert limit in PAGE
