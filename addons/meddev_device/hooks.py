"""Install and uninstall on databases that already hold a million lots."""

#: Column -> type. Added before the ORM sees the model, so that it computes none of them.
LOT_COLUMNS = {
    "is_medical": "boolean",
    "is_device": "boolean",
    "normalised_serial": "varchar",
    "serial_conflict": "boolean",
    "serial_review_note": "varchar",
    "manufacturer_id": "integer",
    "place_id": "integer",
    "firmware_version": "varchar",
    "device_state": "varchar",
    "origin": "varchar",
}


def pre_init_hook(env):
    columns = ", ".join(
        f"ADD COLUMN IF NOT EXISTS {name} {kind}" for name, kind in LOT_COLUMNS.items()
    )
    env.cr.execute(f"ALTER TABLE stock_lot {columns}")


def post_init_hook(env):
    env["stock.lot"]._fill_medical_lots(
        env["product.template"].search([("is_medical_device", "=", True)])
    )


def uninstall_hook(env):
    """Nothing to undo by hand: our columns and tables go, core's lots stay as they are."""
