"""Asks a source for what has changed, one page at a time, over the one way out."""

import json
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from retour.connectors.http import Http
from retour.core.ports import Pulled, Silence, Unreachable, WireAnswer

MOST_ITEMS: Final = 500
_REFUSED: Final = frozenset({401, 403})


class FeedClient:
    """Reads pages of documents: `GET url?since=…&cursor=…` with a bearer token answers `{"items": […], "next": …}`."""

    def __init__(self, http: Http):
        self._http = http

    async def pull(self, *, url: str, token: str, since: datetime, cursor: str | None) -> Pulled:
        """Return one page of documents changed since then, oldest first; raise Unreachable."""
        asked = {"since": since.astimezone(UTC).isoformat().replace("+00:00", "Z")} | (
            {"cursor": cursor} if cursor else {}
        )
        headers = {"accept": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
        mark = "&" if "?" in url else "?"
        answer = await self._http.send(method="GET", url=f"{url}{mark}{urlencode(asked)}", headers=headers, body=b"")
        if answer.silence is not None:
            raise Unreachable("no answer" if answer.silence is Silence.LOST else "could not be reached")
        if answer.status in _REFUSED:
            raise Unreachable("the token is refused", needs_reconnect=True)
        if answer.status != 200:
            raise Unreachable(f"answered {answer.status}", retry_after_s=_wait(answer))
        return _page(answer.body)


def _page(body: bytes) -> Pulled:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreachable("the answer is not JSON") from None
    items = said.get("items") if isinstance(said, dict) else None
    after = said.get("next") if isinstance(said, dict) else None
    if not isinstance(items, list) or len(items) > MOST_ITEMS or not (after is None or isinstance(after, str)):
        raise Unreachable("the answer is no page of documents")
    return Pulled(
        tuple(json.dumps(item, ensure_ascii=False).encode("utf-8", "replace") for item in items), after or None
    )


def _wait(answer: WireAnswer) -> float:
    said = answer.headers.get("retry-after", "")
    return float(min(int(said[:9]), 86_400)) if said.isascii() and said.isdigit() else 1.0
