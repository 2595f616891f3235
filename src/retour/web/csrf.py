"""Forms that prove to be ours: a token bound to the session or visit, and no request from a foreign page."""

import hashlib
import hmac
from typing import Any, Final
from urllib.parse import urlsplit

from litestar import Request

from retour.web.problem import ProblemError

FIELD: Final = "_csrf"
_PURPOSE: Final = b"retour form"


def token_of(secret: str | bytes) -> str:
    """Return the token of a session or visit: an HMAC of its secret, which it does not reveal."""
    key = secret.encode() if isinstance(secret, str) else secret
    return hmac.new(key, _PURPOSE, hashlib.sha256).hexdigest()


def refuse_foreign(request: Request[Any, Any, Any]) -> None:
    """Raise ProblemError 403 for a request that another site's page made the browser send.

    A request without Origin and Sec-Fetch-Site comes from no browser of today and carries nobody's cookies by itself.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise _foreign()
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise _foreign()


def check_token(sent: str, expected: str) -> None:
    """Raise ProblemError 403 unless a form carries the token of the session or visit it is sent in."""
    if not expected or not hmac.compare_digest(sent.encode(), expected.encode()):
        raise ProblemError(
            403, "form_expired", "This form is of an earlier sign-in. Open the page again and resend it."
        )


def _foreign() -> ProblemError:
    return ProblemError(403, "foreign_form", "This form was sent from another site. Open the page here and resend it.")
