"""Pages: templates as answers, with the headers that keep them private and free of foreign code."""

from datetime import datetime
from typing import Any, Final

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.response import Redirect

from retour.web.assets import Assets
from retour.web.reader import Reader, Readers
from retour.web.templates import Templates
from retour.web.texts import STAFF_LANGUAGES, Texts

POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), payment=(), usb=(), camera=(self)",
    "Vary": "Accept-Language, Cookie",
}
CHOICE_S: Final = 365 * 24 * 3600


class Pages:
    """Renders every HTML page of the house; one per process."""

    def __init__(self, assets: Assets, texts: Texts, readers: Readers | None = None) -> None:
        self.assets, self.texts, self.readers = assets, texts, readers or Readers(texts)
        self.templates = Templates(assets.url)

    @classmethod
    def load(cls) -> "Pages":
        """Return pages over the assets, translations and templates of the package."""
        return cls(Assets.build(), Texts.load())

    def for_staff(self) -> "Pages":
        """Return these pages for readers of the languages that the staff's pages are written in."""
        return Pages(self.assets, self.texts, Readers(self.texts, STAFF_LANGUAGES))

    def reader(
        self, request: Request[Any, Any, Any], *, now: datetime, timezone: str = "UTC", default_language: str = "en"
    ) -> Reader:
        """Return who reads this request: language and theme by its address, its cookies, then its browser."""
        path = request.url.path
        return self.readers.of(
            now=now, timezone=timezone, default_language=default_language,
            query={name: value for name, value in request.query_params.items() if isinstance(value, str)},
            cookies=request.cookies, accept_language=request.headers.get("accept-language", ""),
            url=f"{path}?{request.url.query}" if request.url.query else path,
        )  # fmt: skip

    def render(
        self, template: str, *, reader: Reader, status: int = 200, csrf: str = "",
        headers: dict[str, str] | None = None, **values: Any,
    ) -> Response[str]:  # fmt: skip
        """Return a page; `csrf` is the token of the session or visit that its forms carry."""
        return Response(
            self.templates.text(template, reader=reader, csrf=csrf, **values),
            status_code=status,
            media_type="text/html",
            headers={**HEADERS, "Content-Language": reader.language, **(headers or {})},
            cookies=_kept(reader),
        )


def see(path: str) -> Redirect:
    """Return the redirect after a form was accepted: 303 to a page of ours."""
    assert path.startswith("/")
    assert not path.startswith("//")
    return Redirect(path, status_code=303, headers={"Cache-Control": "no-store"})


def _kept(reader: Reader) -> list[Cookie]:
    """Return the cookies that keep what the reader has just chosen; "auto" forgets a theme."""
    return [
        Cookie(
            key=name, value=value, path="/", max_age=0 if value == "auto" else CHOICE_S, samesite="lax", httponly=True
        )
        for name, value in reader.choices.items()
    ]
