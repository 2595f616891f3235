"""The text of a PDF that we made: content streams read through each font's own map to characters (ISO 32000, 9.10)."""

import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
# Brackets inside a text are escaped or come in pairs, which our papers nest twice at most.
_INNER = rb"\((?:[^()\\]|\\.)*\)"
_TEXT = rb"\(((?:[^()\\]|\\.|\((?:[^()\\]|\\.|" + _INNER + rb")*\))*)\)"
_SHOWN = re.compile(rb"/(\w+) [\d.]+ Tf|<([0-9A-Fa-f]*)>|" + _TEXT + rb"|(\bET\b|\bTd\b|\bTm\b)", re.DOTALL)


def text_of(pdf: bytes) -> str:
    """Return what a PDF says, in the order in which it is drawn; each piece of text on a line of its own."""
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    fonts: dict[bytes, dict[int, str]] = {}
    for body in objects.values():
        for name, ref in re.findall(rb"/(f\d+) (\d+) 0 R", body):
            font = objects[int(ref)]
            to_unicode = re.search(rb"/ToUnicode (\d+) 0 R", font)
            if to_unicode:
                fonts[name] = _characters(_stream(objects[int(to_unicode[1])]))
    pages = [re.search(rb"/Contents (\d+) 0 R", body) for body in objects.values() if b"/Type/Page/" in body]
    return "\n".join(_said(_stream(objects[int(page[1])]), fonts) for page in pages if page)


def _stream(body: bytes) -> bytes:
    content = body.split(b"stream\n", 1)[1].rsplit(b"\nendstream", 1)[0]
    return zlib.decompress(content) if b"/FlateDecode" in body.split(b"stream\n", 1)[0] else content


def _characters(cmap: bytes) -> dict[int, str]:
    found = {
        int(code, 16): bytes.fromhex(text.decode()).decode("utf-16-be")
        for block in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.DOTALL)
        for code, text in re.findall(rb"<(\w+)>\s*<(\w+)>", block)
    }
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", cmap, re.DOTALL):
        for first, last, text in re.findall(rb"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            start = int(text, 16)
            found |= {code: chr(start + n) for n, code in enumerate(range(int(first, 16), int(last, 16) + 1))}
    return found


def _said(content: bytes, fonts: dict[bytes, dict[int, str]]) -> str:
    font, out = dict[int, str](), ""
    for name, hexed, plain, moved in _SHOWN.findall(content):
        if name:
            font = fonts.get(name, {})
        elif moved:
            out += "\n"
        else:
            raw = bytes.fromhex(hexed.decode()) if hexed else _unescaped(plain)
            out += "".join(font.get(int.from_bytes(raw[n : n + 2], "big"), "") for n in range(0, len(raw), 2))
    return out


def _unescaped(text: bytes) -> bytes:
    known = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
    return re.sub(
        rb"\\([0-7]{1,3}|.)",
        lambda m: bytes([int(m[1], 8)]) if m[1][:1].isdigit() else known.get(m[1], m[1]),
        text,
        flags=re.DOTALL,
    )
