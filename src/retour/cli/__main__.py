"""Run the command line: `python -m retour.cli`."""

from retour.cli.commands import main

main(prog_name="retour")
