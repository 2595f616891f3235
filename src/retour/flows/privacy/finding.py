"""Looks whether received bodies are about a person, beside everything else that the process does."""

from asyncio import to_thread
from collections.abc import Sequence

from retour.core.recognition import Signs, is_about, said_in
from retour.store.privacy.bodies import Body, Ref


async def about(page: Sequence[Body], signs: Signs) -> list[Ref]:
    """Return which of the bodies are about the person: by what they say, or because it is known."""
    return await to_thread(_about, page, signs)


def _about(page: Sequence[Body], signs: Signs) -> list[Ref]:
    return [body.ref for body in page if body.theirs or is_about(said_in(body.plain), signs)]
