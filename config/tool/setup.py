"""`make setup`: everything that Odoo needs, without a database."""

from . import machine, odoo_source, python_env


def ensure(browser=True):
    """Fetch what is missing; what is there already costs nothing."""
    python_env.ensure()
    python_env.link_odoo(odoo_source.ensure())
    machine.postgres()
    machine.ensure_pdf()
    if browser:
        machine.ensure_browser()


def main(_arguments):
    ensure()
