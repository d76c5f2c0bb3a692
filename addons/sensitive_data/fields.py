"""Fields for personal and secret values; the model that declares one inherits ``sensitive.mixin``.

``patient_name = SensitiveChar("Patient", kind="cn_name", read_groups="my.group_quality", ...)``
declares up to four fields:

- ``patient_name``: the value. Encrypted in its column; read by ``read_groups``, written by
  ``enter_groups``; never searched, sorted or grouped by, never copied, never tracked in a chatter.
- ``patient_name_masked``: what everybody else's screens, exports and documents show.
- ``patient_name_entry`` (where ``enter_groups`` are not the readers): an input that gives nothing
  back.
- ``patient_name_lookup`` (where there are ``search_groups``): finds exact values.
"""

from odoo import api, fields
from odoo.exceptions import AccessError
from odoo.orm.models import NO_ACCESS
from odoo.orm.utils import SUPERUSER_ID

from odoo.addons.audit_trail.models.announcement import describe, is_superuser_session

from .masked_output import FOR_ALL, output_mode
from .tools import masking

MASKED = "_masked"
ENTRY = "_entry"
LOOKUP = "_lookup"
MIXIN = "sensitive.mixin"
#: Channels of who holds the server itself: a Python shell, an installation.
LOCAL_CHANNELS = ("server", "upgrade")


class Sealed:
    """A value as the database holds it, in the cache; opened when somebody reads it."""

    __slots__ = ("is_erased", "is_open", "plain", "token")

    def __init__(self, token, plain=None, is_open=False):
        self.token = token
        self.plain = plain
        self.is_open = is_open
        self.is_erased = False


class Pending:
    """A value on its way to the database. PostgreSQL's driver refuses it until it is encrypted."""

    __slots__ = ("field", "text")

    def __init__(self, field, text):
        self.field = field
        self.text = text


def acts_for(env, groups):
    """Whether everybody in whose name code runs is in these groups, whatever rights it lifted.

    That is the user of the environment and, in a request, the person who sent it. A scheduled job
    acts for nobody: what it finds out can go anywhere.
    """
    context = describe(env)
    if context["channel"] == "cron":
        return False
    uids = {env.uid, context.get("login_uid") or env.uid}
    if uids == {SUPERUSER_ID}:
        return context["channel"] in LOCAL_CHANNELS
    users = env["res.users"].browse(uids - {SUPERUSER_ID})
    # sudo: whether somebody is in a group, asked of the cache of groups.
    return groups != NO_ACCESS and all(user.has_groups(groups) for user in users.sudo())


def clear_value(record, name):
    """The value of a sensitive field, for masks and for what is told elsewhere.

    Callers check the rights. A function: server actions reach every method, but no function.
    """
    field = record._fields[name]
    # sudo: a mask is computed from what its reader may not read.
    return super(SensitiveField, field).__get__(record.sudo())


class SensitiveField:
    """What all sensitive fields share, beside the Odoo field that they are."""

    kind = None
    read_groups = None
    enter_groups = None
    search_groups = None
    reveal_groups = None

    _column_type = ("text", "text")
    copy = False
    prefetch = False
    aggregator = None
    _description_searchable = False

    def _description_sortable(self, env):
        return False

    def _description_groupable(self, env):
        return False

    def _description_aggregator(self, env):
        return None

    def _description_sensitive_kind(self, env):
        return self.kind

    # Setup

    @property
    def is_sensitive(self):
        """False on models that have the field by delegation: there it is a view of the real one."""
        return not self.related

    def _get_attrs(self, model_class, name):
        attrs = super()._get_attrs(model_class, name)
        if attrs.get("related"):
            return attrs
        readers = attrs.get("read_groups") or NO_ACCESS
        attrs["groups"] = readers
        attrs["enter_groups"] = attrs.get("enter_groups") or readers
        attrs["reveal_groups"] = attrs.get("reveal_groups") or readers
        attrs["copy"] = False
        attrs["prefetch"] = False
        attrs["aggregator"] = None
        return attrs

    def __set_name__(self, owner, name):
        super().__set_name__(owner, name)
        if getattr(owner, "pool", None) is None and self._args__.get("kind"):
            for suffix, twin in self._make_twins(name):
                if name + suffix not in vars(owner):
                    setattr(owner, name + suffix, twin)
                    twin.__set_name__(owner, name + suffix)

    def _make_twins(self, name):
        arguments = self._args__
        label = arguments.get("string") or name.replace("_", " ").title()
        readers = arguments.get("read_groups") or NO_ACCESS
        yield MASKED, MaskedChar(f"{label} (masked)", raw_name=name, compute=_make_mask(name))
        enterers = arguments.get("enter_groups")
        if enterers and not _names(enterers) <= _names(readers):
            yield (
                ENTRY,
                self._entry_class(
                    f"{label} (to enter)",
                    compute=_make_empty(name + ENTRY),
                    inverse=_make_inverse(name),
                    readonly=False,
                    groups=enterers,
                    exportable=False,
                ),
            )
        if arguments.get("search_groups"):
            yield (
                LOOKUP,
                LookupChar(
                    f"{label} (exact)",
                    compute=_make_empty(name + LOOKUP),
                    search=_make_search(name),
                    groups=arguments["search_groups"],
                    exportable=False,
                ),
            )

    def setup_nonrelated(self, model):
        super().setup_nonrelated(model)
        problems = [
            reason
            for is_wrong, reason in (
                (self.kind not in masking.MASKS, f"its kind is none of {sorted(masking.MASKS)}"),
                (not self.store or self.compute, "it is computed"),
                (getattr(self, "translate", False), "it is translated"),
                (self.company_dependent, "it depends on the company"),
                (self.index, "it is indexed"),
                (getattr(self, "tracking", False), "it is tracked in the chatter"),
                (self.required, "it is required: an erasure must be possible"),
                (
                    not model._abstract and not hasattr(model, "reveal_sensitive_value"),
                    f"its model does not inherit {MIXIN}",
                ),
            )
            if is_wrong
        ]
        if problems:
            raise TypeError(f"sensitive field {self}: {'; '.join(problems)}")

    def setup_related(self, model):
        if not self.inherited:
            raise TypeError(f"sensitive field {self}: declare a related field as a plain one")
        super().setup_related(model)

    # Values: open in Python, sealed in the database

    def convert_to_cache(self, value, record, validate=True):
        if isinstance(value, Sealed):
            return value
        value = super().convert_to_cache(value, record, validate)
        return None if value == "" else value

    def convert_to_record(self, value, record):
        if isinstance(value, Sealed):
            if not value.is_open:
                record._open_sensitive_value(self, value)
            value = value.plain
        return super().convert_to_record(value, record)

    def convert_to_column_insert(self, value, record, values=None, validate=True):
        if isinstance(value, Sealed):
            return value.token
        value = self.convert_to_cache(value, record, validate)
        return None if value is None else Pending(self, self._to_text(value))

    convert_to_column = convert_to_column_insert

    def _insert_cache(self, records, values):
        sealed = (value if value is None else Sealed(value) for value in values)
        super()._insert_cache(records, sealed)

    def _to_text(self, value):
        return str(value)

    def _from_text(self, text):
        return text

    def __get__(self, record, owner=None):
        if record is None:
            return self
        if self.related:
            return super().__get__(record, owner)
        env = record.env
        if is_superuser_session(env):
            record._check_field_access(self, "read")
        mode = output_mode(env)
        if not record or (mode is not FOR_ALL and acts_for(env, self.groups)):
            return super().__get__(record, owner)
        if mode is None and not env.su:
            # Not for this person, as the field's groups say.
            return super().__get__(record, owner)
        record.ensure_one()
        mask = self._get_mask(record)
        return mask if self.type in ("char", "text") else False

    def _get_mask(self, record):
        """The text that stands for the value of one record."""
        try:
            value = clear_value(record, self.name)
        except SensitiveValueError:
            return record.env._("(unreadable)")
        cached = self._get_cache(record.env).get(record.id)
        if isinstance(cached, Sealed) and cached.is_erased:
            return record.env._("(erased)")
        if value is False or value is None:
            return False
        return masking.mask(self.kind, self._to_text(value))

    # No way into SQL: a condition, an order or a group would tell what the reader may not read

    def to_sql(self, model, alias):
        raise AccessError(
            model.env._(
                "%(field)s (%(model)s) is kept encrypted: it cannot be searched, sorted or grouped"
                " by.",
                field=self._description_string(model.env),
                model=model._description,
            )
        )

    def filter_function(self, records, field_expr, operator, value):
        self.to_sql(records, records._table)


class SensitiveValueError(AccessError):
    """A stored value cannot be opened; the text names record and field."""


class SensitiveChar(SensitiveField, fields.Char):
    _entry_class = fields.Char


class SensitiveText(SensitiveField, fields.Text):
    _entry_class = fields.Text


class SensitiveDate(SensitiveField, fields.Date):
    _entry_class = fields.Date

    def _to_text(self, value):
        return self.to_string(value)

    def _from_text(self, text):
        return self.to_date(text)


class SensitiveFloat(SensitiveField, fields.Float):
    _entry_class = fields.Float

    def _to_text(self, value):
        return repr(float(value))

    def _from_text(self, text):
        return float(text)


class MaskedChar(fields.Char):
    """The masked twin: for everybody who sees the record; computed for that moment only."""

    raw_name = None

    def _get_attrs(self, model_class, name):
        attrs = super()._get_attrs(model_class, name)
        # sudo: masks are computed from what their readers may not read.
        attrs["compute_sudo"] = True
        return attrs

    def _description_sensitive_kind(self, env):
        return env[self.model_name]._fields[self.raw_name].kind

    def _description_can_reveal(self, env):
        """Whether the reader may ask for the value."""
        groups = env[self.model_name]._fields[self.raw_name].reveal_groups
        return groups != NO_ACCESS and env.user.has_groups(groups)


class LookupChar(fields.Char):
    """Finds records by the exact value of a sensitive field; holds nothing itself."""


def _names(groups):
    return {name.strip() for name in groups.split(",")}


def _make_mask(name):
    @api.depends(name)
    @api.depends_context("lang")
    def compute(records):
        field = records._fields[name]
        for record in records:
            record[name + MASKED] = field._get_mask(record)

    return compute


def _make_empty(name):
    def compute(records):
        records[name] = False

    return compute


def _make_inverse(name):
    def inverse(records):
        entry = records._fields[name + ENTRY]
        for record in records:
            if value := record[name + ENTRY]:
                record[name] = value
        # What was entered is not given back, not even to its author.
        entry._update_cache(records, entry.convert_to_cache(False, records))

    return inverse


def _make_search(name):
    def search(records, operator, value):
        return records._search_sensitive_value(name, operator, value)

    return search
