from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.models import MAGIC_COLUMNS

from odoo.addons.sensitive_data.fields import SensitiveChar, SensitiveDate, SensitiveText

from .meddev_ticket_amendment import PART_PATIENT


def _groups(*roles):
    return ",".join(f"meddev_base.group_{role}" for role in roles)


_RIGHTS = {
    "read_groups": _groups("quality_specialist", "service_manager"),
    "enter_groups": _groups("intake_agent", "field_engineer", "service_manager"),
    "reveal_groups": _groups("intake_agent", "quality_specialist", "service_manager"),
}
_SEARCHED = _RIGHTS | {"search_groups": _groups("quality_specialist")}

_TRIGGER = f"""
CREATE OR REPLACE FUNCTION meddev_ticket_record_patient_amendment() RETURNS trigger AS $$
DECLARE
    new_row jsonb;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        new_row := to_jsonb(NEW);
    END IF;
    PERFORM meddev_ticket_amend(ticket.id, ticket.company_id, (new_row ->> 'write_uid')::int,
                                '{PART_PATIENT}', OLD.id, to_jsonb(OLD), new_row)
       FROM helpdesk_ticket ticket
      WHERE ticket.id = OLD.ticket_id AND ticket.service_state = 'archived';
    RETURN NULL;
END $$ LANGUAGE plpgsql;
DROP TRIGGER IF EXISTS meddev_ticket_amendment ON meddev_ticket_patient;
CREATE TRIGGER meddev_ticket_amendment AFTER UPDATE OR DELETE ON meddev_ticket_patient
    FOR EACH ROW EXECUTE FUNCTION meddev_ticket_record_patient_amendment();
"""


class MeddevTicketPatient(models.Model):
    """The patient whom a request is about, and the private person who reported it (a relative, a
    patient at home): the only place of the ticket for data of a person.

    At most one per ticket, never on a partner. Frozen with the ticket's archive, deleted with the
    ticket alone; erased on lawful demand by the privacy officer, archived or not.
    Rule: PIPL Art. 28, 51; ISO 13485:2016 4.2.5.
    """

    _name = "meddev.ticket.patient"
    _description = "Patient of a Request"
    _inherit = ["sensitive.mixin"]
    _order = "id desc"
    _rec_name = "ticket_id"

    # The unique index below finds it.
    ticket_id = fields.Many2one("helpdesk.ticket", required=True, ondelete="cascade")
    patient_name = SensitiveChar("Patient Name", kind="cn_name", **_SEARCHED)
    patient_phone = SensitiveChar("Mobile Number", kind="mobile", **_SEARCHED)
    record_number = SensitiveChar(
        "Medical Record Number", kind="medical_record_number", **_SEARCHED
    )
    birth_date = SensitiveDate("Date of Birth", kind="birth_date", **_RIGHTS)
    note = SensitiveText("Note on the Patient", kind="free_text", **_RIGHTS)
    reporter_name = SensitiveChar("Reporter's Name", kind="cn_name", **_SEARCHED)
    reporter_phone = SensitiveChar("Reporter's Mobile Number", kind="mobile", **_SEARCHED)
    reporter_email = SensitiveChar("Reporter's E-Mail Address", kind="email", **_RIGHTS)
    reporter_address = SensitiveChar("Reporter's Address", kind="address", **_RIGHTS)
    reporter_relation = SensitiveChar("Relation to the Patient", kind="free_text", **_RIGHTS)
    company_id = fields.Many2one(
        related="ticket_id.company_id", store=True, precompute=True, index=True
    )

    _ticket_unique = models.UniqueIndex(
        "(ticket_id)", "This ticket has a patient already. Complete the data that are there."
    )

    def init(self):
        # Text in plain SQL: a trigger cannot be declared through the ORM.
        self.env.cr.execute(_TRIGGER)

    # ------------------------------------------------------------ create, write, delete

    def _create(self, data_list):
        ticket_ids = [data["stored"].get("ticket_id") for data in data_list]
        tickets = self.env["helpdesk.ticket"]._browse_existing(filter(None, ticket_ids))
        tickets._ensure_not_archived(self.env._("patient data"))
        # sudo: a patient counts for those who do not see it as well.
        known = self.sudo().search([("ticket_id", "in", tickets.ids)])
        if known:
            raise UserError(
                self.env._(
                    "Ticket %s has a patient already. Complete the data that are there.",
                    ", ".join(known.ticket_id.mapped("number")),
                )
            )
        return super()._create(data_list)

    def write(self, vals):
        self._ensure_may_change(vals)
        result = super().write(vals)
        # At once: who archives the ticket next, in the same transaction, archives what is here.
        self.flush_recordset()
        return result

    def _write_multi(self, vals_list):
        """Refuse it below ``write`` as well, where the code of a server action also reaches."""
        for patient, vals in zip(self, vals_list, strict=True):
            patient._ensure_may_change(vals)
        return super()._write_multi(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_ticket(self):
        raise UserError(
            self.env._(
                "The patient of a ticket is deleted with the ticket alone. The privacy officer"
                " erases a person's data on lawful demand."
            )
        )

    # ------------------------------------------------------------ guards

    def _ensure_may_change(self, vals):
        if not self or not vals.keys() - set(MAGIC_COLUMNS):
            return
        # sudo: frozen for those who do not see the ticket as well.
        tickets = self.sudo().ticket_id
        tickets._ensure_not_archived(self.env._("patient data"))
        if "ticket_id" in vals and {vals["ticket_id"]} != set(tickets.ids):
            raise UserError(
                self.env._(
                    "A patient stays with the ticket. Enter the data anew at the other ticket."
                )
            )

    # ------------------------------------------------------------ leak test

    def _prepare_sensitive_example_vals(self):
        """A ticket of its own; asked by the leak tests, which fill every sensitive model once."""
        ticket = self.env["helpdesk.ticket"].create({"name": "Example", "description": "Example"})
        return {"ticket_id": ticket.id}
