"""Encryption of single values: AES-256-GCM under a key of the record's own (version ``sd1``).

A stored value is ``sd1:<id of the record's key>:<base64 of nonce and ciphertext>``. The record's
key is kept wrapped by a master key from outside the database; destroying the one makes all values
of the record, wherever copies of their ciphertext lie, unreadable for good.
"""

import base64
import binascii
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = "sd1"
KEY_BYTES = 32
NONCE_BYTES = 12
UID_BYTES = 12


class CipherError(Exception):
    """A stored value or a wrapped key is not what was written; the text says which part."""


def new_key():
    """:return: id and bytes of a fresh key."""
    return secrets.token_hex(UID_BYTES), secrets.token_bytes(KEY_BYTES)


def encrypt(key, uid, place, text):
    """Stored form of a text.

    :param place: model and field; a value moved elsewhere does not open.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, text.encode(), _bind(place, uid))
    return f"{VERSION}:{uid}:{base64.b64encode(nonce + sealed).decode()}"


def key_uid(token):
    """Id of the key that a stored value needs.

    :raise CipherError: this is no stored value, or one of a later version.
    """
    version, _, rest = token.partition(":")
    uid, separator, _ = rest.partition(":")
    if version != VERSION or not separator or len(uid) != 2 * UID_BYTES:
        raise CipherError("it is not of a known format")
    return uid


def decrypt(key, place, token):
    """Text of a stored value.

    :raise CipherError: the value was altered, or belongs elsewhere.
    """
    uid = key_uid(token)
    return _open(key, token[len(VERSION) + len(uid) + 2 :], _bind(place, uid)).decode()


def wrap(master, uid, place, key):
    """Stored form of a record's key.

    :param place: model and id of the record.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(master).encrypt(nonce, key, _bind(place, uid))
    return base64.b64encode(nonce + sealed).decode()


def unwrap(master, uid, place, wrapped):
    """:raise CipherError: the wrong master key, or an altered row."""
    return _open(master, wrapped, _bind(place, uid))


def blind(key, place, text):
    """Keyed digest by which an exact value is found; equal texts of two fields differ."""
    return hmac.digest(key, f"{place}|{text}".encode(), "sha256").hex()


def _bind(place, uid):
    return f"{VERSION}|{place}|{uid}".encode()


def _open(key, encoded, bound):
    try:
        raw = base64.b64decode(encoded, validate=True)
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound)
    except (InvalidTag, ValueError, binascii.Error) as error:
        raise CipherError("it was altered, or belongs elsewhere") from error
