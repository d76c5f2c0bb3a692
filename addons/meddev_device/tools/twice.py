"""What occurs more than once among rows that come together."""


def find_twice(keys):
    """The first of ``keys`` that occurred before, or None; empty ones do not count."""
    seen = set()
    for key in keys:
        if key and key in seen:
            return key
        seen.add(key)
    return None
