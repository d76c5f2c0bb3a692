"""Telling PostgreSQL who writes: settings of the present transaction, read by the row triggers.

Settings that are made inside a savepoint go with it, so nothing is remembered between two
announcements: a wrong author would be worse than one more statement.
"""

import hashlib
import json
import os
import threading
import time

from psycopg2.errors import ReadOnlySqlTransaction

from odoo.http import request
from odoo.orm.utils import SUPERUSER_ID
from odoo.tools import SQL, config

from ..tools import key_ring
from .lent_request import get_lent_request

KEY_PARAMETER = "audit_trail.key_id"
#: Why the deletion that goes on in this transaction is made; kept in the cursor's data.
DELETION_REASON = "audit_trail.deletion_reason"
#: Who became the superuser; kept in the session, which no client writes.
PERSON_KEY = "audit_trail_person"
#: A row key serves one process for so many seconds; whoever learns it can forge no other period.
ROW_KEY_SECONDS = 600
#: Path of a request -> channel; the first prefix that fits.
CHANNELS = (
    ("/json/2/", "json2"),
    ("/xmlrpc/", "xmlrpc"),
    ("/RPC2", "xmlrpc"),
    ("/jsonrpc", "jsonrpc"),
    ("/my", "portal"),
    ("/", "web"),
)
_JOB_ATTRIBUTE = "audit_trail_job"

_rings = {}
_row_keys = {}
_lock = threading.Lock()


def key_file():
    """Where the secrets are kept if the administrator names no other place."""
    return os.path.join(config["data_dir"], "audit_trail", "keys")


def ring():
    """The key ring of this server's data folder."""
    default = key_file()
    if default not in _rings:
        _rings[default] = key_ring.KeyRing(default)
    return _rings[default]


class Job:
    """Names the scheduled job that the present thread runs."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        setattr(threading.current_thread(), _JOB_ATTRIBUTE, self.name)

    def __exit__(self, *_exception):
        delattr(threading.current_thread(), _JOB_ATTRIBUTE)


def announce(env, reason=None, reason_required=False, context=None):
    """Give the row triggers of this transaction their key and their context.

    :param context: what ``describe`` said earlier, for an event that is told afterwards.
    """
    context = dict(context or describe(env))
    reason = reason or env.cr.precommit.data.get(DELETION_REASON)
    if reason:
        context["reason"] = reason
    if reason_required:
        context["reason_required"] = True
    env.cr.execute(
        "SELECT set_config('audit_trail.key', %s, TRUE),"
        " set_config('audit_trail.context', %s, TRUE)",
        [_current_row_key(env), json.dumps(context)],
    )


def ensure_writing(env):
    """Give a read-only cursor up: the server repeats the request with one that may write."""
    if env.cr.readonly:
        raise ReadOnlySqlTransaction("what is done here is kept in the audit trail")


def insert_event(env, vals, context=None):
    """Insert an event; its moment, author and digest come from the stamp trigger.

    A function like all that touches secrets or takes a context at its word: server actions reach
    every method of every model, private ones too, but no function of a module.

    :param context: what ``describe`` said earlier, for an event that is told afterwards.
    """
    ensure_writing(env)
    announce(env, context=context)
    env.cr.execute(
        SQL(
            "INSERT INTO audit_trail_entry (%s) VALUES %s",
            SQL(", ").join(map(SQL.identifier, vals)),
            tuple(vals.values()),
        )
    )


def describe(env):
    """Who acts, through what, from where."""
    context = {"uid": env.uid}
    job = getattr(threading.current_thread(), _JOB_ATTRIBUTE, None)
    if job:
        return context | {"channel": "cron", "origin": job}
    if request:
        context |= _describe_request()
        if not env.registry.ready:
            # Addons that a person installs at the screen: who and from where, and the batch.
            context |= {"channel": "upgrade", "origin": _describe_upgrade(env)}
        return context
    if lent := get_lent_request():
        return context | _describe_lent_request(lent)
    if not env.registry.ready:
        return context | {"channel": "upgrade", "origin": _describe_upgrade(env)}
    return context | {"channel": "server"}


def is_superuser_session(env):
    """Whether a person has become the superuser in the web client, and acts as such."""
    session = getattr(request, "session", None) if request else None
    return env.uid == SUPERUSER_ID and session is not None and session.uid == SUPERUSER_ID


def _describe_request():
    http_request = request.httprequest
    session = getattr(request, "session", None)
    login_uid = (session and session.uid) or getattr(threading.current_thread(), "uid", None)
    if login_uid == SUPERUSER_ID and session and session.uid == SUPERUSER_ID:
        login_uid = session.get(PERSON_KEY) or login_uid
    if not login_uid and request.env:
        login_uid = request.env.uid
    sid = session and session.sid
    return _describe_http(http_request) | {
        "session": hashlib.sha256(sid.encode()).hexdigest()[:16] if sid else None,
        "login_uid": login_uid,
    }


def _describe_lent_request(lent):
    """XML-RPC and JSON-RPC know no session; whose password was right stands on the thread."""
    return _describe_http(lent.httprequest) | {
        "login_uid": getattr(threading.current_thread(), "uid", None)
    }


def _describe_http(http_request):
    path = http_request.path
    return {
        "channel": next(name for prefix, name in CHANNELS if path.startswith(prefix)),
        "address": http_request.remote_addr,
        "origin": path[:200],
    }


def _describe_upgrade(env):
    """Name of the batch: one per loading of the registry."""
    registry = env.registry
    name = getattr(registry, "_audit_trail_batch", None)
    if not name:
        env.cr.execute(
            "SELECT name FROM ir_module_module WHERE state IN ('to install', 'to upgrade',"
            " 'to remove') ORDER BY name"
        )
        names = ", ".join(name for (name,) in env.cr.fetchall()) or "base"
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        name = registry._audit_trail_batch = f"upgrade {stamp}: {names[:300]}"
    return name


def _current_row_key(env):
    """``<nonce>:<inner>:<outer>`` of this process and period.

    The nonce says when it was made; verification holds the moments of its entries against that.
    """
    key_id = env["audit.trail.entry"]._get_key_id()
    now = time.monotonic()
    with _lock:
        made, text = _row_keys.get(key_id, (0, None))
        if text is None or now - made > ROW_KEY_SECONDS:
            # The clock that stamps the entries: Odoo's own may differ from the database server's.
            env.cr.execute("SELECT floor(extract(epoch FROM clock_timestamp()))::bigint")
            (issued,) = env.cr.fetchone()
            nonce = key_ring.nonce(key_id, issued)
            key = key_ring.row_key(ring().secret(key_id), nonce)
            text = ":".join([nonce, *key_ring.padded_halves(key)])
            _row_keys[key_id] = now, text
    return text
