"""Errors that say which fields of a device they are about.

Whoever loads many rows shows the column that is wrong. The class of an error stays core's, as web
client and XML-RPC know no others; the fields hang on the instance.
"""

from contextlib import contextmanager

from odoo.exceptions import UserError


def about(error, *names):
    """``error``, and what it is about.

    :param names: fields of ``stock.lot``: first the one to correct, then those it clashes with.
    """
    error.about_fields = names
    return error


@contextmanager
def errors_about(*names):
    """Whatever is refused inside is about these fields, unless it says so itself."""
    try:
        yield
    except UserError as error:
        if not get_fields(error):
            about(error, *names)
        raise


def get_fields(error):
    return getattr(error, "about_fields", ())
