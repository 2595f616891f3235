"""How many generated examples the core's properties run: RETOUR_EXAMPLES, 200 unless told."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "retour",
    max_examples=int(os.environ.get("RETOUR_EXAMPLES", "200")),
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("retour")
