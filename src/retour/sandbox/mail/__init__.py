"""A mail server that keeps what it accepts, shows it, and misbehaves on request."""
