"""How many examples property tests try: EXAMPLES, set by make; a test that sets its own number keeps it.

With CI set the examples follow from the tests alone, so that the verdict on a commit is the same each time; every
other run draws new ones, and what it finds becomes a test of its own.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "house",
    max_examples=int(os.environ.get("EXAMPLES", "200")),
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("house")
