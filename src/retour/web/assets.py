"""The browser's files: bundles made when the process starts, under addresses that change with their content."""

import gzip
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import structlog
from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

FOLDER: Final = Path(__file__).parent / "assets"
DOORS: Final = ("portal", "dashboard", "warehouse")
_LAYERS: Final = "@layer pico, base, parts, pages, focus;\n"
_TYPES: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
}
_COMPRESSIBLE: Final = frozenset({".css", ".js", ".svg"})
_ADDRESS: Final = re.compile(r"([a-z0-9_]+)\.[0-9a-f]{12}(\.[a-z0-9]+)")
_DARK: Final = re.compile(r":root\[data-theme=dark\] (\{[^}]*\})")
_COMMENT: Final = re.compile(r"/\*(?!!).*?\*/", re.DOTALL)
_FOREVER: Final = "public, max-age=31536000, immutable"
_log: Final = structlog.get_logger("retour.web")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent: `packed` is it gzipped, or nothing where that gains nothing."""

    url: str
    content: bytes
    packed: bytes | None
    media_type: str

    @property
    def etag(self) -> str:
        """Return the strong entity tag."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:24]}"'

    @property
    def transferred(self) -> int:
        """Return the bytes of the body as a browser of today receives it."""
        return len(self.packed or self.content)


class Assets:
    """Every asset by its plain name, such as `dashboard.css`."""

    def __init__(self, assets: Mapping[str, Asset]) -> None:
        self._assets = dict(assets)

    @classmethod
    def build(cls, folder: Path = FOLDER) -> "Assets":
        """Return the bundles made of the files under a folder; what set-up has not fetched is left out and logged."""
        made: dict[str, Asset] = {}
        font = folder / "vendor/inter/files/inter-latin-wght-normal.woff2"
        if font.is_file():
            made["inter.woff2"] = _asset("inter.woff2", font.read_bytes())
        for path in sorted((folder / "img").glob("*")):
            made[path.name] = _asset(path.name, path.read_bytes())
        for door in DOORS:
            made[f"{door}.css"] = _asset(f"{door}.css", _style_sheet(folder, door, made).encode())
            made[f"{door}.js"] = _asset(f"{door}.js", _script(folder, door).encode())
        return cls(made)

    def __getitem__(self, name: str) -> Asset:
        return self._assets[name]

    def url(self, name: str) -> str:
        """Return the address of an asset; raise KeyError for a name that is not there."""
        return self._assets[name].url

    @property
    def names(self) -> Sequence[str]:
        """Return the plain names, sorted."""
        return sorted(self._assets)

    def find(self, address: str) -> tuple[Asset, bool] | None:
        """Return the asset at the last part of an address, and whether that address is the one of today.

        While processes of two versions answer side by side, yesterday's address gets today's content.
        """
        match = _ADDRESS.fullmatch(address)
        asset = self._assets.get(f"{match[1]}{match[2]}") if match else None
        return (asset, asset.url == f"/assets/{address}") if asset else None


def asset_handlers(assets: Assets) -> list[HTTPRouteHandler]:
    """Return the handler of /assets/…."""

    @get("/assets/{name:str}", sync_to_thread=False, include_in_schema=False)
    def asset(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
        """Answer one file, already compressed."""
        found = assets.find(name)
        if found is None:
            raise NotFoundException
        return answer(*found, request)

    return [asset]


def answer(asset: Asset, is_current: bool, request: Request[Any, Any, Any]) -> Response[bytes]:  # noqa: FBT001
    """Return an asset as the request can take it: 304, gzipped or plain."""
    headers = {
        "Cache-Control": _FOREVER if is_current else "no-cache",
        "ETag": asset.etag,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Vary": "Accept-Encoding",
    }
    if asset.etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, media_type=asset.media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(asset.content, media_type=asset.media_type, headers=headers)


def _asset(name: str, content: bytes) -> Asset:
    stem, suffix = name.rsplit(".", 1)
    digest = hashlib.sha256(content).hexdigest()[:12]
    packed = gzip.compress(content, 9, mtime=0) if f".{suffix}" in _COMPRESSIBLE else None
    return Asset(f"/assets/{stem}.{digest}.{suffix}", content, packed, _TYPES[f".{suffix}"])


def _style_sheet(folder: Path, door: str, made: Mapping[str, Asset]) -> str:
    """Return Pico in the lowest layer, then tokens, base, parts and the pages of one door."""
    pico = _vendored(folder, "pico/css/pico.min.css").removeprefix('@charset "UTF-8";')
    own = ["tokens*.css", "base*.css", "parts*.css", f"pages_{door}*.css"]
    files = [path for pattern in own for path in sorted((folder / "css").glob(pattern))]
    text = _COMMENT.sub("", "\n".join(path.read_text(encoding="utf-8") for path in files))
    text = re.sub(r"\n\s+", "\n", re.sub(r"\n{2,}", "\n", text))
    return f"{_LAYERS}@layer pico{{{pico}}}\n{_with_addresses(_followed(text), made)}"


def _followed(text: str) -> str:
    """Return a style sheet whose dark tokens also hold where nobody chose and the device asks for dark."""
    return _DARK.sub(r"\g<0>\n@media (prefers-color-scheme: dark) { :root:not([data-theme]) \1 }", text)


def _with_addresses(text: str, made: Mapping[str, Asset]) -> str:
    """Return a style sheet whose `url(asset:name)` are the hashed addresses."""
    known: Callable[[re.Match[str]], str] = lambda m: f"url({made[m[1]].url if m[1] in made else 'data:,'})"  # noqa: E731
    return re.sub(r"url\(asset:([a-z0-9_.]+)\)", known, text)


def _script(folder: Path, door: str) -> str:
    """Return the scripts of one door as one classic script, each in a scope of its own."""
    patterns = ["kit_*.js", *(["staff_*.js"] if door != "portal" else []), f"{door}_*.js"]
    files = [path for pattern in patterns for path in sorted((folder / "js").glob(pattern))]
    return "\n".join(f"(() => {{\n{path.read_text(encoding='utf-8')}\n}})();" for path in files)


def _vendored(folder: Path, name: str) -> str:
    path = folder / "vendor" / name
    if not path.is_file():
        _log.warning("a browser library is missing; run the set-up", file=name)
        return ""
    return path.read_text(encoding="utf-8")
