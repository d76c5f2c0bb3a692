{
    "name": "Sensitive Data in Mails",
    "summary": "Mails show the masks of sensitive fields, whoever sends them",
    "version": "19.0.1.0.0",
    "category": "Hidden/Tools",
    "author": "MedDev contributors",
    "license": "LGPL-3",
    "depends": ["mail", "sensitive_data"],
    "auto_install": True,
}
