"""STANDS IN: stateful stand-ins of the outside systems over real HTTP; imports nothing of ours."""
