"""Simulation: a policy replayed over what happened, beside what was decided then; shopper behaviour is held constant."""

from retour.core.simulation.court import Case, Compared, Court, Quotes
from retour.core.simulation.judging import facts_needed
from retour.core.simulation.replaying import Replay, replay_file, replay_order
from retour.core.simulation.result import (
    ACCEPTED,
    BY,
    MOST_ROWS,
    REST,
    UNKNOWN,
    Affected,
    AffectedLine,
    Against,
    Books,
    Change,
    Counts,
    Fate,
    Figures,
    GroupRow,
    LineSide,
    Mode,
    Money,
    Result,
    Side,
    Why,
)
from retour.core.simulation.tally import TOLD, Tally, summed
from retour.core.simulation.telling import affected

__all__ = [
    "ACCEPTED",
    "BY",
    "MOST_ROWS",
    "REST",
    "TOLD",
    "UNKNOWN",
    "Affected",
    "AffectedLine",
    "Against",
    "Books",
    "Case",
    "Change",
    "Compared",
    "Counts",
    "Court",
    "Fate",
    "Figures",
    "GroupRow",
    "LineSide",
    "Mode",
    "Money",
    "Quotes",
    "Replay",
    "Result",
    "Side",
    "Tally",
    "Why",
    "affected",
    "facts_needed",
    "replay_file",
    "replay_order",
    "summed",
]
