"""One writing for one value, so that an exact search finds it however it was typed."""

import re
import unicodedata

_DIGIT_KINDS = {"mobile", "landline"}


def normalise(kind, text):
    """The form of a value that is compared.

    :param kind: a key of ``masking.MASKS``.
    """
    text = unicodedata.normalize("NFKC", str(text)).casefold().strip()
    if kind in _DIGIT_KINDS:
        digits = re.sub(r"\D", "", text)
        return digits[2:] if digits.startswith("86") and len(digits) > 11 else digits
    if kind in ("id_number", "medical_record_number"):
        return re.sub(r"[\s-]", "", text)
    return " ".join(text.split())
