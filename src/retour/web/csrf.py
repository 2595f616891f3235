"""The guard of every form: it came from our own page, and carries the token of the session or visit it was made for."""

import hmac
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from litestar import Request
from litestar.exceptions import HTTPException

from retour.core.sign_in import form_token
from retour.web.problem import ProblemError

FIELD: Final = "_csrf"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN: Final = frozenset({"same-origin", "none"})
_FIELDS_MOST: Final = 10_000


async def check(request: Request[Any, Any, Any], secret: str | None) -> None:
    """Raise ProblemError 403 (foreign_origin, form_expired) unless a state-changing request is a form of ours.

    Safe methods pass. `secret` is that of the session or visit; without one nothing that changes state passes.
    """
    if request.method in SAFE:
        return
    check_origin(request)
    given = await _given(request)
    if secret is None or given is None or not hmac.compare_digest(form_token(secret).encode(), given.encode()):
        raise ProblemError(403, "form_expired", "This form is too old or was opened in another session. Open it again.")


def check_origin(request: Request[Any, Any, Any]) -> None:
    """Raise ProblemError 403 foreign_origin for a request that a browser says came from elsewhere."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:  # no page can forge it; right behind a proxy, too, that calls us by another name
        foreign = site not in _OWN
    else:
        own = request.headers.get("host", "").lower()
        foreign = origin is not None and urlsplit(origin).netloc.lower() != own
    if foreign:
        raise ProblemError(403, "foreign_origin", "Another site sent this form. Nothing was changed.")


async def _given(request: Request[Any, Any, Any]) -> str | None:
    """Return the token of a form, or of the header X-CSRF-Token that our script sends."""
    header = request.headers.get("x-csrf-token")
    if header is not None:
        return header
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()  # kept by the request, so that the handler can read it again
    if kind == "application/x-www-form-urlencoded":
        try:
            pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS_MOST)
        except ValueError:
            return None
        return next((value for name, value in pairs if name == FIELD), None)
    if kind == "multipart/form-data":
        try:
            value = (await request.form()).get(FIELD)
        except (HTTPException, ValueError):
            return None
        return value if isinstance(value, str) else None
    return None
