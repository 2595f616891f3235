"""Posts events to receivers over the one way out; the status is all that is read of an answer."""

from collections.abc import Mapping
from typing import Final

from retour.connectors.http import Http, Patience
from retour.core.ports import WireAnswer

PATIENCE: Final = Patience(connect_s=5.0, read_s=15.0, whole_s=15.0)


class WebhookClient:
    """Sends each message once; what the way out refuses (internal addresses, plain http) is told as not sent."""

    def __init__(self, http: Http):
        self._http = http

    async def post(self, *, url: str, headers: Mapping[str, str], body: bytes) -> WireAnswer:
        """Post a message and return the status and headers of the answer, without its body."""
        return await self._http.send(method="POST", url=url, headers=headers, body=body, status_only=True)
