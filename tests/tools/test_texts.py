"""Every text of pages and mails is said in every wanted language, with all its parts."""

from pathlib import Path

import pytest

from tools.texts import LOCALE, WANTED, Text, complaints, extracted, write

ONE = {"web": [Text("Step %(n)s of %(of)s", None, None, "web/a.html")]}
MANY = {"web": [Text("%(num)s unit", "%(num)s units", None, "web/a.html")]}


def a_catalogue(folder: Path, language: str, text: str) -> Path:
    path = folder / language / "web.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def german(folder: Path, body: str) -> list[str]:
    head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    a_catalogue(folder, "de", head + body)
    return [said for said in complaints(ONE if "Step" in body else MANY, folder) if said.startswith("de/")]


def test_nothing_lacks_a_translation() -> None:
    assert complaints(extracted()) == []


def test_texts_are_found_in_templates_and_in_python_and_belong_to_their_room() -> None:
    found = extracted()

    assert "Skip to content" in {text.english for text in found["web"]}  # a template
    assert "Somebody was faster" in {text.english for text in found["web"]}  # Python
    assert ("%(num)s unit", "%(num)s units") in {text.key for text in found["web"]}
    assert all(text.place.startswith("doors/portal/") for text in found["portal"])


def test_every_language_has_its_catalogues() -> None:
    for language in WANTED:
        assert (LOCALE / language / "web.po").is_file()


def test_a_translation_with_all_its_parts_is_fine(tmp_path: Path) -> None:
    assert german(tmp_path, 'msgid "Step %(n)s of %(of)s"\nmsgstr "Schritt %(n)s von %(of)s"\n') == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('msgid "Step %(n)s of %(of)s"\nmsgstr ""\n', "missing"),
        ('msgid "Step %(n)s of %(of)s"\nmsgstr "Schritt %(n)s"\n', "wrong placeholders"),
        ('msgid "Step %(n)s of %(of)s"\nmsgstr "Schritt %(n)s von %(off)s"\n', "wrong placeholders"),
        ('msgid "%(num)s unit"\nmsgid_plural "%(num)s units"\nmsgstr[0] "ein Stück"\nmsgstr[1] ""\n', "missing"),
        (
            'msgid "%(num)s unit"\nmsgid_plural "%(num)s units"\nmsgstr[0] "a"\nmsgstr[1] "viele"\n',
            "wrong placeholders",
        ),
    ],
)
def test_a_missing_or_broken_translation_is_told_with_its_place(tmp_path: Path, body: str, said: str) -> None:
    (found,) = german(tmp_path, body)

    assert found.startswith(f"de/web.po: {said}: ")
    assert found.endswith("(web/a.html)")


def test_the_form_for_one_may_spell_its_number_out(tmp_path: Path) -> None:
    body = 'msgid "%(num)s unit"\nmsgid_plural "%(num)s units"\nmsgstr[0] "ein Stück"\nmsgstr[1] "%(num)s Stück"\n'

    assert german(tmp_path, body) == []


def test_a_text_of_the_shared_rooms_need_not_be_said_twice(tmp_path: Path) -> None:
    german(tmp_path, 'msgid "Step %(n)s of %(of)s"\nmsgstr "Schritt %(n)s von %(of)s"\n')

    found = complaints({"portal": ONE["web"], "web": []}, tmp_path)

    assert [said for said in found if said.startswith("de/")] == []


def test_missing_entries_are_added_empty_and_what_is_translated_stays(tmp_path: Path) -> None:
    german(tmp_path, 'msgid "Step %(n)s of %(of)s"\nmsgstr "Schritt %(n)s von %(of)s"\n\nmsgid "Gone"\nmsgstr "Weg"\n')
    texts = {**{domain: [] for domain in WANTED["de"]}, "web": [*ONE["web"], Text("New", None, None, "web/b.html")]}

    write(texts, ["web"], tmp_path)

    written = (tmp_path / "de/web.po").read_text(encoding="utf-8")
    assert 'msgid "Step %(n)s of %(of)s"\nmsgstr "Schritt %(n)s von %(of)s"' in written
    assert '#: web/b.html\nmsgid "New"\nmsgstr ""' in written
    assert "Gone" not in written
    assert "Date" not in written
