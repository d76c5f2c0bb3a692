{
    "name": "Electronic Signature with Passkeys",
    "summary": "Who has a passkey signs with it",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tools",
    "author": "MedDev contributors",
    "license": "LGPL-3",
    "depends": ["auth_passkey", "electronic_signature"],
    "assets": {
        "web.assets_backend": ["electronic_signature_passkey/static/src/**/*"],
        "web.assets_tests": ["electronic_signature_passkey/static/tests/tours/**/*"],
    },
    "auto_install": True,
}
