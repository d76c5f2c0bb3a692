from odoo import api, fields, models
from odoo.exceptions import UserError

CAUSE_TECHNICAL = "technical"
CAUSE_MERGE = "partner_merge"
PART_TICKET = "ticket"
PART_MESSAGE = "message"
PART_ATTACHMENT = "attachment"
PART_PATIENT = "patient"
PART_MODELS = {
    PART_TICKET: "helpdesk.ticket",
    PART_MESSAGE: "mail.message",
    PART_ATTACHMENT: "ir.attachment",
    PART_PATIENT: "meddev.ticket.patient",
}
# Columns of an attachment that say where its content lies and how it is found, not what it is.
_STORAGE_COLUMNS = ("access_token", "db_datas", "file_size", "index_content", "store_fname")


def set_cause(env, cause, user=None):
    """Name what the next statements of this transaction are; empty ends it.

    PostgreSQL knows neither cause nor person. Not a method: nobody calls it from outside.
    """
    env.cr.execute(
        "SELECT set_config('meddev.cause', %s, true), set_config('meddev.uid', %s, true)",
        (cause or "", str(user.id) if user else ""),
    )


_TRIGGERS = f"""
CREATE OR REPLACE FUNCTION meddev_ticket_amend(
    ticket_id int, company_id int, uid int, part text, part_id int, old_row jsonb, new_row jsonb
) RETURNS void AS $$
    INSERT INTO meddev_ticket_amendment
           (ticket_id, recorded_at, user_id, cause, part, part_id, is_deletion, changes, company_id)
    SELECT ticket_id, now() AT TIME ZONE 'UTC',
           COALESCE(NULLIF(current_setting('meddev.uid', true), '')::int, uid),
           COALESCE(NULLIF(current_setting('meddev.cause', true), ''), '{CAUSE_TECHNICAL}'),
           part, part_id, new_row IS NULL,
           jsonb_object_agg(o.key, jsonb_build_array(o.value, new_row -> o.key)), company_id
      FROM jsonb_each(old_row) o
     WHERE o.value IS DISTINCT FROM (new_row -> o.key)
       AND o.key NOT IN ('write_date', 'write_uid')
    HAVING count(*) > 0
$$ LANGUAGE sql;

CREATE OR REPLACE FUNCTION meddev_ticket_record_amendment() RETURNS trigger AS $$
BEGIN
    PERFORM meddev_ticket_amend(OLD.id, OLD.company_id, NEW.write_uid, '{PART_TICKET}', NULL,
                                to_jsonb(OLD), to_jsonb(NEW));
    RETURN NULL;
END $$ LANGUAGE plpgsql;
DROP TRIGGER IF EXISTS meddev_ticket_amendment ON helpdesk_ticket;
CREATE TRIGGER meddev_ticket_amendment AFTER UPDATE ON helpdesk_ticket
    FOR EACH ROW WHEN (OLD.service_state = 'archived')
    EXECUTE FUNCTION meddev_ticket_record_amendment();

CREATE OR REPLACE FUNCTION meddev_ticket_record_part_amendment() RETURNS trigger AS $$
DECLARE
    uid int;
    old_row jsonb := to_jsonb(OLD) - TG_ARGV[1]::text[];
    new_row jsonb;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        uid := NEW.write_uid;
        new_row := to_jsonb(NEW) - TG_ARGV[1]::text[];
    END IF;
    PERFORM meddev_ticket_amend(ticket.id, ticket.company_id, uid, TG_ARGV[0], OLD.id,
                                old_row, new_row)
       FROM helpdesk_ticket ticket
      WHERE ticket.id = OLD.res_id AND ticket.service_state = 'archived';
    RETURN NULL;
END $$ LANGUAGE plpgsql;
DROP TRIGGER IF EXISTS meddev_ticket_amendment ON mail_message;
CREATE TRIGGER meddev_ticket_amendment AFTER UPDATE OR DELETE ON mail_message
    FOR EACH ROW WHEN (OLD.model = 'helpdesk.ticket')
    EXECUTE FUNCTION meddev_ticket_record_part_amendment('{PART_MESSAGE}', '{{}}');
DROP TRIGGER IF EXISTS meddev_ticket_amendment ON ir_attachment;
CREATE TRIGGER meddev_ticket_amendment AFTER UPDATE OR DELETE ON ir_attachment
    FOR EACH ROW WHEN (OLD.res_model = 'helpdesk.ticket')
    EXECUTE FUNCTION meddev_ticket_record_part_amendment(
        '{PART_ATTACHMENT}', '{{{",".join(_STORAGE_COLUMNS)}}}');
"""


class MeddevTicketAmendment(models.Model):
    """One change of an archived ticket, of a message, an attachment or the patient of it: by the
    system, an upgrade, a partner merge, or somebody who went round Odoo.

    Triggers of PostgreSQL write it, so that changes by plain SQL are recorded as well.
    Rule: ISO 13485:2016 4.2.5.
    """

    _name = "meddev.ticket.amendment"
    _description = "Change of an Archived Ticket"
    _order = "recorded_at desc, id desc"
    _rec_name = "ticket_id"
    _log_access = False

    ticket_id = fields.Many2one("helpdesk.ticket", required=True, index=True, ondelete="restrict")
    recorded_at = fields.Datetime("Recorded at", required=True)
    user_id = fields.Many2one("res.users", "By", ondelete="restrict")
    cause = fields.Selection(
        [(CAUSE_TECHNICAL, "Technical"), (CAUSE_MERGE, "Merged Contacts")], required=True
    )
    part = fields.Selection(
        [
            (PART_TICKET, "Ticket"),
            (PART_MESSAGE, "Message"),
            (PART_ATTACHMENT, "Attachment"),
            (PART_PATIENT, "Patient"),
        ],
        "Changed Record",
        required=True,
        default=PART_TICKET,
    )
    part_id = fields.Integer("Id of the Record", help="Empty for the ticket itself.")
    is_deletion = fields.Boolean("Deleted")
    changes = fields.Json(help="Old and new value by column.")
    summary = fields.Text("Columns", compute="_compute_summary")
    company_id = fields.Many2one("res.company", index=True)

    def init(self):
        # Text in plain SQL: a trigger cannot be declared through the ORM.
        self.env.cr.execute(_TRIGGERS)

    def _compute_summary(self):
        for amendment in self:
            known = self.env[PART_MODELS[amendment.part]]._fields
            labels = [
                known[name]._description_string(self.env) if name in known else name
                for name in sorted(amendment.changes or {})
            ]
            amendment.summary = ", ".join(labels)

    @api.model_create_multi
    def create(self, vals_list):
        raise UserError(self.env._("Changes of archived tickets are recorded by the database."))

    def _create(self, data_list):
        """Refuse it below ``create`` as well, where the code of a server action also reaches."""
        raise UserError(self.env._("Changes of archived tickets are recorded by the database."))

    def write(self, vals):
        raise UserError(self.env._("The record of changes is never changed."))

    def _write_multi(self, vals_list):
        raise UserError(self.env._("The record of changes is never changed."))

    def unlink(self):
        raise UserError(self.env._("The record of changes is never deleted."))
