"""Units that were never sent are paid back only while they are here, and freed where the store sends from."""

from dataclasses import replace

import pytest

from retour.core.cancelling import check_unsent, refunded
from retour.core.effect import RefundedUnits
from retour.core.errors import Refused
from retour.core.kind import Kind
from tests.core.policy.builders import a_line, a_parcel, an_order
from tests.core.rma.builders import a_line as a_return_line
from tests.core.rma.builders import a_return

UNITS = [RefundedUnits("L1", 2)]


def test_what_left_meanwhile_is_refused_and_what_is_here_is_not() -> None:
    ret = replace(a_return(a_return_line(line_ref="L1", claimed=((2, 3),))), kind=Kind.CANCELLATION.value)
    here = an_order(a_line("L1", quantity=3), fulfilments=(a_parcel("L1", quantity=1),))

    check_unsent(ret, here)
    gone = replace(here, fulfilments=(a_parcel("L1", quantity=2),))
    with pytest.raises(Refused) as refused:
        check_unsent(ret, gone)
    assert (refused.value.code, refused.value.status) == ("already_shipped", 409)
    check_unsent(replace(ret, kind="return"), gone)


def test_the_stock_is_freed_at_the_stores_location_else_where_the_order_is_sent_from() -> None:
    ret = replace(a_return(), kind=Kind.CANCELLATION.value)
    order = replace(an_order(), fulfilments=(replace(a_parcel("L1"), location_ref="here"),))

    assert refunded(ret, order, UNITS, location_ref="store") == [RefundedUnits("L1", 2, True, "store")]
    assert refunded(ret, order, UNITS, location_ref=None) == [RefundedUnits("L1", 2, True, "here")]
    assert refunded(ret, an_order(fulfilments=()), UNITS, location_ref=None) == [RefundedUnits("L1", 2, True, None)]
    assert refunded(replace(ret, kind="claim"), order, UNITS, location_ref="store") == UNITS
