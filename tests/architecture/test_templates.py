import ast

import pytest

from tests.architecture.templates import unfit_style, unfit_template
from tests.architecture.tree import ROOT, Source, dotted, sources, tracked

# The one place that makes an HTML answer, and the page of the API's description, which has its own policy.
HTML_ANSWERS = {"src/retour/web/pages.py", "src/retour/doors/api/docs.py"}


def files(ending: str) -> list[tuple[str, str]]:
    """Return (path, text) of our files with that ending."""
    named = [(path.relative_to(ROOT).as_posix(), path) for path in tracked() if path.suffix == ending]
    return [
        (name, path.read_text(encoding="utf-8"))
        for name, path in named
        if name.startswith(("src/retour/web/", "src/retour/doors/"))
    ]


def answers_html(source: Source) -> list[str]:
    """Return a finding for each text that says an answer is HTML, and for each way around the pages."""
    found = []
    for node in ast.walk(source.tree):
        named = isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("text/html")
        framework = isinstance(node, ast.Attribute) and dotted(node) in {"MediaType.HTML", "litestar.response.Template"}
        if named or framework:
            found.append(source.at(node, "an HTML answer that is not of pages.render"))
    return found


def test_no_template_holds_inline_code_or_an_unescaped_value() -> None:
    assert [finding for path, text in files(".html") for finding in unfit_template(path, text)] == []


def test_every_style_sheet_knows_both_directions_and_takes_its_colours_from_the_tokens() -> None:
    assert [finding for path, text in files(".css") for finding in unfit_style(path, text)] == []


def test_every_html_answer_goes_through_the_pages() -> None:
    asked = [source for source in sources("src/retour/doors", "src/retour/web") if source.path not in HTML_ANSWERS]
    reading = "src/retour/web/error_pages.py"  # it asks what the browser accepts

    assert [finding for source in asked if source.path != reading for finding in answers_html(source)] == []


@pytest.mark.parametrize(
    "planted",
    [
        '<p style="color: red">',
        "<style>p {}</style>",
        "<script>alert(1)</script>",
        '<script type="module">import "x"</script>',
        '<button onclick="go()">',
        '<a href="javascript:go()">',
        "{{ name | safe }}",
        "{{ name|safe }}",
        "{% autoescape false %}",
        '<p x-html="name">',
        '<script src="https://cdn.example/x.js"></script>',
        "<img src='//cdn.example/x.png'>",
    ],
)
def test_inline_code_is_found(planted: str) -> None:
    assert unfit_template("src/retour/doors/portal/templates/portal/a.html", f"<p>\n{planted}\n") != []


def test_a_script_of_ours_and_a_comment_are_left_alone() -> None:
    fine = '<script src="{{ asset(\'portal.js\') }}" defer></script>{# no style="" here #}<a href="/x">'

    assert unfit_template("src/retour/web/templates/web/a.html", fine) == []
    assert unfit_template("src/retour/web/mail/templates/mail/a.html", '<p style="x">') == []


@pytest.mark.parametrize(
    "planted",
    ["a { margin-left: 1px }", "a { left: 0 }", "a { text-align: right }", "a { color: #fff; }", "a{color:rgb(0 0 0)}"],
)
def test_a_physical_direction_or_a_loose_colour_is_found(planted: str) -> None:
    assert len(unfit_style("src/retour/web/assets/css/pages_portal.css", planted)) == 1


def test_logical_directions_and_tokens_are_left_alone() -> None:
    assert unfit_style("src/a/pages.css", "a { margin-inline-start: 1px; color: var(--ink) } #top { inset: 0 }") == []
    assert unfit_style("src/a/tokens.css", ":root { --ink: #151922; }") == []


@pytest.mark.parametrize("planted", ['Response(x, media_type="text/html")', "Response(x, media_type=MediaType.HTML)"])
def test_a_way_around_the_pages_is_found(planted: str) -> None:
    assert len(answers_html(Source("src/retour/doors/portal/a.py", planted))) == 1
