"""Ids of other systems: the same thing named whole, or by its number alone."""


def same_ref(asked: str, known: str) -> bool:
    """Return whether an id names what is known under another: the same, or the number at the end of its path.

    A platform's ids may be paths that end in the number which everybody else calls the id.
    """
    return asked == known or (asked.isascii() and asked.isdigit() and known.endswith(f"/{asked}"))
