"""One row of the queues' page."""

from collections.abc import Sequence
from dataclasses import dataclass

from retour.web.parts import Mark


@dataclass(frozen=True, slots=True)
class Shown:
    """One queue in words; `late` says how many are beyond the limit, `ages` are counts from young to old."""

    mark: Mark
    title: str
    step: str
    store: str
    who: str
    count: int
    late: str
    limit: str
    ages: Sequence[int]
    oldest: str
    number: str
    oldest_url: str
    url: str
    evidence: str
