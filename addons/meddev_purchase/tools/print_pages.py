"""Which rows of a long table go onto which printed page. Standard library only.

Not every build of wkhtmltopdf repeats the head of a table or keeps a row whole at the end of a
page; pages that we cut ourselves look the same with all of them.
"""

import unicodedata

WIDE = ("W", "F")


def text_width(text):
    """Width of ``text`` in Latin letters; a Chinese character is as wide as two."""
    return sum(
        2 if unicodedata.east_asian_width(character) in WIDE else 1 for character in text or ""
    )


def count_lines(text, width):
    """Printed lines of ``text`` in a column ``width`` Latin letters wide; at least one."""
    return sum(max(1, -(-text_width(line) // width)) for line in (text or "").split("\n"))


def split_pages(heights, first, further):
    """Positions of the rows per page, in order; no page is empty.

    :param heights: height of each row, in the unit of ``first`` and ``further``.
    :param first: room on the first page, ``further`` on each later one. A row that is higher
        than a page gets a page of its own.
    """
    pages = [[]]
    room = first
    for position, height in enumerate(heights):
        if height > room and pages[-1]:
            pages.append([])
            room = further
        pages[-1].append(position)
        room -= height
    return pages
