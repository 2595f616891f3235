"""The platform's own return, played by the book: it takes nothing out that went through it, nothing in that it lacks."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from retour.core.effect import EffectKind, ProcessReturn
from retour.core.removal import RemoveFromReturn
from retour.core.rma import Due


class TheirReturn:
    """Units by parcel row: `holds` as it stands, `processed` of them; `taken_out` in all."""

    def __init__(self) -> None:
        self.holds, self.processed, self.taken_out = Counter[str](), Counter[str](), 0

    def happened(self, due: Due, result: Mapping[str, Any]) -> None:
        """Take part in what was confirmed."""
        if due.kind in (EffectKind.OPEN_RETURN, EffectKind.APPROVE_RETURN):
            self.holds = Counter({row["fulfilled_ref"]: row["quantity"] for row in result["lines"]})
        if isinstance(due.target, ProcessReturn):
            for disposed in due.target.lines:
                self.processed[disposed.fulfilled_ref] += disposed.quantity
        if isinstance(due.target, RemoveFromReturn):
            for line in due.target.lines:
                ref = line.return_line_ref.removeprefix("row/")
                assert line.quantity < self.holds[ref]
                self.taken_out += self.holds[ref] - line.quantity
                self.holds[ref] = line.quantity
        assert all(units <= self.holds[ref] for ref, units in self.processed.items())
