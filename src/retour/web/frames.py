"""What the frames around a page need to know: the shopper's and the staff's."""

from collections.abc import Sequence
from dataclasses import dataclass

from retour.core.brand import DEFAULT
from retour.web.texts import LANGUAGES


@dataclass(frozen=True, slots=True)
class PortalFrame:
    """The shop around a shopper's page; `languages` are those offered, `legal_links` (label, address) pairs."""

    shop_name: str
    home_url: str
    brand_hex: str = DEFAULT
    logo_url: str | None = None
    help_url: str | None = None
    languages: Sequence[str] = tuple(LANGUAGES)
    legal_links: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class FrameLink:
    """A way to another page, in the reader's words; `count` is how many wait there, or nothing."""

    label: str
    url: str
    is_current: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class StoreLink:
    """A store that can be switched to; `id` is what the form of the switch sends, "" for all stores."""

    name: str
    id: str
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Banner:
    """The one page-wide sentence: kill switch, quarantine, connection down; tone warn, bad, ok or info."""

    text: str
    tone: str = "warn"
    action_label: str | None = None
    action_url: str | None = None


@dataclass(frozen=True, slots=True)
class DashboardFrame:
    """The house around a page of the staff.

    `main` and `more` are the side bar, `tabs` at most four links under 900 px, `person` the links behind the avatar.
    `palette_url` answers `?q=` as JSON; without it the find field leads to `find_url`.
    """

    store_name: str
    person_name: str
    main: Sequence[FrameLink]
    more: Sequence[FrameLink] = ()
    tabs: Sequence[FrameLink] = ()
    stores: Sequence[StoreLink] = ()
    person: Sequence[FrameLink] = ()
    find_url: str | None = None
    palette_url: str | None = None
    sign_out_url: str | None = None
    choose_store_url: str = "/dashboard/store"
    banner: Banner | None = None
