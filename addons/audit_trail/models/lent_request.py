"""The HTTP request behind a remote procedure call.

Core takes the request off its stack while it serves XML-RPC and JSON-RPC, so that models see none;
who calls from where would be lost. There is no hook around it, hence this one replacement of a
function of core's; what it does for core is unchanged.
"""

import threading
from contextlib import contextmanager

from odoo import http

_ATTRIBUTE = "audit_trail_request"
_borrow_request = http.borrow_request


@contextmanager
def _lend_request():
    with _borrow_request() as lent:
        thread = threading.current_thread()
        setattr(thread, _ATTRIBUTE, lent)
        try:
            yield lent
        finally:
            delattr(thread, _ATTRIBUTE)


def get_lent_request():
    """The request that the present thread serves as a remote procedure call, or None."""
    return getattr(threading.current_thread(), _ATTRIBUTE, None)


http.borrow_request = _lend_request
