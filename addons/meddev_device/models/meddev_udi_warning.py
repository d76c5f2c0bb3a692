import re

from odoo import models
from odoo.tools.translate import LazyTranslate

from .meddev_udi import WARNING_TEXTS

_lt = LazyTranslate(__name__)

#: Sentences for warnings of which only the code was kept: those of ``WARNING_TEXTS`` that name
#: a value of the carrier, without that value.
STORED_WARNING_TEXTS = {
    "not_text": _lt("The carrier is not a text."),
    "too_long": _lt("The carrier is longer than any UDI."),
    "unreadable": _lt("The text starts like a known UDI format but cannot be read as such."),
    "separator_substitute": _lt("Printed characters were read as the separator (FNC1)."),
    "check_mismatch": _lt("A check character is wrong. Scan again, or check the label."),
    "check_unverified": _lt("A check digit agrees with one of two known rules only."),
    "link_mismatch": _lt("The link character does not match the primary code."),
    "not_device_identifier": _lt("The code's number does not identify a device."),
    "unknown_identifier": _lt("The code contains an unknown data identifier."),
    "unparsed_data": _lt("A part of the code was not read."),
    "invalid_date": _lt("A date of the code does not exist."),
    "day_unspecified": _lt("A date names no day; the last day of the month is used."),
    "expiry_time": _lt("The device expires at a time on that day; see the label."),
    "invalid_value": _lt("A value of the code is not valid."),
    "invalid_character": _lt("A value contains characters that the standard does not allow."),
    "value_too_long": _lt("A value has more characters than the standard allows."),
    "separator_missing": _lt(
        "A separator (FNC1) is missing in the code. Take batch, serial number and dates from the"
        " label, or scan with a reader that sends separators."
    ),
    "separator_ambiguous": _lt(
        "A separator (FNC1) may be missing in the code. Compare batch, serial number and dates"
        " with the label, or scan with a reader that sends separators."
    ),
    "conflict": _lt("A value is given twice and differs."),
    "not_medical": _lt("The code's category is not that of medical devices (M0)."),
}


class MeddevUdi(models.AbstractModel):
    """What a stored warning says to a person; records keep the codes alone."""

    _inherit = "meddev.udi"

    def _describe_warnings(self, codes):
        """Sentences in the user's language for warnings that a record keeps.

        :param codes: codes of ``tools.udi.WARNINGS``, as a list or as a text that separates
            them by commas or lines. What is no code, a sentence say, stays as it is.
        :return: list of sentences, in order, once each.
        """
        texts = WARNING_TEXTS | STORED_WARNING_TEXTS
        return list(dict.fromkeys(self._translate(texts, code) for code in _split_codes(codes)))


def _split_codes(codes):
    lines = codes.splitlines() if isinstance(codes, str) else [str(code) for code in codes or ()]
    for line in lines:
        parts = [part.strip() for part in re.split("[,，]", line) if part.strip()]
        yield from parts if all(part in WARNING_TEXTS for part in parts) else [line.strip()]
