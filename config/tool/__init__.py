"""Set-up and operation of a private Odoo 19 for this checkout; standard library only."""
