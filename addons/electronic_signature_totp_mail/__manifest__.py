{
    "name": "Electronic Signature with Codes by Mail",
    "summary": "Who gets the code of the second factor by mail can have it sent when signing",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tools",
    "author": "MedDev contributors",
    "license": "LGPL-3",
    "depends": ["auth_totp_mail", "electronic_signature"],
    "auto_install": True,
}
