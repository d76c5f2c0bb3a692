"""Fresh credentials of the person who signs, checked through core's own methods.

They are arguments here and nowhere else: in no field, no context, no log, no message.
"""

import threading
from contextlib import contextmanager
from datetime import datetime, timedelta

from odoo.exceptions import AccessDenied, UserError
from odoo.http import request

from odoo.addons.audit_trail.models.announcement import describe
from odoo.addons.audit_trail.models.events import log_event

from .audit_trail_entry import KIND_SIGNATURE_REFUSED

#: Longer texts are no credentials; the hash function refuses them with an error of its own.
MAX_CHARACTERS = 4096
CODE_CHARACTERS = 10
PASSWORD = "password"
#: What ``_check_credentials`` says of an API key, which is never a password of a person.
_API_KEY = "apikey"
_LOCK_TIMEOUT = "5s"
_REMEMBERED_HOURS = 24


def check(env, credentials, record, details):
    """Make sure that the present user is the person who knows or holds these credentials.

    :param credentials: ``{"type": "password", "password": "…", "code": "123456"}``; other types
        as ``res.users._prepare_signature_credential`` knows them.
    :param record: what is signed, for the trail when it is refused.
    :param details: facts for the trail.
    :return: list of the methods used, as ``["password", "totp"]``.
    :raise UserError: not accepted; the attempt is in the trail, whatever becomes of this one.
    """
    _ensure_own_request(env)
    credential, code = _parse(env, credentials)
    details = details | {"method": credential["type"]}
    try:
        return _check_in_own_transaction(env, credential, code)
    except AccessDenied as error:
        log_event(env, KIND_SIGNATURE_REFUSED, record, details=details, own_transaction=True)
        message = _get_message(env, credential, error)
    raise UserError(message)


def _ensure_own_request(env):
    """Somebody must be there: jobs sign nothing, and nobody signs in another one's session."""
    # XML-RPC calls models without a request; its thread knows who signed in.
    login_uid = (
        describe(env).get("login_uid")
        if request
        else getattr(threading.current_thread(), "uid", None)
    )
    if not request and not login_uid:
        raise UserError(env._("Signing is done by a person: at the screen or over the API."))
    if login_uid and login_uid != env.uid:
        raise UserError(
            env._(
                "%s signs after signing in: nobody signs in the session of another person.",
                env.user.name,
            )
        )
    if not request and env.user._mfa_type():
        # Core counts codes by the address of the request, which it does not have here.
        raise UserError(
            env._("With a second factor, sign at the screen or over JSON-2; XML-RPC cannot.")
        )


def _parse(env, credentials):
    """``(credential, code)`` for core, from what a client sent."""
    if not isinstance(credentials, dict) or not all(
        isinstance(key, str) and isinstance(value, str) for key, value in credentials.items()
    ):
        raise UserError(
            env._("Credentials are a dictionary of texts: type, password and, where asked, code.")
        )
    code = credentials.get("code", "").replace(" ", "")
    if code and not (code.isascii() and code.isdecimal() and len(code) <= CODE_CHARACTERS):
        raise UserError(env._("The code consists of digits only, as your application shows it."))
    return env.user._prepare_signature_credential(credentials), code


def _check_in_own_transaction(env, credential, code):
    """What core counts (attempts, used codes) must stay, whatever becomes of the signature."""
    with _throttled(env):
        # Leaving the cursor's block without an exception commits it.
        with env.registry.cursor() as cr:
            cr.execute("SELECT set_config('lock_timeout', %s, TRUE)", [_LOCK_TIMEOUT])
            user = env(cr=cr, user=env.uid, su=False).user
            try:
                return _check_methods(user, credential, code)
            except AccessDenied as error:
                refusal = error
        raise refusal


@contextmanager
def _throttled(env):
    """Core's throttling by address, and its policy applied to the person as well.

    The address alone is not enough: XML-RPC has none here, and every process counts for itself.
    """
    user = env.user
    failures, seconds = _count_failures(env)
    if failures and user._on_login_cooldown(failures, datetime.now() - timedelta(seconds=seconds)):
        raise AccessDenied(env._("Too many login failures, please wait a bit before trying again."))
    with user._assert_can_auth(user=user.login):
        yield


def _count_failures(env):
    """``(wrong attempts of this person since they last signed, seconds since the last one)``."""
    env.cr.execute(
        """
        SELECT COUNT(*),
               EXTRACT(EPOCH FROM (clock_timestamp() AT TIME ZONE 'UTC') - MAX(occurred_at))
          FROM audit_trail_entry
         WHERE kind = %(refused)s AND user_id = %(user)s AND details ? 'method'
               AND occurred_at > COALESCE(
                   (SELECT MAX(signed_at) FROM electronic_signature WHERE user_id = %(user)s),
                   '-infinity')
               AND occurred_at > (NOW() AT TIME ZONE 'UTC') - make_interval(hours => %(hours)s)
        """,
        {"refused": KIND_SIGNATURE_REFUSED, "user": env.uid, "hours": _REMEMBERED_HOURS},
    )
    failures, seconds = env.cr.fetchone()
    return failures, float(seconds or 0)


def _check_methods(user, credential, code):
    # Interactive: core takes an API key for a password only where it is not.
    interactive = {"interactive": True}
    info = user._check_signature_credential(credential, interactive)
    method = info.get("auth_method")
    if info.get("uid") != user.id or not method or method == _API_KEY:
        raise AccessDenied
    if info.get("mfa") == "skip":
        return [method]
    second = user._mfa_type()
    if not second:
        if info.get("mfa") == "enforce":
            raise AccessDenied
        return [method]
    if not code:
        raise AccessDenied
    user._check_credentials({"type": second, "token": int(code)}, interactive)
    return [method, second]


def _get_message(env, credential, error):
    default = AccessDenied().args[0]
    if error.args and error.args[0] and error.args[0] != default:
        return error.args[0]
    if credential["type"] == PASSWORD and env.user._mfa_type():
        return env._(
            "The password or the code is wrong. Both are asked for each signature; the code must"
            " be a new one."
        )
    return env._(
        "This is not accepted as your signature. Enter the password with which you sign in; an API"
        " key is no password."
    )
