"""Telling the trail of what is no write of a row: sign-ins, reveals, signatures, refusals.

Functions, for server actions reach every method of every model, private ones too, and may choose
the user of their environment, but reach no function of a module.
"""

import json

from odoo import api

from .announcement import describe, insert_event
from .kinds import KIND_LOGIN_FAILED, KIND_REFUSED

#: Refusals that this transaction told already; kept in the cursor's data.
_TOLD = "audit_trail.refused"
MAX_IDS = 100


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
        _insert_afterwards(env, vals)
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
    told = env.cr.precommit.data.setdefault(_TOLD, set())
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


def _insert_afterwards(env, vals):
    """Insert in a transaction of its own, as soon as the present one ends, however it ends.

    Not at once: a reading request has no second connection that may write.
    """
    registry, uid = env.registry, env.uid
    context = describe(env)
    if vals["kind"] == KIND_LOGIN_FAILED:
        # Whom the caller claimed to be is in the details; nobody signed in.
        context.pop("login_uid", None)

    def insert():
        with registry.cursor() as cr:
            insert_event(api.Environment(cr, uid, {}), vals, context)

    env.cr.postrollback.add(insert)
    env.cr.postcommit.add(insert)


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
