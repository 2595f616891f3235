"""The document that a return is told as, and where it may stand here once it is over there."""

from dataclasses import replace

import pytest

from retour.core.intake.document import read_return
from retour.core.push import agrees, business_ref, pushed_document
from retour.core.rma.moves import OPEN, Decision
from tests.core.rma.builders import a_line, a_return, an_order

