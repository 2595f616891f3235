"""Letters in words: each kind of mail in the reader's language, as HTML in the store's colour and as plain text."""

from retour.web.mail.letters import Letters

__all__ = ["Letters"]
