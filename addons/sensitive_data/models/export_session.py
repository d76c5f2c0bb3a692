"""One export from the web client, from the request to the finished file."""

import hashlib
import json
import secrets
from contextlib import contextmanager

from odoo import fields

from odoo.addons.audit_trail.models.events import log_event

from ..fields import ENTRY, LOOKUP, MASKED
from ..tools.masking import mask_free_text

_PLACE = "sensitive_data.export"


class ExportSession:
    """What is known of the export that a controller is making; kept in the transaction's memory."""

    def __init__(self, env, params):
        self.env = env
        self.params = params
        self.number = secrets.token_hex(4).upper()
        self.verdict = None
        self.row_count = 0

    def __enter__(self):
        self.env.cr.cache[_PLACE] = self
        return self

    def __exit__(self, *_exception):
        self.env.cr.cache.pop(_PLACE, None)

    def get_watermark(self):
        """Who, when (UTC), which number and request; None where the policy wants none."""
        if self.verdict is None or not self.verdict.has_watermark:
            return None
        request = self.verdict.request
        user = self.env.user
        return self.env._(
            "Exported by %(user)s (%(login)s) on %(time)s UTC, export no. %(number)s,"
            " request %(request)s. Confidential.",
            user=user.name,
            login=user.login,
            time=fields.Datetime.now().strftime("%Y-%m-%d %H:%M:%S"),
            number=self.number,
            request=request.name if request else self.env._("not needed"),
        )

    def log(self, content, extension, **facts):
        """Write the finished file's facts into the trail.

        :param facts: what else is known of a file of this kind.
        """
        content = content.encode() if isinstance(content, str) else content
        model = self.env[self.params["model"]]
        digest = hashlib.sha256(content).hexdigest()
        details = {
            "number": self.number,
            "format": extension.strip("."),
            "domain": describe_domain(model, self.params.get("domain")),
            "ids": (self.params.get("ids") or [])[:1000] or None,
            "fields": [field["name"] for field in self.params["fields"]],
            "rows": self.row_count,
            "sha256": digest,
            **facts,
        }
        log_export(self.env, model, details, self.verdict)
        return digest


@contextmanager
def table_export(env, records, row_count, names):
    """Let a file that core makes of records pass by the policies, or refuse it.

    Within it the file is made, and told by the session's ``log``.

    :param names: what the file says of each record, as the trail keeps it.
    :raise AccessError: no policy, or no right to export, allows it.
    :raise UserError: too many rows.
    """
    verdict = env["sensitive.export.policy"]._get_table_verdict(records, row_count)
    env["sensitive.usage"]._count("export", records._name, row_count)
    params = {
        "model": records._name,
        "domain": None,
        "ids": records.ids,
        "fields": [{"name": name} for name in names],
    }
    with ExportSession(env, params) as session:
        session.verdict, session.row_count = verdict, row_count
        yield session


def current_session(env):
    """The export that a controller is making in this transaction, or None."""
    return env.cr.cache.get(_PLACE)


def log_export(env, model, details, verdict):
    """Append an export to the trail, and to the request that allowed it."""
    request = verdict and verdict.request
    if verdict:
        details |= {
            "raw": verdict.raw_paths,
            "masked": not verdict.raw_paths,
            "request": request.name if request else None,
        }
    log_event(
        env,
        "export",
        model.browse(),
        details=details,
        reason=request.reason if request else None,
    )
    if request:
        request._use(details.get("sha256"))


def describe_domain(model, domain):
    """A domain as text, without what was searched for in sensitive fields."""

    def describe(term):
        if isinstance(term, (list, tuple)) and len(term) == 3 and isinstance(term[0], str):
            name, operator, value = term
            if name.endswith((LOOKUP, ENTRY, MASKED)) or _is_sensitive(model, name):
                value = "***"
            return [name, operator, describe(value) if isinstance(value, list) else value]
        if isinstance(term, (list, tuple)):
            return [describe(item) for item in term]
        return term

    return mask_free_text(json.dumps(describe(domain or []), ensure_ascii=False, default=str))


def _is_sensitive(model, path):
    field = model._fields.get(path.partition(".")[0])
    return bool(getattr(field, "is_sensitive", False))
