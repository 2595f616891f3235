"""The page of facts is the catalogue's."""

from retour.core.policy.facts import FACTS
from tools.facts import PAGE, main, page


def test_the_page_says_what_the_catalogue_has() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m tools.facts"
    assert main(["--check"]) == 0


def test_every_fact_has_a_row_of_its_own() -> None:
    rows = [line.split("|")[1].strip() for line in page().splitlines() if line.startswith("| `")]

    assert rows == [f"`{name}`" for name in FACTS]
