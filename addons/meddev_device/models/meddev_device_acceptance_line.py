from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .guard import is_trusted, trusted, without_defaults
from .meddev_device_acceptance import ACCEPTANCE_SIGNED, FOLLOWING_FIELDS

#: What a line takes over from its check, and nobody who signs chooses.
TAKEN_OVER = {"check_id", "is_required"}


class MeddevDeviceAcceptanceLine(models.Model):
    """One check of an acceptance; frozen with it.

    Its words and whether it is required are those of the check on the day when the acceptance
    was begun, in every language. A line that the engineer adds has no such check.
    """

    _name = "meddev.device.acceptance.line"
    _description = "Device Acceptance Check"
    _order = "sequence, id"

    acceptance_id = fields.Many2one(
        "meddev.device.acceptance", required=True, index=True, ondelete="cascade"
    )
    check_id = fields.Many2one(
        "meddev.device.acceptance.check",
        string="Asked For By",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    sequence = fields.Integer(default=10)
    name = fields.Char(string="Check", required=True, translate=True)
    is_required = fields.Boolean(string="Must Pass", default=True, readonly=True)
    result = fields.Selection(
        [("pass", "Pass"), ("fail", "Fail"), ("na", "Not Applicable")], copy=False
    )
    measured = fields.Char(string="Measured Value", copy=False)
    note = fields.Char(copy=False)
    company_id = fields.Many2one(
        related="acceptance_id.company_id", store=True, index="btree_not_null"
    )

    # CRUD

    @api.model_create_multi
    def create(self, vals_list):
        # sudo: the words of a check, whoever prepares the acceptance.
        checks = self.env["meddev.device.acceptance.check"].sudo()
        rows = []
        for vals in vals_list:
            row = {name: value for name, value in vals.items() if name != "is_required"}
            if check := checks.browse(row.get("check_id")).exists():
                row |= {name: check[name] for name in ("name", "sequence", "is_required")}
            rows.append(row)
        lines = super(MeddevDeviceAcceptanceLine, without_defaults(self, TAKEN_OVER)).create(rows)
        lines = lines.with_env(self.env)
        lines.acceptance_id._ensure_not_signed()
        lines._take_over_translations()
        return lines

    def write(self, vals):
        if is_trusted(self):
            return super().write(vals)
        self.acceptance_id._ensure_not_signed()
        self._ensure_keeps_check(vals)
        result = super().write(vals)
        self.acceptance_id._ensure_not_signed()
        return result

    def _write_multi(self, vals_list):
        """Refuse it below ``write`` as well, where the code of a server action also reaches."""
        changed = [
            line.id
            for line, vals in zip(self, vals_list, strict=True)
            if vals.keys() - FOLLOWING_FIELDS
        ]
        if changed:
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT acceptance.id
                      FROM meddev_device_acceptance_line line
                      JOIN meddev_device_acceptance acceptance
                           ON acceptance.id = line.acceptance_id
                     WHERE line.id IN %s AND acceptance.state = %s
                    """,
                    tuple(changed),
                    ACCEPTANCE_SIGNED,
                )
            )
            if rows:
                acceptances = self.env["meddev.device.acceptance"]
                acceptances.browse(acceptance_id for (acceptance_id,) in rows)._refuse_change()
        return super()._write_multi(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signed(self):
        self.acceptance_id._ensure_not_signed()
        if not is_trusted(self) and (asked := self.filtered("check_id")):
            asked[0]._refuse_to_part()

    # Guards

    def _ensure_keeps_check(self, vals):
        """A check is answered, not changed, moved to another acceptance or made optional."""
        for line in self:
            kept = {"acceptance_id", *TAKEN_OVER} | ({"name"} if line.check_id else set())
            for name in kept & vals.keys():
                value = line[name].id if line._fields[name].type == "many2one" else line[name]
                if (vals[name] or False) != (value or False):
                    line._refuse_to_part()

    def _refuse_to_part(self):
        raise UserError(
            self.env._(
                "%(device)s: the check %(check)s stays as it is; enter its result. What an"
                " acceptance asks for, the service manager or the quality specialist changes in"
                " Configuration ‣ Acceptance Checks.",
                device=self.acceptance_id.lot_id.display_name,
                check=self.name,
            )
        )

    # Words

    def _take_over_translations(self):
        """The words of the check in every language: who reads is not always who signs."""
        # sudo: the words of a check, whoever prepares the acceptance.
        asked = trusted(self.filtered("check_id").sudo())
        for code, _name in self.env["res.lang"].get_installed():
            for line in asked.with_context(lang=code):
                if line.name != line.check_id.name:
                    line.name = line.check_id.name
