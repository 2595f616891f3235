import pytest

from tests.architecture.purity import floats, not_standard_library, touches_the_world
from tests.architecture.tree import Source, sources

CORE = "src/retour/core"
COLOURS = "src/retour/core/brand.py"  # lightness and contrast are no amounts


def test_the_core_counts_in_integers() -> None:
    counting = [source for source in sources(CORE) if source.path != COLOURS]

    assert [finding for source in counting for finding in floats(source)] == []


def test_the_core_stands_on_the_standard_library_alone() -> None:
    assert [finding for source in sources(CORE) for finding in not_standard_library(source)] == []


def test_the_core_knows_no_clock_no_chance_and_no_world() -> None:
    assert [finding for source in sources(CORE) for finding in touches_the_world(source)] == []


@pytest.mark.parametrize("planted", ["x = 1.5", "x = float(y)", "x = round(y)", "x: float", "x = 1e3"])
def test_a_float_is_found(planted: str) -> None:
    assert len(floats(Source("src/retour/core/money.py", planted))) == 1


@pytest.mark.parametrize(
    "planted", ["import msgspec", "from retour.store import rma", "from ..store import rma", "import retour"]
)
def test_an_import_from_elsewhere_is_found(planted: str) -> None:
    assert len(not_standard_library(Source("src/retour/core/money.py", planted))) == 1


@pytest.mark.parametrize(
    "kept",
    ["import dataclasses", "from . import money", "from .money import Money", "from retour.core.money import Money"],
)
def test_an_import_of_the_core_or_the_library_is_left_alone(kept: str) -> None:
    assert not_standard_library(Source("src/retour/core/refund.py", kept)) == []


@pytest.mark.parametrize(
    "planted",
    [
        "import random",
        "from pathlib import Path",
        "x = datetime.now(UTC)",
        "x = date.today()",
        "x = uuid.uuid4()",
        "open('a')",
    ],
)
def test_a_way_out_is_found(planted: str) -> None:
    assert len(touches_the_world(Source("src/retour/core/rma.py", planted))) == 1


@pytest.mark.parametrize(
    "kept", ["timeout_s: float = 1.5", "def f(a, *, wait_seconds: float | None = 0.5): ...", "x = 1"]
)
def test_a_duration_in_seconds_is_left_alone(kept: str) -> None:
    assert floats(Source("src/retour/core/ports.py", kept)) == []


def test_a_float_beside_a_duration_is_found() -> None:
    assert len(floats(Source("src/retour/core/ports.py", "def f(fee: float, wait_s: float = 1.0): ..."))) == 1
