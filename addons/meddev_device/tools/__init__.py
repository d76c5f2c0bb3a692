"""Plain functions of the device ledger: no database, no Odoo, standard library only."""
