import hashlib

from odoo import SUPERUSER_ID, api, models
from odoo.tools import ormcache

from ..tools import canonical

ATTACHMENTS = "@attachments"
#: Texts that differ by reader, and values that follow from others, are no source.
_REFUSED_TYPES = ("properties", "properties_definition")


class ElectronicSignatureMixin(models.AbstractModel):
    """What exactly is signed: the declared source fields as canonical content."""

    _inherit = "electronic.signature.mixin"

    def _register_hook(self):
        super()._register_hook()
        if not self._abstract:
            self._check_signed_fields()

    # Declaration

    @api.model
    def _get_signed_fields(self):
        """``{version: names}`` of this record type; the last version is the present one."""
        return {str(version): tuple(names) for version, names in self._signed_fields.items()}

    @api.model
    def _get_signed_version(self):
        return list(self._get_signed_fields())[-1]

    @api.model
    def _check_signed_fields(self):
        """A wrong declaration stops the server, not the first person who signs."""
        if not self._get_signed_fields():
            raise TypeError(f"{self._name} declares no _signed_fields")
        for version, names in self._get_signed_fields().items():
            for name, children in as_tree(names).items():
                problem = self._find_declaration_problem(name, children)
                if problem or ":" in version:
                    raise TypeError(f"{self._name}, version {version}, {name}: {problem}")

    @api.model
    def _find_declaration_problem(self, name, children):
        if name == ATTACHMENTS:
            return "attachments have no declared children" if children else None
        field = self._fields.get(name)
        if field is None:
            return "no such field"
        if name in (self._signed_states or ()):
            return "the step itself changes it, which would void its signatures"
        if children:
            if field.type not in ("one2many", "many2many"):
                return "only children of x2many fields can be declared"
            comodel = self.env[field.comodel_name]
            problems = (_find_source_problem(comodel._fields.get(child)) for child in children)
            return next(filter(None, problems), None)
        return _find_source_problem(field)

    @api.model
    def _get_signed_field_label(self, name):
        """Label of a declared name, as ``Lines: Quantity`` for a child's field."""
        if name == ATTACHMENTS:
            return self.env._("Attachments")
        name, _separator, child = name.partition(".")
        field = self._fields.get(name)
        if field is None:
            return name
        label = field._description_string(self.env)
        child_field = child and self.env[field.comodel_name]._fields.get(child)
        return f"{label}: {child_field._description_string(self.env)}" if child_field else label

    # Content

    def _get_content_digests(self, version=None):
        """``{record id: digest}`` of the content as the database holds it now.

        Records that do not exist any more are left out.
        """
        version = version or self._get_signed_version()
        return {
            record_id: canonical.content_digest(version, content)
            for record_id, content in self._get_signed_content(version).items()
        }

    def _get_signed_content(self, version=None):
        """``{record id: {"model", "id", "fields": {name: value}}}``, the same for every reader."""
        version = version or self._get_signed_version()
        tree = as_tree(self._get_signed_fields()[version])
        records = self._for_digest().exists()
        records._forget_cached(tree)
        return {
            record.id: {
                "model": self._name,
                "id": record.id,
                "fields": {
                    name: record._read_signed_value(name, children)
                    for name, children in tree.items()
                },
            }
            for record in records
        }

    def _for_digest(self):
        """These records for the computation of digests: no language, no filter, no rights.

        Superuser: a digest must not depend on who asks; only digests and marks leave this file.
        """
        return self.with_env(
            self.env(
                user=SUPERUSER_ID, su=True, context={"active_test": False, "prefetch_fields": False}
            )
        )

    def _forget_cached(self, tree):
        """Read from the database, so that changes behind the ORM are seen."""
        self.env.flush_all()
        for name, children in tree.items():
            if name == ATTACHMENTS:
                self.env["ir.attachment"].invalidate_model(flush=False)
                continue
            self.invalidate_recordset([name], flush=False)
            comodel = self._fields[name].comodel_name
            if children or comodel == "ir.attachment":
                self.env[comodel].invalidate_model(list(children) or None, flush=False)

    def _read_signed_value(self, name, children):
        if name == ATTACHMENTS:
            return _attachments(self._get_own_attachments())
        field = self._fields[name]
        if field.comodel_name == "ir.attachment":
            return _attachments(self[name])
        if not children:
            return _plain_value(field, self[name])
        return [
            {
                "id": child.id,
                "fields": {
                    child_name: _plain_value(child._fields[child_name], child[child_name])
                    if child._fields[child_name].comodel_name != "ir.attachment"
                    else _attachments(child[child_name])
                    for child_name in children
                },
            }
            for child in self[name].sorted("id")
        ]

    def _get_own_attachments(self):
        return self.env["ir.attachment"].search(
            [("res_model", "=", self._name), ("res_id", "=", self.id), ("res_field", "=", False)]
        )

    @api.model
    def _get_marks(self, content, key):
        """``{name: keyed mark}`` of a content, children's fields each by their own."""
        values = {}
        for name, value in content["fields"].items():
            if (
                value
                and isinstance(value, list)
                and isinstance(value[0], dict)
                and ("fields" in value[0])
            ):
                values[name] = [child["id"] for child in value]
                for child_name in value[0]["fields"]:
                    values[f"{name}.{child_name}"] = [
                        [child["id"], child["fields"][child_name]] for child in value
                    ]
            else:
                values[name] = value
        return canonical.field_marks(key, values)

    # Who must look again

    @api.model
    @ormcache()
    def _get_signature_watch(self):
        """``{model: ((signed model, field of the signed model or None), …)}``.

        Writing a record of ``model`` may change the signed content of records of the other; None
        is the record itself.
        """
        watch = {}
        for signed in self.env["electronic.signature.requirement"]._get_signable_models():
            model = self.env[signed]
            watch.setdefault(signed, []).append((signed, None))
            for name in {part for names in model._get_signed_fields().values() for part in names}:
                parent, _separator, child = name.partition(".")
                if parent == ATTACHMENTS:
                    watch.setdefault("ir.attachment", []).append((signed, ATTACHMENTS))
                    continue
                field = model._fields[parent]
                if child or field.comodel_name == "ir.attachment":
                    watch.setdefault(field.comodel_name, []).append((signed, parent))
        return {name: tuple(dict.fromkeys(pairs)) for name, pairs in watch.items()}


def as_tree(names):
    """``{"name": (), "line_ids": ("qty", …)}`` from dotted names."""
    tree = {}
    for name in names:
        parent, _separator, child = name.partition(".")
        tree.setdefault(parent, ())
        if child:
            tree[parent] += (child,)
    return tree


def _find_source_problem(field):
    if field is None:
        return "no such field"
    if field.type == "binary" or field.comodel_name == "ir.attachment":
        return None if not field.related else "related: no source"
    if (
        field.related
        or (field.compute and field.readonly)
        or not (field.store or field.type == "one2many")
    ):
        return "computed: no source"
    if field.translate or field.company_dependent or field.type in _REFUSED_TYPES:
        return "differs by reader"
    return None


def _plain_value(field, value):
    """One value as JSON-able content, version 1: labels and languages have no part in it."""
    if field.type == "boolean":
        return bool(value)
    if field.type in ("integer", "many2one_reference"):
        return value or 0
    if field.type in ("float", "monetary"):
        return canonical.number_text(value or 0.0)
    if field.type in ("one2many", "many2many"):
        return sorted(value.ids)
    if field.type == "many2one":
        return value.id or None
    if field.type in ("date", "datetime"):
        return value.isoformat() if value else None
    if field.type == "binary":
        return _sha256(value)
    if field.type == "json":
        return canonical.write_canonical(value) if value else None
    if isinstance(value, models.BaseModel):
        return f"{value._name},{value.id}" if value else None
    return str(value) if value else None


def _attachments(attachments):
    return [
        {
            "id": attachment.id,
            "name": attachment.name,
            "url": attachment.url or None,
            "sha256": _sha256(attachment.raw),
        }
        for attachment in attachments.sorted("id")
    ]


def _sha256(value):
    if not value:
        return None
    data = value.encode() if isinstance(value, str) else value
    return hashlib.sha256(data).hexdigest()
