"""A passkey in software: makes a key pair and answers challenges as a device does."""

import base64
import hashlib
import json

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

USER_PRESENT_AND_VERIFIED = 0x05


def _text(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Authenticator:
    def __init__(self, origin, host, credential_id=b"a passkey of a test"):
        self.origin, self.host, self.counter = origin, host, 0
        self.identifier = _text(credential_id)
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_key(self):
        """The public key as core stores it: COSE, base64."""
        numbers = self._key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        return base64.urlsafe_b64encode(cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})).decode()

    def answer(self, challenge, flags=USER_PRESENT_AND_VERIFIED):
        """The response to a challenge, as the browser sends it."""
        self.counter += 1
        client_data = json.dumps(
            {"type": "webauthn.get", "challenge": challenge, "origin": self.origin}
        ).encode()
        data = hashlib.sha256(self.host.encode()).digest()
        data += bytes([flags]) + self.counter.to_bytes(4, "big")
        signed = data + hashlib.sha256(client_data).digest()
        return json.dumps(
            {
                "id": self.identifier,
                "rawId": self.identifier,
                "type": "public-key",
                "response": {
                    "authenticatorData": _text(data),
                    "clientDataJSON": _text(client_data),
                    "signature": _text(self._key.sign(signed, ec.ECDSA(hashes.SHA256()))),
                    "userHandle": None,
                },
                "clientExtensionResults": {},
                "authenticatorAttachment": "platform",
            }
        )
