"""The command line: every chore of an installation, and the processes it consists of."""

from retour.cli.commands import main

__all__ = ["main"]
