"""The web process."""

import click

from retour.cli.frame import run
from retour.cli.starting import start
from retour.main.web import serve


@click.command("serve")
def serve_command() -> None:
    """Run the web process: API, webhooks, /healthz, /readyz, /metrics."""
    run(start("web", serve))
