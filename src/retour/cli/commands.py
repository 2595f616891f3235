"""All commands under one name; the room of a command is entered only when it is asked for."""

import importlib
from collections.abc import Mapping
from typing import Final

import click

import retour
from retour.cli.frame import House

ROOMS: Final[Mapping[str, str]] = {
    "migrate": "processes",
    "up": "processes",
    "setup": "processes",
    "serve": "serving",
    "worker": "roles",
    "executor": "roles",
    "doctor": "doctor",
    "backup": "safety",
    "restore": "safety",
    "resume": "safety",
    "join": "safety",
    "pause": "safety",
    "unpause": "safety",
    "account": "accounts",
    "store": "accounts",
    "staff": "accounts",
    "key": "accounts",
    "isv": "integrators",
    "connection": "connections",
    "policy": "policies",
    "intake": "intaking",
    "mailbox": "mailboxes",
    "link": "links",
    "effect": "effects",
    "demo": "demo",
}


class Front(House):
    """Knows every command by name and loads one room at a time, so that a short command starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order people need them."""
        return list(ROOMS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a command, or nothing for a name that is none."""
        room = ROOMS.get(cmd_name)
        if room is None:
            return None
        found = getattr(importlib.import_module(f"retour.cli.{room}"), f"{cmd_name}_command")
        assert isinstance(found, click.Command)
        return found


@click.command("retour", cls=Front, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(retour.__version__, prog_name="retour")
def main() -> None:
    """Retour: the open, self-hosted returns platform. Settings come from RETOUR_… variables."""
