"""Breaks the money and policy rules of the core in every small way and counts what the tests notice.

`make mutants` runs it (an hour or so on two cores) and writes docs/mutants.md; survivors stay listed in
mutants/survivors.txt. `python -m tools.mutants "retour.core.exchange*"` tries one room only and writes no page.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORKPLACE = ROOT / "mutants"
PAGE = ROOT / "docs" / "mutants.md"
SURVIVORS = WORKPLACE / "survivors.txt"
SURVIVED, UNTRIED = "survived", "untried"
OUTCOMES = {0: SURVIVED, 5: SURVIVED, 33: SURVIVED, None: UNTRIED, 34: UNTRIED, 2: UNTRIED}  # all else: noticed
WANTED = 90  # percent

HEAD = """# Mutants

Tests that cannot fail prove nothing. `make mutants` breaks every function of the rooms below in every small way it
knows (a comparison, a sign, a constant, an argument, a word), one change at a time, and runs the tests of the core that
pass through that function. A mutant that no test notices survives. Equal programs written differently survive too, so
100 % cannot be reached; below {wanted} % in all the command fails. Two tables that are made when they are imported (facts,
and the outcomes of the schema) cannot be broken this way; tests compare them whole with what docs/ publishes.

Last run: {day}.

| room | mutants | noticed | share |
|---|---:|---:|---:|
"""


def main(only: list[str]) -> int:
    """Run the mutants, print the table and return 1 if fewer than the wanted share was noticed."""
    with (ROOT / ".cache" / "mutants.log").open("w") as log:
        subprocess.run([sys.executable, "-m", "mutmut", "run", *only], cwd=ROOT, stdout=log, stderr=log, check=False)
    found = dict(outcomes(WORKPLACE.rglob("*.meta")))
    SURVIVORS.write_text("".join(f"{name}\n" for name, outcome in sorted(found.items()) if outcome == SURVIVED))
    rows = table(found)
    print("\n".join(rows))
    if only:
        return 0
    PAGE.write_text(HEAD.format(wanted=WANTED, day=datetime.now(UTC).date().isoformat()) + "\n".join(rows) + "\n")
    tried = [outcome for outcome in found.values() if outcome != UNTRIED]
    return 0 if tried and share(tried) >= WANTED * 100 else 1


def outcomes(metas: Iterable[Path]) -> Iterable[tuple[str, str]]:
    """Return each mutant with what became of it: noticed, survived or untried."""
    for meta in metas:
        for name, code in json.loads(meta.read_text())["exit_code_by_key"].items():
            yield name, OUTCOMES.get(code, "noticed")


def table(found: dict[str, str]) -> list[str]:
    """Return a row for each room and one for all; untried mutants do not count."""
    rooms: dict[str, list[str]] = {}
    for name, outcome in sorted(found.items()):
        if outcome != UNTRIED:
            rooms.setdefault(name.rpartition(".")[0].removeprefix("retour."), []).append(outcome)
    rows = [_row(f"`{room}`", of) for room, of in rooms.items()]
    return [*rows, _row("**all**", [outcome for of in rooms.values() for outcome in of])]


def share(of: list[str]) -> int:
    """Return the share that was noticed, in hundredths of a percent."""
    return (len(of) - Counter(of)[SURVIVED]) * 10_000 // max(1, len(of))


def _row(room: str, of: list[str]) -> str:
    noticed = len(of) - Counter(of)[SURVIVED]
    return f"| {room} | {len(of):,} | {noticed:,} | {share(of) // 100}.{share(of) % 100 // 10} % |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
