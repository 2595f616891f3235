"""What the pages of signing in, setting up and settings know of this installation."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from retour.core.effect import EffectKind
from retour.flows.session import SignIn


@dataclass(frozen=True, slots=True)
class Installation:
    """Its address, what its operator allows, where its sandbox shop is, and who may set it up.

    `mails` says whether invitations can be mailed; `platforms` says what each platform can be asked to do;
    `set_up_code` is printed where Retour was started.
    """

    public_url: str
    allow_private_urls: bool
    sign_in: SignIn
    set_up_code: str = field(repr=False)
    sandbox_url: str | None = None
    platforms: Mapping[str, frozenset[EffectKind]] = field(default_factory=dict)

    def hook_url(self, platform: str, connection_id: object) -> str:
        """Return the address to which a platform sends its webhooks."""
        return f"{self.public_url}/hooks/{platform}/{connection_id}"
