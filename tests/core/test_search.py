"""The words that things are found by: kept whole and in parts, looked for by their beginnings."""

from retour.core.search import MOST_ASKED, MOST_KEPT, asked_of, words_of


def found(kept: tuple[str, ...], search: str) -> bool:
    """Return whether every word of a search begins one of the kept words, as the store compares them."""
    asked = asked_of(search)
    return bool(asked) and all(any(lowest <= word < beyond for word in kept) for lowest, beyond in asked)


def test_an_article_number_is_kept_whole_and_in_its_parts() -> None:
    assert words_of("TJ-MOS-M") == ("mos", "tj", "tjmosm")


def test_case_accents_and_ligatures_make_no_difference() -> None:
    assert words_of("Müller GROẞE ﬁne") == ("fine", "grosse", "muller")
    assert found(words_of("Renée Müller"), "RENEE mull")


def test_the_domain_of_an_address_is_no_word_of_its_own() -> None:
    assert words_of("mara.l@example.com") == ("mara", "maralexamplecom")
    assert not found(words_of("mara@example.com"), "example")
    assert found(words_of("mara@example.com"), "Mara@Example")


def test_single_characters_and_nothing_are_not_kept_and_look_for_nothing() -> None:
    assert words_of("a M - ?", None, "") == ()
    assert asked_of("a ? -") == ()


def test_a_search_finds_what_begins_like_it_and_not_what_holds_it() -> None:
    kept = words_of("Trail jacket", "RC-0042-S")
    assert found(kept, "jack trail")
    assert found(kept, "rc-0042")
    assert found(kept, "0042")
    assert not found(kept, "acket")
    assert not found(kept, "jacket coat")


def test_long_texts_and_long_words_are_kept_up_to_a_bound() -> None:
    assert len(words_of(" ".join(f"word{n}" for n in range(5_000)))) == MOST_KEPT
    assert words_of("x" * 500) == ("x" * 60,)
    assert found(words_of("x" * 500), "x" * 400)
    assert len(asked_of(" ".join(f"word{n}" for n in range(50)))) == MOST_ASKED


def test_the_bounds_of_a_word_hold_the_last_character_there_is() -> None:
    ((lowest, beyond),) = asked_of("ab")
    assert (lowest, lowest + "\U0010fffe" < beyond) == ("ab", True)
