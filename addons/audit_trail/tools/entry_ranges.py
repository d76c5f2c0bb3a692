"""Sets of entry ids, written short: ``1-5,7,9-12``."""


def write_ranges(ids):
    """Text of a set of ids; gaps (of rolled-back transactions) stay visible."""
    parts = []
    start = previous = None
    for number in sorted(ids):
        if previous is not None and number == previous + 1:
            previous = number
            continue
        if start is not None:
            parts.append((start, previous))
        start = previous = number
    if start is not None:
        parts.append((start, previous))
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in parts)


def read_ranges(text):
    """Set of ids of a text that ``write_ranges`` wrote."""
    ids = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        ids.update(range(int(first), int(last or first) + 1))
    return ids
