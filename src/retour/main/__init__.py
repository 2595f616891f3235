"""The one place that wires everything: which connectors exist, which keys a role holds, what each process does."""
