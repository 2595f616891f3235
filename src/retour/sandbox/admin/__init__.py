"""The sandbox shop's own pages: what its merchant sees, kept apart from everything that Retour shows."""
