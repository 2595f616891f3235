"""How many examples property tests try: EXAMPLES, set by make; a test that sets its own number keeps it."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "house",
    max_examples=int(os.environ.get("EXAMPLES", "200")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("house")
