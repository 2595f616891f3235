"""How a mutation says no: an entry of `userErrors`, and nothing has moved."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not a failure
    """One business refusal; `code` is left out where the platform's type has none."""

    def __init__(self, field: list[str] | None, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.message = message
        self.code = code

    def user_error(self) -> dict[str, Any]:
        """Return the refusal as the API shows it."""
        return {"field": self.field, "message": self.message, "code": self.code}
