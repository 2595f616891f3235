"""What a template or a style sheet may not hold: inline code, unescaped values, foreign addresses, fixed directions."""

import re
from pathlib import PurePosixPath

_TEMPLATE = {
    "inline style": re.compile(r"\sstyle\s*=|<style\b", re.IGNORECASE),
    "inline script": re.compile(r"<script\b(?![^>]*\ssrc=)", re.IGNORECASE),
    "inline handler": re.compile(r"""<[^>]*\son[a-z]+\s*=|\shx-on\b|\bjavascript:""", re.IGNORECASE),
    "unescaped value": re.compile(r"\|\s*safe\b|autoescape\s+false|x-html", re.IGNORECASE),
    "foreign address": re.compile(r"""(?:src|href|action)\s*=\s*["']?(?:https?:)?//""", re.IGNORECASE),
}
# Mail clients know nothing but inline style, and MJML writes it.
_MAIL = "src/retour/web/mail/"
_COMMENT = re.compile(r"\{#.*?#\}|/\*.*?\*/", re.DOTALL)
_PHYSICAL = re.compile(
    r"(?<![\w-])(?:margin|padding|border|inset)-(?:left|right|top|bottom)\b|(?<![\w-])(?:left|right|top|bottom)\s*:"
    r"|text-align:\s*(?:left|right)|float:\s*(?:left|right)"
)
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b(?=[^{}]*[;}])|(?<![\w-])rgba?\(|(?<![\w-])hsla?\(|oklch\(")


def unfit_template(path: str, text: str) -> list[str]:
    """Return a finding for each thing that a template may not hold."""
    rules = {} if path.startswith(_MAIL) else _TEMPLATE
    plain = _without_comments(text)
    return [
        f"{path}:{plain.count(chr(10), 0, match.start()) + 1}: {said}"
        for said, rule in rules.items()
        for match in rule.finditer(plain)
    ]


def unfit_style(path: str, text: str) -> list[str]:
    """Return a finding for each physical direction, and for each colour outside the tokens."""
    plain = _without_comments(text)
    found = [("a physical direction", match) for match in _PHYSICAL.finditer(plain)]
    if not PurePosixPath(path).name.startswith("tokens"):
        found += [("a colour outside the tokens", match) for match in _COLOUR.finditer(plain)]
    return [f"{path}:{plain.count(chr(10), 0, match.start()) + 1}: {said}: {match[0]}" for said, match in found]


def _without_comments(text: str) -> str:
    """Return the text with its comments blanked, line by line."""
    return _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), text)
