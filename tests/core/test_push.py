"""The document that a return is told as, and where it may stand here once it is over there."""
