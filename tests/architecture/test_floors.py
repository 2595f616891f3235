"""What .importlinter cannot say: rooms and doors that are added later are held to the same rules, unnamed."""

from collections import defaultdict

import pytest

from tests.architecture.tree import Source, imports, sources

CONNECTORS, DOORS, SANDBOX = "src/retour/connectors", "src/retour/doors", "src/retour/sandbox"


def _modules(source: Source) -> list[str]:
    return [module for _, module in imports(source)]


def _folders(floor: str) -> set[str]:
    """Return the rooms of a floor that are folders: a vendor is one, what vendors share is a file."""
    parts = [source.path.removeprefix(f"{floor}/").split("/") for source in sources(floor)]
    return {part[0] for part in parts if len(part) > 1}


def sideways(source: Source, floor: str, rooms: set[str]) -> list[str]:
    """Return a finding for each import of another room of the same floor."""
    own = source.path.removeprefix(f"{floor}/").removesuffix(".py").split("/")[0]
    package = floor.removeprefix("src/").replace("/", ".")
    others = {f"{package}.{room}" for room in rooms - {own}}
    return [
        f"{source.path}: imports {module}"
        for module in _modules(source)
        if any(module == other or module.startswith(f"{other}.") for other in others)
    ]


@pytest.mark.parametrize("floor", [CONNECTORS, DOORS])
def test_the_rooms_of_this_floor_do_not_know_each_other(floor: str) -> None:
    rooms = _folders(floor)
    if floor == DOORS:
        rooms |= {source.path.removeprefix(f"{floor}/").removesuffix(".py") for source in sources(floor)} - {"__init__"}

    assert [finding for source in sources(floor) for finding in sideways(source, floor, rooms)] == []


def test_connectors_are_known_to_main_alone() -> None:
    outside = [
        s
        for s in sources("src/retour")
        if not s.path.startswith(CONNECTORS) and not s.path.startswith("src/retour/main/")
    ]

    assert [s.path for s in outside if any(m.startswith("retour.connectors") for m in _modules(s))] == []


def test_connectors_know_the_core_alone() -> None:
    found = defaultdict(list)
    for source in sources(CONNECTORS):
        for module in _modules(source):
            if module.startswith("retour.") and not module.startswith(("retour.core", "retour.connectors")):
                found[source.path].append(module)

    assert dict(found) == {}


def test_the_sandbox_imports_nothing_of_the_house() -> None:
    found = [
        f"{source.path}: {module}"
        for source in sources(SANDBOX)
        for module in _modules(source)
        if module == "retour" or (module.startswith("retour.") and not module.startswith("retour.sandbox"))
    ]

    assert found == []


def test_a_door_that_knows_another_door_is_found() -> None:
    planted = Source(f"{DOORS}/api/rma.py", "from retour.doors.hooks import inbox\nfrom ..portal import page\n")

    assert sideways(planted, DOORS, {"api", "hooks", "portal"}) == [
        f"{DOORS}/api/rma.py: imports retour.doors.hooks.inbox",
        f"{DOORS}/api/rma.py: imports retour.doors.portal.page",
    ]


def test_a_door_may_know_its_own_rooms() -> None:
    assert sideways(Source(f"{DOORS}/api/rma.py", "from retour.doors.api import out"), DOORS, {"api", "hooks"}) == []
