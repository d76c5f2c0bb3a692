"""`make setup`: everything that Odoo needs, without a database."""

from . import locks, machine, odoo_source, python_env
from .ui import Failure, say


def ensure(for_tests=True):
    """Fetch what is missing; what is there already costs nothing.

    Tests need the browser and PDF; a person who tries the suite can do without PDF.
    """
    with locks.exclusive("setup"):
        python_env.ensure()
        python_env.link_odoo(odoo_source.ensure())
        machine.postgres()
        if for_tests:
            machine.ensure_browser()
        _ensure_pdf(required=for_tests)


def _ensure_pdf(required):
    try:
        machine.ensure_pdf()
    except Failure as failure:
        if required:
            raise
        say(f"  note: no PDF documents: {failure}")


def main(_arguments):
    ensure()
