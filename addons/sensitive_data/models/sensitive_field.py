import logging

from odoo import Command, api, fields, models
from odoo.orm.models import NO_ACCESS

from ..fields import MASKED
from . import key_store

_logger = logging.getLogger(__name__)

KINDS = [
    ("cn_name", "Chinese Name"),
    ("latin_name", "Latin Name"),
    ("mobile", "Mobile Number"),
    ("landline", "Landline Number"),
    ("id_number", "ID Number"),
    ("medical_record_number", "Medical Record Number"),
    ("address", "Address"),
    ("email", "E-Mail Address"),
    ("birth_date", "Date of Birth"),
    ("free_text", "Free Text"),
    ("price", "Price"),
    ("technical_secret", "Technical Secret"),
]
RIGHTS = {
    "read_group_ids": "groups",
    "enter_group_ids": "enter_groups",
    "search_group_ids": "search_groups",
    "reveal_group_ids": "reveal_groups",
}


class SensitiveFieldDeclaration(models.Model):
    """One declared field: what it holds, and who reads, enters, finds and reveals it.

    The list follows the code at every start; nobody edits it.
    """

    _name = "sensitive.field"
    _description = "Sensitive Field"
    _order = "model, name"
    _allow_sudo_commands = False

    model = fields.Char(string="Model (Technical)", required=True, readonly=True)
    name = fields.Char(string="Field (Technical)", required=True, readonly=True)
    model_label = fields.Char(string="Kind of Record", compute="_compute_labels")
    field_label = fields.Char(string="Field", compute="_compute_labels")
    kind = fields.Selection(KINDS, required=True, readonly=True)
    read_group_ids = fields.Many2many(
        "res.groups", "sensitive_field_read_group", string="Read", readonly=True
    )
    enter_group_ids = fields.Many2many(
        "res.groups", "sensitive_field_enter_group", string="Enter", readonly=True
    )
    search_group_ids = fields.Many2many(
        "res.groups", "sensitive_field_search_group", string="Find", readonly=True
    )
    reveal_group_ids = fields.Many2many(
        "res.groups", "sensitive_field_reveal_group", string="Reveal", readonly=True
    )

    _field_unique = models.Constraint("UNIQUE (model, name)", "A field is declared once.")

    @api.depends("model", "name")
    @api.depends_context("lang")
    def _compute_labels(self):
        for declaration in self:
            model = self.env.get(declaration.model)
            field = model._fields.get(declaration.name) if model is not None else None
            # sudo: the label of a model is no secret.
            labels = self.env["ir.model"].sudo()
            declaration.model_label = labels._get(declaration.model).name or declaration.model
            declaration.field_label = (
                field._description_string(self.env) if field else declaration.name
            )

    # Keeping the list

    def _register_hook(self):
        super()._register_hook()
        key_store.check_masters(self.env)
        self._sync()
        for copy, source in self._find_unprotected_copies():
            _logger.warning("%s shows %s to people who may not read it", copy, source)

    @api.model
    def _get_declared_fields(self):
        """Every sensitive field of every model that has a table."""
        return [
            field
            for model in self.env.values()
            if not model._abstract and not model._transient
            for field in model._fields.values()
            if getattr(field, "is_sensitive", False)
        ]

    @api.model
    def _sync(self):
        """Make the list say what the code declares."""
        # sudo: the list is nobody's to write.
        known = {(row.model, row.name): row for row in self.sudo().search([])}
        missing = []
        for field in self._get_declared_fields():
            row = known.pop((field.model_name, field.name), None)
            vals = self._prepare_declaration(field)
            if row is None:
                missing.append(vals)
            elif row._differs(field):
                row.write(vals)
        self.sudo().create(missing)  # sudo: as above
        self.concat(*known.values()).unlink()

    @api.model
    def _prepare_declaration(self, field):
        vals = {"model": field.model_name, "name": field.name, "kind": field.kind}
        for name, attribute in RIGHTS.items():
            vals[name] = [Command.set(self._get_groups(getattr(field, attribute)).ids)]
        return vals

    def _differs(self, field):
        return self.kind != field.kind or any(
            self[name] != self._get_groups(getattr(field, attribute))
            for name, attribute in RIGHTS.items()
        )

    @api.model
    def _get_groups(self, names):
        groups = self.env["res.groups"]
        for name in (names or "").split(","):
            if name.strip() and name != NO_ACCESS:
                groups += self.env.ref(name.strip(), raise_if_not_found=False) or groups
        return groups

    # Copies of sensitive values in other fields

    @api.model
    def _find_unprotected_copies(self):
        """Fields that are computed from a sensitive one, and that more people may read.

        A stored copy is in the clear in its column, whoever may read it. A field that tells no
        more than its mask does is named in ``_sensitive_derived`` of its model.

        :return: list of (field, sensitive field that it shows).
        """
        tainted = {field: field for field in self._get_declared_fields()}
        found = {}
        size = -1
        while size != len(tainted):
            size = len(tainted)
            for field, source in self._get_dependents(tainted):
                if field in tainted or self._is_reviewed(field):
                    continue
                tainted[field] = tainted[source]
                if field.store or not self._is_closed_as(field, tainted[field]):
                    found[field] = tainted[field]
        return sorted(found.items(), key=lambda pair: (str(pair[0]), str(pair[1])))

    @api.model
    def _get_dependents(self, tainted):
        registry = self.env.registry
        for model in self.env.values():
            if model._abstract:
                continue
            for field in model._fields.values():
                if not field.compute or field in tainted:
                    continue
                for path in field.resolve_depends(registry):
                    if path[-1] in tainted:
                        yield field, path[-1]
                        break

    @api.model
    def _is_reviewed(self, field):
        model = self.env[field.model_name]
        is_mask = field.name.endswith(MASKED) and getattr(field, "raw_name", None)
        base = field
        while base.related and not field.store:
            base = base.related_field
            is_mask = is_mask or bool(getattr(base, "raw_name", None))
        return bool(is_mask) or field.name in getattr(model, "_sensitive_derived", ())

    @api.model
    def _is_closed_as(self, field, source):
        """Whether each group that reads the copy also reads the source."""
        if field.groups == NO_ACCESS or source.groups == field.groups:
            return True
        if not field.groups or source.groups == NO_ACCESS or "!" in field.groups:
            return False
        readers = self._get_groups(source.groups)
        return all(group.all_implied_ids & readers for group in self._get_groups(field.groups))
