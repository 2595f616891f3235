import pytest

from tests.architecture.pauses import sleeps
from tests.architecture.tree import Source, sources


def test_no_test_sleeps() -> None:
    assert [finding for source in sources("tests") for finding in sleeps(source)] == []


@pytest.mark.parametrize(
    "planted", ["time.sleep(1)", "await asyncio.sleep(0)", "from time import sleep", "from asyncio import sleep as nap"]
)
def test_a_sleep_is_found(planted: str) -> None:
    source = Source("tests/flows/test_a.py", f"async def f():\n    {planted}\n")

    assert len(sleeps(source)) == 1
