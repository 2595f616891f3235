"""What integrators and merchants build on changes only on purpose: the schema of a policy, and the templates."""

import pytest

from tools.published import DOCS, published


@pytest.mark.parametrize("path", sorted(published()))
def test_what_is_published_is_what_the_code_says(path: str) -> None:
    assert published()[path] == (DOCS / path).read_text(encoding="utf-8"), "meant? then: python -m tools.published"


def test_nothing_else_is_published_as_a_template() -> None:
    found = {f"policy-templates/{path.name}" for path in (DOCS / "policy-templates").iterdir()}

    assert found == {path for path in published() if path.startswith("policy-templates/")}
