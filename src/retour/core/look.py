"""The look of a store: what its shoppers see on the pages of the portal, and what a merchant may say there."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from retour.core.account import fold_email
from retour.core.address import check_url
from retour.core.errors import Refused

LANGUAGES: Final = ("en", "de", "ar")
LOGO_MOST: Final = 100_000  # bytes
TEXT_MOST: Final = 600  # characters
_HANDLE: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
_HEX: Final = re.compile(r"#[0-9a-f]{6}")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# What a picture begins with says what it is, whatever its name says. SVG is left out: it can carry script.
_MAGIC: Final = (("image/png", b"\x89PNG\r\n\x1a\n"), ("image/jpeg", b"\xff\xd8\xff"), ("image/webp", b"RIFF"))


@dataclass(frozen=True, slots=True)
class Texts:
    """What the merchant says in one language: below the first title, and how to send a parcel back."""

    greeting: str = ""
    sending: str = ""


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture of at most 100,000 bytes; `type` is image/png, image/jpeg or image/webp."""

    type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Look:
    """How a store looks to its shoppers; `name` stands where no logo does, `handle` is its place in the address."""

    store_id: UUID
    handle: str
    name: str
    brand_hex: str | None = None
    logo: Logo | None = None
    texts: Mapping[str, Texts] = field(default_factory=dict)
    contact_email: str | None = None
    contact_url: str | None = None
    return_address: str | None = None
    sender_name: str | None = None
    default_language: str = "en"
    withdrawal_link: bool = True  # whether its pages lead to the function to withdraw from a contract

    def text(self, language: str) -> Texts:
        """Return the merchant's texts in that language, in the store's own where it says nothing."""
        return self.texts.get(language) or self.texts.get(self.default_language) or Texts()


def handle_of(name: str) -> str:
    """Return the handle that a name suggests: its letters and digits, in one case, joined by hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "shop"


def handles(name: str, store_id: UUID) -> tuple[str, str, str]:
    """Return the handles to try for a new store, the last one certainly free."""
    wanted = handle_of(name)
    return wanted, f"{wanted}-{store_id.hex[-4:]}", f"{wanted[:20].strip('-')}-{store_id.hex}"


def logo_of(content: bytes) -> Logo:
    """Return a logo by what its bytes begin with; raise Refused(invalid_logo)."""
    if len(content) > LOGO_MOST:
        raise Refused("invalid_logo", f"a logo has at most {LOGO_MOST} bytes", field="logo")
    for kind, start in _MAGIC:
        if content.startswith(start) and (kind != "image/webp" or content[8:12] == b"WEBP"):
            return Logo(kind, content)
    raise Refused("invalid_logo", "a logo is a PNG, JPEG or WebP picture", field="logo")


def check(look: Look) -> None:
    """Raise Refused unless every part of the look may be shown.

    Codes: `invalid_handle`, `invalid_name`, `invalid_brand`, `invalid_text`, `invalid_email`, `invalid_url`,
    `unknown_language`.
    """
    if not _HANDLE.fullmatch(look.handle):
        raise Refused("invalid_handle", "small letters, digits and hyphens, 60 at most", field="handle")
    if look.brand_hex is not None and not _HEX.fullmatch(look.brand_hex):
        raise Refused("invalid_brand", "a colour looks like #1f4d3a", field="brand_hex")
    if not look.name.strip() or len(look.name) > 80 or _CONTROLS.search(look.name):
        raise Refused("invalid_name", "a name has 1 to 80 characters", field="name")
    _check_texts(look)
    if look.contact_email is not None and fold_email(look.contact_email) is None:
        raise Refused("invalid_email", "an address looks like name@example.com", field="contact_email")
    if look.contact_url is not None:
        check_url(look.contact_url, field="contact_url", allow_plain=False)
    if look.default_language not in LANGUAGES:
        raise Refused("unknown_language", "the portal does not speak that language", field="default_language")


def _check_texts(look: Look) -> None:
    said = [(f"texts.{language}.greeting", one.greeting) for language, one in look.texts.items()]
    said += [(f"texts.{language}.sending", one.sending) for language, one in look.texts.items()]
    said += [("return_address", look.return_address or ""), ("sender_name", look.sender_name or "")]
    for name, text in said:
        if len(text) > TEXT_MOST or _CONTROLS.search(text):
            raise Refused("invalid_text", f"at most {TEXT_MOST} characters, none of them invisible", field=name)
    if set(look.texts) - set(LANGUAGES):
        raise Refused("unknown_language", "the portal does not speak that language", field="texts")
