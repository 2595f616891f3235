"""The mail server's own pages under `/mail` and its control desk under `/_sandbox/mail`."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from retour.sandbox.mail.box import Kept
from retour.sandbox.mail.server import SILENCES, STAGES, Mailroom

PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)  # The message itself may style itself and nothing else; `sandbox` takes scripts, forms and its origin away.
MESSAGE_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups"
_TEMPLATES: Final = Path(__file__).parent / "templates"
_SHEET: Final = """\
iframe.letter {
  display: block; inline-size: 100%; max-inline-size: 680px; block-size: 960px;
  border: 1px solid var(--line); border-radius: 12px;
}
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: 14px/20px ui-monospace, "Noto Sans Mono", monospace; }
"""


class Desk:
    """Answers for one mail server; its pages look like the shop's, whose templates lie in `frame`."""

    def __init__(self, room: Mailroom, *, frame: Path, domain: str) -> None:
        self._room = room
        self._templates = Environment(
            loader=FileSystemLoader([_TEMPLATES, frame]), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._domain = domain

    def routes(self) -> list[Route]:
        """Return the pages and the control routes."""
        return [
            Route("/mail", self._list),
            Route("/mail/mail.css", self._style),
            Route("/mail/trouble", self._plan, methods=["POST"]),
            Route("/mail/trouble/none", self._plan_nothing, methods=["POST"]),
            Route("/mail/{number:int}", self._one),
            Route("/mail/{number:int}/html", self._html),
            Route("/mail/{number:int}/files/{file:int}", self._file),
            Route("/_sandbox/mail", self._json),
            Route("/_sandbox/mail/{number:int}", self._json_one),
            Route("/_sandbox/mail/misbehave", self._misbehave, methods=["POST"]),
            Route("/_sandbox/mail/behave", self._behave, methods=["POST"]),
            Route("/_sandbox/mail/clear", self._clear, methods=["POST"]),
        ]

    async def _list(self, request: Request) -> Response:
        to = request.query_params.get("to", "")
        kept = self._room.box.newest_first(to=to or None)
        rules = [rule for rule in self._room.rules if rule.times]
        return self._page(
            "mails.html", mails=kept, to=to, rules=rules, port=self._room.port, stages=STAGES,
            hows=("550", "451", "421", *SILENCES),
        )  # fmt: skip

    async def _one(self, request: Request) -> Response:
        kept = self._found(request)
        return self._page("no_mail.html", 404) if kept is None else self._page("mail.html", mail=kept)

    async def _html(self, request: Request) -> Response:
        kept = self._found(request)
        if kept is None:
            return Response(status_code=404)
        return HTMLResponse(kept.html, headers=_headers(MESSAGE_POLICY) | {"X-Frame-Options": "SAMEORIGIN"})

    async def _file(self, request: Request) -> Response:
        kept, place = self._found(request), int(request.path_params["file"])
        if kept is None or not 1 <= place <= len(kept.files):
            return self._page("no_mail.html", 404)
        file = kept.files[place - 1]
        name = "".join(c for c in file.name if c.isalnum() or c in "-._")
        headers = _headers(MESSAGE_POLICY) | {"Content-Disposition": f'inline; filename="{name}"'}
        return Response(file.content, media_type=file.type, headers=headers)

    async def _style(self, _: Request) -> Response:
        return Response(_SHEET, media_type="text/css", headers={"X-Content-Type-Options": "nosniff"})

    async def _plan(self, request: Request) -> Response:
        wish = dict(parse_qsl((await request.body())[:2_000].decode(errors="replace")))
        try:
            self._room.misbehave(wish)
        except (ValueError, KeyError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return RedirectResponse("/mail", 303)

    async def _plan_nothing(self, _: Request) -> Response:
        self._room.rules.clear()
        return RedirectResponse("/mail", 303)

    async def _json(self, request: Request) -> Response:
        wish = request.query_params
        kept = self._room.box.newest_first(to=wish.get("to"), about=wish.get("subject"))
        return JSONResponse(
            {"messages": [m.whole() for m in kept], "counts": self._room.counts, "rules": self._rules()}
        )

    async def _json_one(self, request: Request) -> Response:
        kept = self._found(request)
        return JSONResponse({"error": "not kept"}, 404) if kept is None else JSONResponse(kept.whole())

    async def _misbehave(self, request: Request) -> Response:
        try:
            wish: Any = json.loads(await request.body() or b"{}")
            self._room.misbehave(wish)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)
        return JSONResponse({"rules": self._rules()})

    async def _behave(self, _: Request) -> Response:
        rules = self._rules()
        self._room.rules.clear()
        return JSONResponse({"rules": rules})

    async def _clear(self, _: Request) -> Response:
        self._room.box.clear()
        return JSONResponse({})

    def _rules(self) -> list[dict[str, Any]]:
        return [dataclasses.asdict(rule) for rule in self._room.rules]

    def _found(self, request: Request) -> Kept | None:
        return self._room.box.find(int(request.path_params["number"]))

    def _page(self, name: str, status: int = 200, **values: Any) -> Response:
        text = self._templates.get_template(name).render(**values, here="mail", domain=self._domain)
        ours = text.replace("</head>", '<link rel="stylesheet" href="/mail/mail.css">\n</head>', 1)
        return HTMLResponse(ours, status, _headers(PAGE_POLICY))


def _headers(policy: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
