{
    "name": "Medical Device After-Sales",
    "summary": "The after-sales system of a medical-device company, with a demo story",
    "version": "19.0.1.0.0",
    "category": "After-Sales/Medical Devices",
    "author": "MedDev contributors",
    "website": "",
    "license": "AGPL-3",
    "depends": ["meddev_base"],
    "demo": ["demo/res_partner_demo.xml", "demo/res_users_demo.xml"],
    "application": True,
}
