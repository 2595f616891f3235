"""The staff's pages: signing in, setting up, the desk, and the settings."""
