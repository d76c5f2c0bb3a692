"""Canonical text and digests of signed content and of evidence rows; no Odoo in here.

Version 1 of each form is fixed for good: what was signed with it must stay verifiable. A new form
gets a new prefix beside the old one.
"""

import hashlib
import hmac
import json

CONTENT_PREFIX = "v1"
ROW_PREFIX = "v1"
MARK_CHARACTERS = 16


def write_canonical(content):
    """The one text of a JSON-able content: keys sorted, no blanks, Unicode as it is."""
    return json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def number_text(value):
    """A float as text that survives storage as float or as numeric of any usual precision."""
    text = format(value, ".12g")
    return "0" if text == "-0" else text


def content_digest(version, content):
    """``v1:<version of the field list>:<SHA-256 of the canonical content>``."""
    text = write_canonical({"version": version, "content": content})
    return f"{CONTENT_PREFIX}:{version}:{hashlib.sha256(text.encode()).hexdigest()}"


def content_version(digest):
    """Version of the field list that stands in a digest; None if it is no digest of ours."""
    prefix, _separator, rest = (digest or "").partition(":")
    version, _separator, value = rest.rpartition(":")
    return version if prefix == CONTENT_PREFIX and version and value else None


def field_marks(key, fields):
    """A short keyed mark of each field: tells later which one changed, and never its value."""
    return {
        name: _hmac(key, write_canonical([name, value]))[:MARK_CHARACTERS]
        for name, value in fields.items()
    }


def row_digest(key, key_id, table, row):
    """``v1:<key id>:<HMAC-SHA256>`` of an evidence row given as a dictionary."""
    return f"{ROW_PREFIX}:{key_id}:{_hmac(key, write_canonical([table, row]))}"


def row_key_id(digest):
    """Id of the key in the digest of a row; None if it is no digest of ours."""
    parts = (digest or "").split(":")
    return parts[1] if len(parts) == 3 and parts[0] == ROW_PREFIX and parts[1] else None


def is_same(one, other):
    return hmac.compare_digest((one or "").encode(), (other or "").encode())


def _hmac(key, text):
    return hmac.digest(key, text.encode(), "sha256").hex()
