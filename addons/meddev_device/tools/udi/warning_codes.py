"""Codes of everything a reading may complain about.

Keys are stable. Values are plain English with named placeholders, which match
the parameters in ``UdiReading.warnings``; the Odoo layer holds its own
translated sentences for the same keys.
"""

WARNINGS = {
    "empty": "Nothing was scanned.",
    "not_text": "The carrier is not a text but %(type)s.",
    "too_long": "The carrier has %(length)s characters; no UDI is that long.",
    "unrecognised": "The text follows none of the known UDI formats.",
    "unreadable": "The text starts like %(issuer)s but cannot be read as such.",
    "fullwidth": "Full-width characters were read as half-width ones.",
    "case": "The code was read in upper case; its alphabet has no lower case.",
    "separator_substitute": "%(text)s was read as the separator (FNC1).",
    "check_mismatch": "Check character of %(field)s is %(found)s, computed %(expected)s.",
    "check_unverified": "The check digit of %(field)s agrees with one of two known rules only.",
    "link_mismatch": "The link character is %(found)s, the primary code ends with %(expected)s.",
    "no_device_identifier": "The code carries no device identifier.",
    "not_device_identifier": "(%(ai)s) does not identify a device.",
    "unproven": "Nothing but its digits says that this is a GS1 code; it may be a plain number.",
    "bare_gtin": "The code is a bare item number.",
    "unknown_identifier": "%(identifier)s is not a known data identifier.",
    "unparsed_data": "%(text)s was not read.",
    "invalid_date": "%(value)s in %(field)s is not a date.",
    "day_unspecified": "%(field)s names no day; the last day of the month is used.",
    "expiry_time": "The device expires at %(time)s on that day.",
    "invalid_value": "%(value)s is not valid for %(field)s.",
    "invalid_character": "%(field)s contains characters that the standard does not allow.",
    "value_too_long": "%(field)s has %(length)s characters, at most %(maximum)s are allowed.",
    "separator_missing": "A separator (FNC1) is missing after %(field)s; choose a reading.",
    "separator_ambiguous": (
        "A separator (FNC1) may be missing after %(field)s; compare the readings."
    ),
    "candidates_truncated": "More readings are possible than are listed.",
    "conflict": "%(field)s is given twice with different values.",
    "qualifier_order": "The parts of the link are not in the standard's order.",
    "valid_until_used": "The last valid day (V) was taken as the expiry date.",
    "not_medical": "Category %(category)s is not that of medical devices (M0).",
}
