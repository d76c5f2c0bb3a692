"""Secrets of the audit trail: kept outside the database, one file or one environment variable.

A secret has an id, which stands in every digest and seal that was made with it, so that old ones
stay verifiable after a rotation. Everything else (row keys, the signing key) is derived.

Sources, first one wins: ``AUDIT_TRAIL_KEYS`` (``id:base64,id:base64``), the file named by
``AUDIT_TRAIL_KEY_FILE``, the file that the caller names (one ``id:base64`` a line).
"""

import base64
import binascii
import fcntl
import hashlib
import hmac
import os
import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

SECRET_BYTES = 32
BLOCK_BYTES = 64
KEYS_VARIABLE = "AUDIT_TRAIL_KEYS"
FILE_VARIABLE = "AUDIT_TRAIL_KEY_FILE"


class KeyRingError(Exception):
    """A secret is missing or cannot be read; the text names the place and the remedy."""


class KeyRing:
    """The secrets by id, read from where the administrator keeps them."""

    def __init__(self, default_file):
        self.file = os.environ.get(FILE_VARIABLE) or default_file
        self._secrets = {}
        self._stamp = None

    def secret(self, key_id):
        """Bytes of one secret.

        :raise KeyRingError: the id is in none of the sources.
        """
        if key_id not in self._secrets:
            self._read()
        try:
            return self._secrets[key_id]
        except KeyError:
            raise KeyRingError(
                f"secret {key_id!r} of the audit trail is missing: neither {KEYS_VARIABLE} nor"
                f" {self.file} has it. Restore that file from its backup."
            ) from None

    def create(self):
        """Add a new secret to the file.

        :return: its id.
        :raise KeyRingError: the secrets come from the environment, or the file cannot be written.
        """
        self._read()
        if os.environ.get(KEYS_VARIABLE):
            return self._newest_from_environment()
        key_id = secrets.token_hex(4)
        line = f"{key_id}:{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}\n"
        try:
            os.makedirs(os.path.dirname(self.file), mode=0o700, exist_ok=True)
            handle = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "a") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.write(line)
        except OSError as error:
            raise KeyRingError(f"{self.file}: {error.strerror}") from error
        self._read()
        return key_id

    def _newest_from_environment(self):
        if not self._secrets:
            raise KeyRingError(f"{KEYS_VARIABLE} holds no secret: write it as id:base64")
        return list(self._secrets)[-1]

    def _read(self):
        inline = os.environ.get(KEYS_VARIABLE)
        if inline:
            lines = inline.split(",")
        else:
            try:
                with open(self.file, encoding="ascii") as file:
                    lines = file.read().splitlines()
            except FileNotFoundError:
                lines = []
            except OSError as error:
                raise KeyRingError(f"{self.file}: {error.strerror}") from error
        self._secrets = dict(filter(None, (_parse(line) for line in lines)))


def _parse(line):
    key_id, separator, text = line.strip().partition(":")
    if not separator or key_id.startswith("#"):
        return None
    try:
        secret = base64.b64decode(text.strip(), validate=True)
    except binascii.Error as error:
        raise KeyRingError(f"secret {key_id!r} of the audit trail is no base64") from error
    if len(secret) < SECRET_BYTES:
        raise KeyRingError(f"secret {key_id!r} of the audit trail is shorter than 32 bytes")
    return key_id, secret


def derive(secret, purpose):
    """A key of 32 bytes for one purpose; the secret cannot be found from it."""
    return hmac.digest(secret, b"audit_trail/" + purpose.encode(), "sha256")


def padded_halves(key):
    """The inner and outer half of HMAC-SHA256, hexadecimal, for code that has only SHA-256."""
    block = key.ljust(BLOCK_BYTES, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    return inner.hex(), outer.hex()


def nonce(key_id, issued):
    """Name of a row key: its secret, when it was made (seconds, UTC), and chance.

    The row key derives from all of it, so that none of it can be changed.
    """
    return f"{key_id}.{issued}.{secrets.token_hex(8)}"


@lru_cache(maxsize=512)
def row_key(secret, nonce):
    """Key of the rows that one process writes within one period."""
    return derive(secret, f"row/{nonce}")


def row_digest(secret, nonce, content):
    """HMAC-SHA256 (hexadecimal) of an entry's canonical text."""
    return hmac.digest(row_key(secret, nonce), content.encode(), "sha256").hex()


@lru_cache(maxsize=16)
def signing_key(secret):
    return Ed25519PrivateKey.from_private_bytes(derive(secret, "signature"))


def public_key(secret):
    """The published key (base64) with which seals, purges and exports are verified."""
    raw = (
        signing_key(secret)
        .public_key()
        .public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    )
    return base64.b64encode(raw).decode()


def sign(secret, text):
    """Ed25519 signature (base64) of a text."""
    return base64.b64encode(signing_key(secret).sign(text.encode())).decode()


def is_signed(public_key_text, text, signature):
    """Whether a signature was made by the owner of a public key; False for garbage."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key_text))
        key.verify(base64.b64decode(signature), text.encode())
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()
