"""Keys of records: made, wrapped and opened here alone.

Plain functions, not methods of a model: a server action reaches every method of every model,
private ones too, but no function of a module.
"""

from functools import lru_cache
from weakref import WeakKeyDictionary

from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.audit_trail.models.announcement import ring
from odoo.addons.audit_trail.tools.key_ring import KeyRingError, derive

from ..tools import cipher

#: Model under which the one key of all blind indexes is kept.
INDEX_MODEL = "sensitive.index"
#: In the cursor's cache, which ends with each transaction; everybody sees it, and no key in it.
_PLACE = "sensitive_data.keys"
#: Keys opened in one transaction: its handle -> uid -> (model, record id, key or None).
_opened = WeakKeyDictionary()


class _Handle:
    """Stands for a transaction."""


def check_masters(env):
    """Refuse to start when values exist that no present secret opens: they are not lost yet.

    :raise KeyRingError: names the missing secret and the remedy.
    """
    env.cr.execute(
        """
        SELECT DISTINCT ON (master_key_id) master_key_id, uid, res_model, res_id, wrapped
          FROM sensitive_key WHERE wrapped IS NOT NULL ORDER BY master_key_id, id
        """
    )
    for master_key_id, uid, res_model, res_id, wrapped in env.cr.fetchall():
        try:
            master = _derive_master(ring().secret(master_key_id))
            cipher.unwrap(master, uid, f"{res_model}|{res_id}", wrapped)
        except KeyRingError as error:
            raise KeyRingError(
                f"encrypted values exist, but {error} Odoo does not start without it, so that"
                " nothing is written that could not be read again."
            ) from error
        except cipher.CipherError as error:
            raise KeyRingError(
                f"secret {master_key_id!r} is not the one that the encrypted values were"
                " written with. Restore the right one from its backup."
            ) from error


def add(env, res_model, keys):
    """Store fresh keys.

    :param keys: record id -> (uid, key).
    """
    if not keys:
        return
    key_id = _newest_master_id(env)
    master = _master(env, key_id)
    rows = [
        SQL(
            "(%s, %s, %s, %s, %s, %s, %s)",
            res_model,
            res_id,
            uid,
            key_id,
            cipher.wrap(master, uid, f"{res_model}|{res_id}", key),
            env.uid,
            env.cr.now(),
        )
        for res_id, (uid, key) in keys.items()
    ]
    # A concurrent first writer makes this fail as any concurrent update does: Odoo repeats it.
    env.cr.execute(
        SQL(
            "INSERT INTO sensitive_key (res_model, res_id, uid, master_key_id, wrapped,"
            " create_uid, create_date) VALUES %s"
            " ON CONFLICT (res_model, res_id) WHERE wrapped IS NOT NULL DO NOTHING",
            SQL(", ").join(rows),
        )
    )


def for_writing(env, res_model, res_ids):
    """Keys to encrypt values of records with; those that have none get one.

    Always from the database: what an earlier savepoint made may be gone.

    :return: record id -> (uid, key).
    """
    found = _living(env, res_model, res_ids)
    missing = [res_id for res_id in res_ids if res_id not in found]
    if missing:
        add(env, res_model, {res_id: cipher.new_key() for res_id in missing})
        found |= _living(env, res_model, missing)
    return found


def by_uid(env, uids):
    """Keys by their ids, for reading: uid -> (model, record id, key, or None if destroyed).

    A key that cannot be unwrapped is left out, as if it were unknown.
    """
    opened = _opened.setdefault(env.cr.cache.setdefault(_PLACE, _Handle()), {})
    missing = [uid for uid in uids if uid not in opened]
    if missing:
        env.cr.execute(
            "SELECT uid, res_model, res_id, master_key_id, wrapped FROM sensitive_key"
            " WHERE uid = ANY(%s)",
            [missing],
        )
        for uid, res_model, res_id, master_key_id, wrapped in env.cr.fetchall():
            try:
                key = wrapped and _unwrap(env, res_model, res_id, uid, master_key_id, wrapped)
            except cipher.CipherError:
                continue
            opened[uid] = (res_model, res_id, key)
    return {uid: opened[uid] for uid in uids if uid in opened}


def index_key(env):
    """The one key of all blind indexes."""
    (_uid, key) = for_writing(env, INDEX_MODEL, [0])[0]
    return key


def rewrap(env, limit):
    """Wrap by the newest master key what older ones wrap; values stay as they are.

    :return: number of keys wrapped anew; 0 when none is left.
    """
    current = _newest_master_id(env)
    master = _master(env, current)
    env.cr.execute(
        """
        SELECT id, res_model, res_id, uid, master_key_id, wrapped FROM sensitive_key
         WHERE wrapped IS NOT NULL AND master_key_id <> %s ORDER BY id LIMIT %s
        """,
        [current, limit],
    )
    rows = env.cr.fetchall()
    for key_id, res_model, res_id, uid, former, wrapped in rows:
        key = _unwrap(env, res_model, res_id, uid, former, wrapped)
        env.cr.execute(
            "UPDATE sensitive_key SET master_key_id = %s, wrapped = %s WHERE id = %s",
            [current, cipher.wrap(master, uid, f"{res_model}|{res_id}", key), key_id],
        )
    return len(rows)


def forget(env):
    """Open no key of this transaction again without asking the database."""
    env.cr.cache.pop(_PLACE, None)


def _newest_master_id(env):
    return env["audit.trail.entry"]._get_key_id()


def _master(env, key_id):
    """:raise UserError: the secret is in none of the places where the trail keeps its own."""
    try:
        return _derive_master(ring().secret(key_id))
    except KeyRingError as error:
        raise UserError(env._("Sensitive data cannot be opened: %s", str(error))) from error


@lru_cache(maxsize=32)
def _derive_master(secret):
    return derive(secret, "sensitive_data/wrap")


def _unwrap(env, res_model, res_id, uid, master_key_id, wrapped):
    return cipher.unwrap(_master(env, master_key_id), uid, f"{res_model}|{res_id}", wrapped)


def _living(env, res_model, res_ids):
    env.cr.execute(
        """
        SELECT res_id, uid, master_key_id, wrapped FROM sensitive_key
         WHERE res_model = %s AND res_id = ANY(%s) AND wrapped IS NOT NULL
        """,
        [res_model, list(res_ids)],
    )
    return {
        res_id: (uid, _unwrap(env, res_model, res_id, uid, master_key_id, wrapped))
        for res_id, uid, master_key_id, wrapped in env.cr.fetchall()
    }
