"""When a picture that did not come is asked for again."""

from datetime import timedelta
from uuid import UUID

from retour.core.picture import MOST_TRIES, path, pause_after


def test_each_pause_is_longer_and_the_last_try_has_none() -> None:
    pauses = [pause_after(tries) for tries in range(1, MOST_TRIES + 1)]

    assert pauses == [timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=12), None]


def test_the_path_names_the_picture_alone() -> None:
    assert path(UUID(int=7)) == "/pictures/00000000-0000-0000-0000-000000000007.webp"
