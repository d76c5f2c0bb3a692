from odoo import api, fields, models
from odoo.exceptions import UserError

CAUSE_TECHNICAL = "technical"
CAUSE_MERGE = "partner_merge"

# Cause and person of a change that PostgreSQL cannot know; only for the running transaction.
_SET_CAUSE = "SELECT set_config('meddev.cause', %s, true), set_config('meddev.uid', %s, true)"


class MeddevTicketAmendment(models.Model):
    """One change of the row of an archived ticket: by the system, an upgrade, a partner merge.

    A trigger of PostgreSQL writes it, so that changes by plain SQL are recorded as well.
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
    changes = fields.Json(help="Old and new value by column.")
    summary = fields.Text("Columns", compute="_compute_summary")
    company_id = fields.Many2one("res.company", index=True)

    def init(self):
        # Text in plain SQL: a trigger cannot be declared through the ORM.
        self.env.cr.execute(
            """
            CREATE OR REPLACE FUNCTION meddev_ticket_record_amendment() RETURNS trigger AS $$
            BEGIN
                INSERT INTO meddev_ticket_amendment
                       (ticket_id, recorded_at, user_id, cause, changes, company_id)
                SELECT OLD.id, now() AT TIME ZONE 'UTC',
                       COALESCE(NULLIF(current_setting('meddev.uid', true), '')::int,
                                NEW.write_uid),
                       COALESCE(NULLIF(current_setting('meddev.cause', true), ''), 'technical'),
                       jsonb_object_agg(n.key, jsonb_build_array(o.value, n.value)),
                       OLD.company_id
                  FROM jsonb_each(to_jsonb(NEW)) n
             LEFT JOIN jsonb_each(to_jsonb(OLD)) o ON o.key = n.key
                 WHERE n.value IS DISTINCT FROM o.value
                   AND n.key NOT IN ('write_date', 'write_uid')
                HAVING count(*) > 0;
                RETURN NULL;
            END $$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS meddev_ticket_amendment ON helpdesk_ticket;
            CREATE TRIGGER meddev_ticket_amendment AFTER UPDATE ON helpdesk_ticket
                FOR EACH ROW WHEN (OLD.service_state = 'archived')
                EXECUTE FUNCTION meddev_ticket_record_amendment()
            """
        )

    def _compute_summary(self):
        tickets = self.env["helpdesk.ticket"]
        for amendment in self:
            labels = [
                tickets._fields[name]._description_string(self.env)
                if name in tickets._fields
                else name
                for name in sorted(amendment.changes or {})
            ]
            amendment.summary = ", ".join(labels)

    @api.model_create_multi
    def create(self, vals_list):
        raise UserError(self.env._("Changes of archived tickets are recorded by the database."))

    def write(self, vals):
        raise UserError(self.env._("The record of changes is never changed."))

    def unlink(self):
        raise UserError(self.env._("The record of changes is never deleted."))

    def _set_cause(self, cause, user=None):
        """Name what the next statements of this transaction are; empty ends it."""
        self.env.cr.execute(_SET_CAUSE, (cause or "", str(user.id) if user else ""))
