"""Which secret the trail is keyed with, and how a new one begins.

Functions, as in ``events``: no server action begins a key.
"""

import logging

from ..tools import key_ring
from .announcement import KEY_PARAMETER, ring
from .events import log_event
from .kinds import KIND_KEY

_logger = logging.getLogger(__name__)


def present_key(env):
    """Id of the secret in use; the first one is made here."""
    env.cr.execute("SELECT value FROM ir_config_parameter WHERE key = %s", [KEY_PARAMETER])
    row = env.cr.fetchone()
    return row[0] if row else _use(env, ring().create())


def begin_key(env):
    """Use a new secret from now on; former ones are kept for verification.

    :return: its id.
    :raise KeyRingError: none could be made, or the administrator keeps them and added none.
    """
    former = env["audit.trail.entry"]._get_key_id()
    key_id = ring().create()
    if key_id == former:
        raise key_ring.KeyRingError(
            f"the secrets come from {key_ring.KEYS_VARIABLE}: append a new id:base64 there, restart"
            " Odoo and try again"
        )
    # The last word of the former key names its successor.
    log_event(env, KIND_KEY, details={"former": former, "begun": key_id})
    _use(env, key_id)
    env["ir.config_parameter"].invalidate_model(["value"])
    _forget(env.registry)
    # Somebody else may have asked for the key before this transaction ended.
    env.cr.postcommit.add(lambda: _forget(env.registry))
    return key_id


def _use(env, key_id):
    env.cr.execute(
        """
        INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)
        ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value
        """,
        [KEY_PARAMETER, key_id],
    )
    _logger.info("audit trail: new secret %s in %s", key_id, ring().file)
    return key_id


def _forget(registry):
    registry.clear_cache()
    registry.clear_cache("stable")
