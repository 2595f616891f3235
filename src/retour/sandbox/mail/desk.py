"""The mail server's own pages under `/mail` and its control desk under `/_sandbox/mail`."""

from __future__ import annotations

import dataclasses
import json
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from retour.sandbox.mail.box import Kept
from retour.sandbox.mail.server import Mailroom

PAGE_POLICY = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'"
# The message itself may style itself and nothing else; `sandbox` takes scripts, forms and its origin away.
MESSAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups"

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #faf9f7; --paper: #fff; --ink: #151922; --quiet: #626670; --line: #e0e0dc; --link: #2454b3;
}
@media (prefers-color-scheme: dark) {
  :root { --ground: #0c0e13; --paper: #14171d; --ink: #ededea; --quiet: #989ba3; --line: #2a2e35; --link: #8eb4fb }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/24px system-ui, sans-serif }
main { max-width: 760px; margin: 0 auto; padding: 32px 16px 64px }
h1 { font-size: 24px; line-height: 32px; letter-spacing: -.017em; margin: 0 0 8px; text-wrap: balance; overflow-wrap: anywhere }
p { margin: 0 0 16px; color: var(--quiet) }
a { color: var(--link); text-underline-offset: 3px }
a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
ol { list-style: none; margin: 24px 0 0; padding: 0; border-top: 1px solid var(--line) }
li { border-bottom: 1px solid var(--line); padding: 12px 0; display: grid; gap: 2px }
li a { font-weight: 500; overflow-wrap: anywhere; padding-block: 4px }
small { color: var(--quiet); font-size: 13px; line-height: 18px; overflow-wrap: anywhere }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 16px 0 24px; font-size: 14px; line-height: 20px }
dt { color: var(--quiet) } dd { margin: 0; overflow-wrap: anywhere }
iframe { width: 100%; height: 960px; border: 1px solid var(--line); border-radius: 12px; background: #fff }
details { border-top: 1px solid var(--line); padding: 12px 0; margin-top: 24px }
details + details { margin-top: 0 }
summary { cursor: pointer; font-weight: 500; min-height: 32px }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: 14px/20px ui-monospace, monospace; margin: 8px 0 0 }
"""


class Desk:
    """Answers for one mail server."""

    def __init__(self, room: Mailroom) -> None:
        self._room = room

    def routes(self) -> list[Route]:
        """Return the pages and the control routes."""
        return [
            Route("/mail", self._list),
            Route("/mail/style.css", self._style),
            Route("/mail/{number:int}", self._one),
            Route("/mail/{number:int}/html", self._html),
            Route("/_sandbox/mail", self._json),
            Route("/_sandbox/mail/{number:int}", self._json_one),
            Route("/_sandbox/mail/misbehave", self._misbehave, methods=["POST"]),
            Route("/_sandbox/mail/behave", self._behave, methods=["POST"]),
            Route("/_sandbox/mail/clear", self._clear, methods=["POST"]),
        ]

    async def _list(self, request: Request) -> Response:
        kept = self._room.box.newest_first(to=request.query_params.get("to"))
        rows = "".join(
            f'<li><a href="/mail/{m.id}"><bdi>{escape(m.header("Subject") or "(no subject)")}</bdi></a>'
            f"<small>to <bdi>{escape(', '.join(m.envelope_to))}</bdi>, {m.at:%d %B, %H:%M:%S} UTC</small></li>"
            for m in kept
        )
        body = f"<ol>{rows}</ol>" if kept else "<p>Nothing has been sent yet. What Retour mails will appear here.</p>"
        return _page("Mail", f"<h1>Mail</h1><p>What this sandbox's mail server accepted, newest first.</p>{body}")

    async def _one(self, request: Request) -> Response:
        kept = self._found(request)
        if kept is None:
            return _page(
                "Not found", '<h1>Not found</h1><p>That message is not kept. <a href="/mail">All mail</a></p>', 404
            )
        facts = [("From", kept.header("From")), ("To", ", ".join(kept.envelope_to)), ("Date", kept.header("Date"))]
        listed = "".join(f"<dt>{name}</dt><dd><bdi>{escape(value)}</bdi></dd>" for name, value in facts)
        headers = escape("\n".join(f"{name}: {value}" for name, value in kept.parsed.items()))
        subject = escape(kept.header("Subject") or "(no subject)")
        return _page(
            kept.header("Subject"),
            f'<p><a href="/mail">All mail</a></p><h1><bdi>{subject}</bdi></h1><dl>{listed}</dl>'
            f'<iframe src="/mail/{kept.id}/html" sandbox="allow-popups" title="The message"></iframe>'
            f'<details open><summary>Plain text</summary><pre dir="auto">{escape(kept.text)}</pre></details>'
            f"<details><summary>Headers</summary><pre>{headers}</pre></details>",
        )

    async def _html(self, request: Request) -> Response:
        kept = self._found(request)
        if kept is None:
            return Response(status_code=404)
        return HTMLResponse(kept.html, headers=_headers(MESSAGE_POLICY) | {"X-Frame-Options": "SAMEORIGIN"})

    async def _style(self, _: Request) -> Response:
        return Response(STYLE, media_type="text/css", headers={"X-Content-Type-Options": "nosniff"})

    async def _json(self, request: Request) -> Response:
        wish = request.query_params
        kept = self._room.box.newest_first(to=wish.get("to"), about=wish.get("subject"))
        rules = [dataclasses.asdict(rule) for rule in self._room.rules]
        return JSONResponse({"messages": [m.whole() for m in kept], "counts": self._room.counts, "rules": rules})

    async def _json_one(self, request: Request) -> Response:
        kept = self._found(request)
        return JSONResponse({"error": "not kept"}, 404) if kept is None else JSONResponse(kept.whole())

    async def _misbehave(self, request: Request) -> Response:
        try:
            wish: Any = json.loads(await request.body() or b"{}")
            self._room.misbehave(wish)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)
        return JSONResponse({"rules": [dataclasses.asdict(rule) for rule in self._room.rules]})

    async def _behave(self, _: Request) -> Response:
        rules = [dataclasses.asdict(rule) for rule in self._room.rules]
        self._room.rules.clear()
        return JSONResponse({"rules": rules})

    async def _clear(self, _: Request) -> Response:
        self._room.box.clear()
        return JSONResponse({})

    def _found(self, request: Request) -> Kept | None:
        return self._room.box.find(int(request.path_params["number"]))


def _page(title: str, body: str, status: int = 200) -> Response:
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="/mail/style.css"></head><body><main>{body}</main></body></html>',
        status,
        _headers(PAGE_POLICY),
    )


def _headers(policy: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
