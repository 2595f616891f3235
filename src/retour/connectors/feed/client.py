"""Asks a source for what has changed, one page at a time, over the one way out."""

import json
import re
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from retour.connectors.http import Http
from retour.core.ports import Pulled, Silence, Unreachable, WireAnswer

MOST_ITEMS: Final = 500
# What a far side answers to a cursor that it does not know any more.
_CURSOR_LOST: Final = frozenset({400, 404, 409, 410, 412, 422})
_CURSOR: Final = re.compile(r"[^\x00\ud800-\udfff]{0,2000}")
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
            lost = cursor is not None and answer.status in _CURSOR_LOST
            raise Unreachable(f"answered {answer.status}", retry_after_s=_wait(answer), cursor_lost=lost)
        return _page(answer.body)


def _page(body: bytes) -> Pulled:
    try:
        said = json.loads(body)
        items = said.get("items") if isinstance(said, dict) else None
        written = [json.dumps(item, ensure_ascii=False).encode("utf-8", "replace") for item in _listed(items)]
    except (ValueError, RecursionError):
        raise Unreachable("the answer is not JSON") from None
    after = said.get("next") if isinstance(said, dict) else None
    is_page = isinstance(items, list) and len(items) <= MOST_ITEMS
    if not is_page or not (after is None or (isinstance(after, str) and _CURSOR.fullmatch(after))):
        raise Unreachable("the answer is no page of documents")
    return Pulled(tuple(written), after or None)


def _listed(items: object) -> list[object]:
    return items[:MOST_ITEMS] if isinstance(items, list) else []


def _wait(answer: WireAnswer) -> float:
    said = answer.headers.get("retry-after", "")
    return float(min(int(said[:9]), 86_400)) if said.isascii() and said.isdigit() else 1.0
