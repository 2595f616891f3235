"""The small shapes that the messages of the API are made of."""

from typing import Annotated

import msgspec
from msgspec import Meta

from retour.core.address import LONGEST

# No text holds a NUL: PostgreSQL could not keep it.
NO_NUL = r"^[^\u0000]*$"
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_NUL)]
Text = Annotated[str, Meta(min_length=1, max_length=10_000, pattern=NO_NUL)]
Url = Annotated[
    str,
    Meta(min_length=1, max_length=LONGEST, pattern=NO_NUL, description="A public address that begins with https://"),
]
Short = Annotated[str, Meta(min_length=1, max_length=100, pattern=NO_NUL)]
CursorText = Annotated[str, Meta(max_length=200, description="The `next` of the page before.")]
Limit = Annotated[int, Meta(ge=1, le=200, description="How many items at most.")]
Units = Annotated[int, Meta(ge=1, le=100_000)]


class Asked(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a caller sends: a field that is not known is refused."""


class Told(msgspec.Struct, kw_only=True):
    """What the API tells."""


class PageQuery(Asked):
    """Which part of a list is wanted."""

    after: CursorText | None = None
    limit: Limit = 50


class Nothing(Asked):
    """No fields: the body may be left out."""
