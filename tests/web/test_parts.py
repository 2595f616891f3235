"""The components: what each says to people who do not see it."""

import re
from datetime import timedelta

from markupsafe import Markup

from retour.core.money import Money
from retour.web.forms import FormErrors
from retour.web.parts import Blocker, Choice, Entry, Mark
from tests.web.readers import NOW, shown


def plain(text: str) -> str:
    return re.sub(r"[ \n]+", " ", text).strip()


def test_a_field_is_described_by_its_hint_and_its_error() -> None:
    made = plain(
        shown(
            "{{ ui.field('email', 'E-mail', value='a\"b', hint='For the code', error='Enter one', autocomplete='email') }}"
        )
    )

    assert '<label for="email">E-mail</label>' in made
    assert '<p class="hint" id="email-hint">For the code</p>' in made
    assert '<span class="visually-hidden">Error: </span>Enter one' in made
    assert 'value="a&#34;b" autocomplete="email" aria-describedby="email-hint email-error" aria-invalid="true"' in made


def test_a_field_without_hint_and_error_is_described_by_nothing() -> None:
    made = shown("{{ ui.field('note', 'Note', optional=true) }}")

    assert "aria-describedby" not in made
    assert "aria-invalid" not in made
    assert '<span class="optional">(optional)</span>' in made


def test_a_money_field_is_text_with_its_currency_and_its_limit() -> None:
    made = plain(shown("{{ ui.money_field('sum', 'Refund', 'EUR', limit=limit) }}", "de", limit=Money(12870, "EUR")))

    assert 'type="text" inputmode="decimal"' in made
    assert '<span class="visually-hidden">in EUR</span>' in made
    assert 'höchstens <bdi dir="ltr">128,70\N{NO-BREAK SPACE}€</bdi>' in made


def test_the_summary_leads_to_the_fields_and_counts_them() -> None:
    errors = FormErrors()
    assert shown("{{ ui.error_summary(errors) }}", errors=errors).strip() == ""
    errors.add("email", "Enter an e-mail address")

    one = plain(shown("{{ ui.error_summary(errors) }}", errors=errors))
    errors.add("sum", "Enter an <amount>")
    two = plain(shown("{{ ui.error_summary(errors) }}", errors=errors))

    assert "One thing needs your attention" in one
    assert 'role="alert"' in one
    assert '<a href="#email">Enter an e-mail address</a>' in one
    assert "2 things need your attention" in two
    assert '<a href="#sum">Enter an &lt;amount&gt;</a>' in two


def test_radios_begin_at_the_name_so_that_the_summary_finds_them() -> None:
    options = [("small", "Too small"), ("other", "Something else", "Say it in your words")]

    made = plain(shown("{{ ui.radios('why', 'What is wrong?', options, value='other') }}", options=options))

    assert '<input class="tick" type="radio" id="why" name="why" value="small">' in made
    assert 'id="why-2" name="why" value="other" checked aria-describedby="why-2-note"' in made


def test_no_choice_is_made_for_the_shopper() -> None:
    options = [
        Choice("credit", "Store credit", "Valid for 3 years.", "€141.57", "€16.77 more than the refund"),
        Choice("refund", "Refund"),
    ]

    made = plain(shown("{{ ui.choices('offer', 'How should we make it right?', options) }}", options=options))

    assert "<legend><h1>How should we make it right?</h1></legend>" in made
    assert "checked" not in made
    assert '<span class="gain">€16.77 more than the refund</span>: Valid for 3 years.' in made


def test_an_item_that_cannot_go_back_says_why_and_the_way_out_and_has_no_box() -> None:
    source = (
        "{{ ui.item_card('item', '7', 'Gift card', blocked='Sold as final sale on 2 May.', "
        "way_out=('Ask the shop', '/ask'), quantity_name='q', most=3) }}"
    )

    made = plain(shown(source))

    assert "checkbox" not in made
    assert "data-stepper" not in made
    assert "Sold as final sale on 2 May." in made
    assert 'href="/ask">Ask the shop<span class="visually-hidden">: Gift card</span>' in made


def test_a_quantity_is_a_list_to_choose_from_without_script() -> None:
    made = plain(shown("{{ ui.stepper('q', 'Merino socks', 2, 3) }}"))

    assert '<option value="1">1</option><option value="2" selected>2</option><option value="3">3</option>' in made
    assert 'data-fewer="One fewer: Merino socks" data-more="One more: Merino socks"' in made
    assert '<label class="visually-hidden" for="q">How many: Merino socks</label>' in made


def test_the_only_unit_needs_no_choice() -> None:
    assert '<input type="hidden" name="q" value="1"><span class="of">1 unit</span>' in plain(
        shown("{{ ui.stepper('q', 'Jacket') }}")
    )


def test_an_axis_is_named_and_its_mark_is_hidden() -> None:
    marks = [Mark("goods", "half", "you", "Received, not inspected"), Mark("money", "stopped", "stopped", "Refused")]

    made = plain(shown("{{ ui.axes(marks) }}", marks=marks))

    assert '<svg class="mark mark-you" aria-hidden="true" focusable="false"><use href="#goods-half"/></svg>' in made
    assert '<span class="visually-hidden">Goods: </span>Received, not inspected' in made
    assert 'href="#stopped"' in made


def test_a_late_blocker_says_so_first() -> None:
    made = plain(
        shown("{{ ui.blocker(b) }}", b=Blocker(Markup("Waits for <b>you</b>."), is_you=True, late="4 days late"))
    )

    assert made == ('<p class="blocker blocker-you"><span class="late">4 days late</span> · Waits for <b>you</b>.</p>')


def test_a_timeline_tells_times_and_folds_what_machines_did() -> None:
    entries = [Entry("Received <2> units", NOW - timedelta(hours=2), "Jonas")]

    made = plain(shown("{{ ui.timeline(entries, waiting='Waiting for inspection', folded=entries) }}", entries=entries))

    assert '<li class="now"><span>Waiting for inspection</span><span class="at">now</span></li>' in made
    assert "Received &lt;2&gt; units" in made
    assert ">2 hours ago</time>" in made
    assert "<summary>Show 1 technical entry</summary>" in made


def test_a_sorted_column_says_so() -> None:
    made = plain(shown("{{ ui.sort_link('Age', '/x', 'descending', number=true) }}"))

    assert made.startswith('<th scope="col" class="number" aria-sort="descending"><a class="sort" href="/x">Age')


def test_a_chart_has_its_numbers_as_a_table_and_no_style() -> None:
    bars = [("9", 41, "41", None, False), ("10", 61, "61", None, True)]

    made = shown(
        "{{ ui.bar_chart('w', 'Returns per week', 'Most in week 10.', bars, 'Week 10: 61.', ('Week', 'Returns')) }}",
        bars=bars,
    )

    assert 'role="img" aria-labelledby="w-title w-desc"' in made
    assert '<span class="scale" aria-hidden="true">80</span>' in made
    assert '<th scope="row">10</th><td class="number">61</td>' in made
    assert 'height="122.0"' in made
    assert "style" not in made


def test_a_chart_whose_marks_lead_somewhere_is_no_mere_picture() -> None:
    made = shown("{{ ui.bar_chart('w', 'T', 'D', bars, 'P', ('A', 'B')) }}", bars=[("9", 0, "0", "/week/9", False)])

    assert 'role="group"' in made
    assert '<a href="/week/9" aria-label="9: 0">' in made


def test_two_values_stand_beside_each_other_with_their_amounts() -> None:
    bars = [("Changed mind", 300, 150, "€3.00", "€1.50"), ("Late", 0, 0, "€0.00", "€0.00")]

    made = shown("{{ ui.pair_chart('p', 'Refunds', bars, 'Half of it.', ('Before', 'Now')) }}", bars=bars)

    assert made.count('width="600.0"') == 1
    assert made.count('width="300.0"') == 1
    assert made.count('width="0.0"') == 2
    assert "Before: </span><bdi>€3.00</bdi>" in made
    assert "Half of it." in made


def test_every_form_of_a_page_can_prove_to_be_ours() -> None:
    assert shown("{{ csrf() }}") == '<input type="hidden" name="_csrf" value="">'
    assert shown("{{ once() }}") != shown("{{ once() }}")
