import pytest

from tests.architecture.tree import HAND_WRITTEN, Source, sources
from tests.architecture.words import refused_names, wrong_units

UNIT_FLOORS = ("src/retour/core", "src/retour/store", "src/retour/flows")


def test_every_module_and_class_has_a_name_that_says_something() -> None:
    findings = [finding for source in sources(*HAND_WRITTEN) for finding in refused_names(source)]

    assert findings == []


def test_units_stand_last_and_are_true() -> None:
    findings = [finding for source in sources(*UNIT_FLOORS) for finding in wrong_units(source)]

    assert findings == []


@pytest.mark.parametrize(
    "path", ["src/retour/utils.py", "src/retour/flows/order_helpers.py", "src/retour/common/a.py", "tests/base.py"]
)
def test_an_empty_file_or_folder_name_is_found(path: str) -> None:
    assert len(refused_names(Source(path, ""))) == 1


@pytest.mark.parametrize("name", ["OrderManager", "RefundService", "BaseConnector", "Helper", "WebhookHandler"])
def test_an_empty_class_name_is_found(name: str) -> None:
    assert len(refused_names(Source("src/retour/a.py", f"class {name}: ..."))) == 1


def test_a_name_that_only_contains_such_a_word_is_left_alone() -> None:
    assert refused_names(Source("src/retour/database.py", "class Basement: ...\nclass Baseline: ...")) == []


@pytest.mark.parametrize(
    "planted", ["fee_minor: str", "decided_at: date", "delivered_on: datetime | None", "paid_at: int"]
)
def test_a_unit_that_lies_is_found(planted: str) -> None:
    assert len(wrong_units(Source("src/retour/core/a.py", f"class A:\n    {planted}\n"))) == 1


@pytest.mark.parametrize(
    "kept", ["fee_minor: int | None", "decided_at: datetime | None", "delivered_on: date", "depends_on: RmaId"]
)
def test_a_true_unit_is_left_alone(kept: str) -> None:
    assert wrong_units(Source("src/retour/core/a.py", f"class A:\n    {kept}\n")) == []
