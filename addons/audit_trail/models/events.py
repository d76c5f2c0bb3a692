"""Telling the trail of what is no write of a row: sign-ins, reveals, signatures, refusals.

Functions, for server actions reach every method of every model, private ones too, and may choose
the user of their environment, but reach no function of a module.
"""

import json
import logging
from weakref import WeakKeyDictionary

import psycopg2

from odoo import api
from odoo.modules import module

from .announcement import describe, insert_event
from .kinds import KIND_LOGIN_FAILED, KIND_REFUSED

_logger = logging.getLogger(__name__)

#: Where the cursor's data keep the name (``_Told``) of what this transaction told already.
_TOLD = "audit_trail.refused"
MAX_IDS = 100
#: What is told at once waits so long for a table that somebody has locked.
LOCK_TIMEOUT = "5s"


class _Told:
    """Stands for what a transaction told, which code that reaches the cursor does not reach."""


_told = WeakKeyDictionary()


def log_event(
    env,
    kind,
    record=None,
    *,
    details=None,
    reason=None,
    name=None,
    own_transaction=False,
):
    """Append an event; what every addon calls that has something to tell.

    :param kind: a key of the entries' ``kind``; addons add theirs with ``selection_add``.
    :param record: the record it is about, or None.
    :param details: JSON-able facts; never a secret, a credential or a sensitive value.
    :param reason: why, where a person said it.
    :param name: name of the record; its display name if not given.
    :param own_transaction: True for what must stay although the present transaction is
        rolled back (refusals, failed sign-ins).
    """
    vals = _prepare(env, kind, record, details, reason, name)
    if own_transaction:
        _insert_apart(env, vals)
    else:
        insert_event(env, vals)


def log_refusal(env, record, operation, *, by=None, details=None):
    """Keep that somebody was refused something, although the transaction is rolled back.

    Once per transaction, user, model, operation and cause: who tries a thousand records tells one
    story.

    :param record: what they tried it on: one record, several, or an empty recordset of the model.
    :param operation: what they tried, a short word such as ``write``, ``reveal`` or ``sign``.
    :param by: what refused it, such as ``access``, ``rule`` or ``guard``.
    :param details: further facts; never the values that were tried.
    """
    told = _get_told(env)
    key = (env.uid, record._name, operation, by)
    if key in told:
        return
    told.add(key)
    facts = {"operation": operation, "by": by, "ids": record.ids[:MAX_IDS]} | (details or {})
    log_event(
        env,
        KIND_REFUSED,
        record if len(record) == 1 else record.browse(),
        details={fact: value for fact, value in facts.items() if value is not None},
        name="",
        own_transaction=True,
    )


def _get_told(env):
    data = env.cr.precommit.data
    if not isinstance(data.get(_TOLD), _Told):
        data[_TOLD] = _Told()
    return _told.setdefault(data[_TOLD], set())


def _insert_apart(env, vals):
    """Insert in a transaction of its own: at once, so that no later code of this one undoes it.

    Where that may not be, as soon as the present transaction ends, however it ends.
    """
    registry, uid = env.registry, env.uid
    context = describe(env)
    if vals["kind"] == KIND_LOGIN_FAILED:
        # Whom the caller claimed to be is in the details; nobody signed in.
        context.pop("login_uid", None)

    def insert():
        with registry.cursor() as cr:
            cr.execute("SELECT set_config('lock_timeout', %s, TRUE)", [LOCK_TIMEOUT])
            insert_event(api.Environment(cr, uid, {}), vals, context)

    if _may_insert_at_once(env):
        try:
            return insert()
        except psycopg2.Error:
            # No connection is free, or the present transaction has locked what is needed.
            _logger.warning("audit trail: told after the transaction, not at once", exc_info=True)
    env.cr.postrollback.add(insert)
    env.cr.postcommit.add(insert)
    return None


def _may_insert_at_once(env):
    """Whether another connection may write while the present transaction goes on.

    Not while addons are loaded, which locks tables that it would wait for; nor in a test, whose
    connections are one, so that its rollback would take the entry along.
    """
    return env.registry.ready and not module.current_test


def _prepare(env, kind, record, details, reason, name):
    record = record._origin if record is not None else None
    res_id = record.id if record is not None and len(record) == 1 else None
    company_id = None
    if res_id and name is None:
        # sudo: the trail names the record, whoever caused the event.
        known = record.with_env(env).sudo().exists()
        name = known.display_name if known else None
        if "company_id" in record._fields:
            company_id = known.company_id.id or None
    return {
        "kind": kind,
        "res_model": record._name if record is not None else None,
        "res_id": res_id,
        "res_name": name or None,
        "details": json.dumps(details, ensure_ascii=False, default=str) if details else None,
        "reason": reason or None,
        "company_id": company_id,
    }
