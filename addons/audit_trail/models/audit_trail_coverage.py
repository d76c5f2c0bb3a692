from odoo import fields, models, tools


class AuditTrailCoverage(models.Model):
    """Audit coverage: is a write known with who, when, what and, where demanded, why?

    The figure is the share of complete writes among all writes of tracked models.
    """

    _name = "audit.trail.coverage"
    _description = "Audit Coverage"
    _order = "occurred_at desc"
    _auto = False
    _log_access = False

    occurred_at = fields.Datetime(string="When", readonly=True)
    model_id = fields.Many2one("ir.model", string="Kind of Record", readonly=True)
    res_model = fields.Char(string="Model (Technical)", readonly=True)
    kind = fields.Char(readonly=True)
    channel = fields.Char(readonly=True)
    user_id = fields.Many2one("res.users", string="Who", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    complete_percent = fields.Float(string="Complete (%)", readonly=True, aggregator="avg")

    def init(self):
        tools.drop_view_if_exists(self.env.cr, self._table)
        self.env.cr.execute(
            """
            CREATE VIEW audit_trail_coverage AS
            SELECT entry.id, entry.occurred_at, model.id AS model_id, entry.res_model, entry.kind,
                   entry.channel, entry.user_id, entry.company_id,
                   CASE WHEN entry.digest IS NOT NULL AND entry.user_id IS NOT NULL
                             AND entry.changes IS NOT NULL
                             AND (entry.reason IS NOT NULL OR entry.reason_required IS NOT TRUE)
                        THEN 100.0 ELSE 0.0 END AS complete_percent
              FROM audit_trail_entry entry
         LEFT JOIN ir_model model ON model.model = entry.res_model
             WHERE entry.kind IN ('insert', 'update', 'delete', 'link', 'unlink')
            """
        )
