from tests.architecture.sizes import too_long
from tests.architecture.tree import HAND_WRITTEN, Source, sources


def test_every_file_and_function_can_be_read_at_one_sitting() -> None:
    findings = [finding for source in sources(*HAND_WRITTEN) for finding in too_long(source)]

    assert findings == []


def test_a_file_of_401_lines_is_found() -> None:
    assert too_long(Source("src/retour/a.py", "x = 1\n" * 401)) == ["src/retour/a.py:1: 401 lines, 400 at most"]
    assert too_long(Source("src/retour/a.py", "x = 1\n" * 400)) == []


def test_a_function_of_61_lines_is_found_even_inside_another_thing() -> None:
    body = "        x = 1\n"

    long = Source("src/retour/a.py", "class A:\n    async def f(self):\n" + body * 60)
    short = Source("src/retour/a.py", "class A:\n    async def f(self):\n" + body * 59)

    assert too_long(long) == ["src/retour/a.py:2: f has 61 lines, 60 at most"]
    assert too_long(short) == []
