"""HTML in small pieces. Text is escaped unless it is already markup."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from core.ratings.report.style import STYLE


class Markup(str):
    """Text that is HTML already; every other text is escaped where it enters a page."""

    __slots__ = ()


def safe(text: str) -> Markup:
    """Return text as markup, escaped unless it is."""
    return text if isinstance(text, Markup) else Markup(escape(text))


def element(tag: str, *content: str, **attributes: str) -> Markup:
    """Return an element; a trailing underscore in an attribute's name is dropped."""
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for name, value in attributes.items()
    )
    return Markup(f"<{tag}{given}>{''.join(map(safe, content))}</{tag}>")


def paragraph(text: str, kind: str = "") -> Markup:
    """Return a paragraph, with a class if ``kind`` is given."""
    return element("p", text, class_=kind) if kind else element("p", text)


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 1, caption: str = ""
) -> Markup:
    """Return a table.

    Args:
        heads: Heading of each column.
        rows: Cells; those of the first column are headings of their rows.
        words: How many columns from the left are words; the others are numbers.
        caption: What the table shows, for those who cannot see where it stands.
    """

    def cells(tag: str, values: Sequence[str]) -> str:
        made: list[str] = []
        for place, value in enumerate(values):
            first = tag == "td" and place == 0
            kind = "word" if place < words else "number"
            scope = {"scope": "row" if first else "col"} if first or tag == "th" else {}
            made.append(element("th" if first else tag, value, class_=kind, **scope))
        return element("tr", *made)

    parts = [element("caption", caption)] if caption else []
    parts.append(element("thead", cells("th", heads)))
    parts.append(element("tbody", *(cells("td", row) for row in rows)))
    return element("div", element("table", *parts), class_="scroll")


def section(title: str, *content: str) -> Markup:
    """Return a section with a heading."""
    return element("section", element("h2", title), *content)


def page(title: str, *content: str) -> str:
    """Return a whole document."""
    # the policy lets nothing in from outside, whatever a name in the votes may hold
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    head = Markup(
        '<meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
    )
    body = element("body", element("main", *content))
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>{body}</html>\n'
