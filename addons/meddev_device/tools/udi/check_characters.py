"""Check digits and characters of the four issuers."""

HIBC_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"
_HIBC_VALUES = {character: value for value, character in enumerate(HIBC_ALPHABET)}

# a-g follow the capitals directly, h-z start again at 45: 43 and 44 are unused.
_MA_VALUES = {
    character: str(value)
    for start, characters in (
        (0, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg"),
        (45, "hijklmnopqrstuvwxyz-.@$,*+%/#!^~"),
    )
    for value, character in enumerate(characters, start)
}


def gs1_check_digit(payload):
    """Modulo-10 digit of a GS1 key.

    :param payload: ASCII digits without the check digit.
    Source: GS1 General Specifications 7.9.
    """
    digits = [int(digit) for digit in reversed(payload)]
    return str(-(3 * sum(digits[::2]) + sum(digits[1::2])) % 10)


def hibc_check_character(payload):
    """Modulo-43 character over everything that precedes it, ``+`` included.

    :return: the character, or False when ``payload`` leaves the alphabet.
    Source: ANSI/HIBC 2.6, Appendix B.
    """
    total = 0
    for character in payload:
        value = _HIBC_VALUES.get(character)
        if value is None:
            return False
        total += value
    return HIBC_ALPHABET[total % 43]


def _luhn_digit(digits, first_doubled):
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == first_doubled else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def ma_check_digits(payload):
    """Check digits that the two known implementations compute for an MA part.

    The rule is not published. Both turn characters into numbers and run Luhn over
    the digits; the second skips the character 9 and doubles the other positions,
    so it counts only where a 9 occurs.

    :return: list of one or two digits; empty when the alphabet is left.
    """
    try:
        digits = "".join([_MA_VALUES[character] for character in payload])
    except KeyError:
        return []
    found = [_luhn_digit(digits, 1)]
    if "9" in payload:
        without_nine = "".join([_MA_VALUES[c] for c in payload if c != "9"])
        found.append(_luhn_digit(without_nine, 0))
    return found
