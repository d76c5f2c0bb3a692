"""Columns of a ledger that may hold a million lots are made and filled by SQL."""


def pre_init_hook(env):
    """Make the computed column, so that the ORM does not compute it lot by lot."""
    env.cr.execute("ALTER TABLE stock_lot ADD COLUMN IF NOT EXISTS retain_until date")


def post_init_hook(env):
    """Tell the lots that are there already where they came from and how long to keep them."""
    env["res.company"].search([("active", "in", [True, False])])._create_inspection_sequences()
    templates = env["product.template"].with_context(active_test=False)
    medical = templates.search([("is_medical_device", "=", True)])
    env["stock.lot"]._fill_origin(medical)
    env["stock.lot"]._fill_retention(medical)
