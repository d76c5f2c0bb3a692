from odoo import models
from odoo.tools import format_date, format_datetime
from odoo.tools.mail import html2plaintext
from odoo.tools.misc import formatLang

from .electronic_signature_content import ATTACHMENTS, as_tree

MAX_TEXT = 2000


class ElectronicSignatureMixin(models.AbstractModel):
    """What is signed, in plain words, for the person who signs it."""

    _inherit = "electronic.signature.mixin"

    def _describe_signed_content(self):
        """The declared fields as a list of ``label``, ``value`` and, for children, ``lines``.

        Fields that the signer may not read are named and not shown.
        """
        self.ensure_one()
        record = self.with_context(active_test=False)
        tree = as_tree(record._get_signed_fields()[record._get_signed_version()])
        return [record._describe_signed_field(name, names) for name, names in tree.items()]

    def _describe_signed_field(self, name, children):
        described = {"label": self._get_signed_field_label(name), "value": "", "lines": []}
        if name == ATTACHMENTS:
            return described | {"lines": _describe_files(self._get_own_attachments())}
        field = self._fields[name]
        if not self._has_field_access(field, "read"):
            return described | {"value": self.env._("(hidden from you)")}
        if field.comodel_name == "ir.attachment":
            return described | {"lines": _describe_files(self[name])}
        if not children:
            return described | {"value": _describe_value(self, field)}
        lines = self[name].sorted("id")
        return described | {
            "lines": [
                " · ".join(
                    f"{child_field._description_string(self.env)}: "
                    + (
                        _describe_value(line, child_field)
                        if line._has_field_access(child_field, "read")
                        else self.env._("(hidden from you)")
                    )
                    for child_field in (line._fields[child] for child in children)
                )
                for line in lines
            ]
        }


def _describe_files(attachments):
    return [
        f"{attachment.name} ({attachment.file_size:,} B)" for attachment in attachments.sorted("id")
    ]


def _describe_value(record, field):
    env, value = record.env, record[field.name]
    if field.type == "boolean":
        return env._("Yes") if value else env._("No")
    if field.type in ("integer", "many2one_reference"):
        return str(value)
    if field.type in ("float", "monetary"):
        digits = field.get_digits(env) if field.type == "float" else None
        return formatLang(env, value, digits=digits[1] if digits else 2)
    if not value:
        return "–"
    if field.type == "selection":
        return str(dict(field._description_selection(env)).get(value, value))
    if field.type == "date":
        return format_date(env, value)
    if field.type == "datetime":
        return format_datetime(env, value, dt_format="yyyy-MM-dd HH:mm:ss")
    if field.type == "binary":
        return env._("(a file)")
    if isinstance(value, models.BaseModel):
        # sudo: the name of what the record points to, as its own form shows it
        return ", ".join(value.sudo().mapped("display_name"))
    if field.type == "html":
        value = html2plaintext(value)
    return str(value)[:MAX_TEXT]
