{
    "name": "Medical Device After-Sales",
    "summary": "The after-sales system of a medical-device company, with a demo story",
    "version": "19.0.1.0.0",
    "category": "After-Sales/Medical Devices",
    "author": "MedDev contributors",
    "license": "AGPL-3",
    "depends": ["meddev_base", "meddev_device", "meddev_purchase", "meddev_service"],
    "demo": [
        "demo/res_partner_demo.xml",
        "demo/res_users_demo.xml",
        "demo/product_demo.xml",
        "demo/stock_lot_demo.xml",
        "demo/purchase_order_demo.xml",
        "demo/helpdesk_ticket_demo.xml",
    ],
    "application": True,
}
