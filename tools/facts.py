"""Write docs/policy-facts.md: every fact a policy can ask about, as the catalogue has it; `--check` only compares."""

import sys
from pathlib import Path
from typing import Final

from retour.core.policy.facts import FACTS, OPS, Fact, FactType, Level, Stage

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "policy-facts.md"
_HEAD: Final = """# The facts a policy can ask about

A condition compares one fact with a value. A fact that is not known satisfies no comparison but `known`, and its
opposite satisfies none either: nothing is guessed. Amounts are minor units of the currency the store keeps its books in, days are
days of the merchant's time zone, shares are basis points (10,000 is all of it). Texts are compared without regard to case.

Facts are gathered on the server and kept with the return, so that its decision can be computed again. A request becomes
known bit by bit, and what is known never changes by knowing more:

| since | what is known by then |
|---|---|
| opened | the order is open before somebody |
| chosen | articles, units and reasons are chosen |
| submitted | what the shopper gets and how the goods travel is chosen |

What a platform does not tell is not known: an order that was read before Retour asked for a fact tells it once it is read
again. Of a postcode only the first four signs are used, of an e-mail address only the domain, and of what a shopper filled in
for an article only the names of the fields.

This page is written by `python -m tools.facts` from `core/policy/facts.py`; a test compares them.

## What can be compared
| type | comparisons |
|---|---|
"""
_TITLES: Final = {
    Level.ORDER: "The order",
    Level.CUSTOMER: "The customer",
    Level.LINE: "The line",
    Level.PRODUCT: "The product of the line",
    Level.RETURN: "The request",
}


def page() -> str:
    """Return the text of the page."""
    parts = [_HEAD + "".join(f"| {kind} | {', '.join(f'`{op}`' for op in OPS[kind])} |\n" for kind in FactType)]
    for level in Level:
        rows = [_row(fact) for fact in FACTS.values() if fact.level is level]
        parts.append(f"## {_TITLES[level]}\n| fact | type | since | meaning |\n|---|---|---|---|\n{''.join(rows)}")
    return "\n".join(parts)


def _row(fact: Fact) -> str:
    kind = fact.type if fact.unit is None else f"{fact.type}, {fact.unit}"
    choices = f": {', '.join(f'`{choice}`' for choice in fact.choices)}" if fact.choices else ""
    return f"| `{fact.name}` | {kind} | {Stage(fact.since)} | {fact.description}{choices} |\n"


def main(arguments: list[str]) -> int:
    """Write the page, or say whether it is as the catalogue has it."""
    if "--check" in arguments:
        return 0 if PAGE.read_text("utf-8") == page() else 1
    PAGE.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
