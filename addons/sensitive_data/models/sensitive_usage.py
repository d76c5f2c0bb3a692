from datetime import timedelta

from psycopg2.errors import ReadOnlySqlTransaction

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, ormcache

from odoo.addons.audit_trail.models.events import log_event, log_refusal

from .audit_trail_entry import KIND_ALERT

KEPT_DAYS = 90
ACTIVITIES = [
    ("read", "Reading"),
    ("lookup", "Searching"),
    ("reveal", "Revealing"),
    ("export", "Exporting"),
]


class SensitiveUsage(models.Model):
    """How many sensitive records a user read, searched, revealed or exported; one row per call.

    Rows are only added, so that two requests of one user never wait for each other.
    """

    _name = "sensitive.usage"
    _description = "Use of Sensitive Data"
    _order = "id desc"
    _log_access = False
    _allow_sudo_commands = False

    user_id = fields.Many2one("res.users", required=True, ondelete="cascade")
    activity = fields.Selection(ACTIVITIES, required=True)
    res_model = fields.Char(string="Model (Technical)", required=True)
    model_label = fields.Char(string="Kind of Record", compute="_compute_model_label")
    hour = fields.Datetime(required=True)
    count = fields.Integer(string="Records", required=True)

    _hour_index = models.Index("(user_id, activity, hour)")
    _old_index = models.Index("(hour)")

    @api.depends("res_model")
    @api.depends_context("lang")
    def _compute_model_label(self):
        for usage in self:
            # sudo: the label of a model is no secret.
            known = self.env["ir.model"].sudo()._get(usage.res_model)
            usage.model_label = known.name or usage.res_model

    @api.model
    def _count(self, activity, res_model, count):
        """Count records, and compare this hour's sum with the limits.

        :raise UserError: a limit refuses more.
        """
        if self.env.cr.readonly:
            # Odoo repeats the request in a transaction that may write.
            raise ReadOnlySqlTransaction("the use of sensitive data is counted")
        hour = fields.Datetime.now().replace(minute=0, second=0, microsecond=0)
        self.env.cr.execute(
            """
            INSERT INTO sensitive_usage (user_id, activity, res_model, hour, count)
                 VALUES (%s, %s, %s, %s, %s)
            """,
            [self.env.uid, activity, res_model, hour, count],
        )
        passed = [
            (limit, total)
            for limit in self.env["sensitive.usage.limit"]._get_limits()
            if limit["activity"] == activity
            and limit["model"] in (False, res_model)
            and (total := self._get_total(limit, hour)) > limit["records"]
        ]
        refusing = [(limit, total) for limit, total in passed if limit["is_refused"]]
        alerting = [(limit, total) for limit, total in passed if not limit["is_refused"]]
        if refusing:
            self._refuse(res_model, hour, refusing[0], alerting)
        for limit, total in alerting:
            self._alert(limit, hour, total)

    @api.model
    def _get_total(self, limit, hour):
        of_model = SQL("AND res_model = %s", limit["model"]) if limit["model"] else SQL()
        self.env.cr.execute(
            SQL(
                "SELECT SUM(count) FROM sensitive_usage"
                " WHERE user_id = %s AND activity = %s AND hour = %s %s",
                self.env.uid,
                limit["activity"],
                hour,
                of_model,
            )
        )
        (total,) = self.env.cr.fetchone()
        return total or 0

    @api.model
    def _refuse(self, res_model, hour, refusing, alerting):
        """Refuse, and tell so that it stays: the count goes with the transaction, as nothing was
        used, but that somebody tried, and the alerts, do not."""
        limit, total = refusing
        log_refusal(
            self.env,
            self.env[res_model],
            limit["activity"],
            by="limit",
            details={"limit": limit["name"], "records": total},
        )
        for alert_limit, alert_total in alerting:
            _alert_afterwards(self.env, alert_limit, hour, alert_total)
        raise UserError(
            self.env._(
                "You have used %(count)s sensitive records in this hour; %(limit)s are allowed."
                " Go on later, or ask an administrator to raise the limit “%(name)s”.",
                count=total,
                limit=limit["records"],
                name=limit["name"],
            )
        )

    @api.model
    def _alert(self, limit, hour, total):
        # sudo: the alert is about this user, not theirs to write.
        alerts = self.env["sensitive.usage.alert"].sudo()
        known = [
            ("user_id", "=", self.env.uid),
            ("limit_id", "=", limit["id"]),
            ("hour", "=", hour),
        ]
        if alerts.search_count(known, limit=1):
            return
        alerts._raise_alert(
            {"user_id": self.env.uid, "limit_id": limit["id"], "hour": hour, "count": total}
        )

    @api.autovacuum
    def _gc_old_usage(self):
        self.env.cr.execute(
            "DELETE FROM sensitive_usage WHERE hour < %s",
            [fields.Datetime.now() - timedelta(days=KEPT_DAYS)],
        )


def _alert_afterwards(env, limit, hour, total):
    """Alert in a transaction of its own, as soon as the present one ends, however it ends."""
    registry, uid = env.registry, env.uid

    def alert():
        with registry.cursor() as cr:
            api.Environment(cr, uid, {})["sensitive.usage"]._alert(limit, hour, total)

    env.cr.postrollback.add(alert)
    env.cr.postcommit.add(alert)


class SensitiveUsageLimit(models.Model):
    """How many sensitive records a user may use in an hour before auditors hear of it."""

    _name = "sensitive.usage.limit"
    _description = "Limit of the Use of Sensitive Data"
    _order = "activity, records"

    name = fields.Char(required=True, translate=True)
    activity = fields.Selection(ACTIVITIES, required=True)
    model_id = fields.Many2one(
        "ir.model", string="Only for", ondelete="cascade", help="Empty: all models together."
    )
    records = fields.Integer(string="Records per Hour", required=True)
    is_refused = fields.Boolean(
        string="Refuse More", help="Otherwise more is possible, and auditors see an alert."
    )
    source = fields.Char(help="The procedure or law that asks for it.")
    active = fields.Boolean(default=True)

    _records_positive = models.Constraint("CHECK (records > 0)", "A limit is at least one record.")

    @api.constrains("model_id")
    def _check_model_is_sensitive(self):
        for limit in self.filtered("model_id"):
            model = self.env.get(limit.model_id.model)
            if model is None or not hasattr(model, "reveal_sensitive_value"):
                raise ValidationError(
                    self.env._("%s has no sensitive fields.", limit.model_id.name)
                )

    @api.model
    @ormcache()
    def _get_limits(self):
        # sudo: limits hold for everybody. An archived one holds for nobody, whatever context the
        # first to ask has sent.
        limits = self.sudo().with_context(active_test=True)
        return [
            {
                "id": limit.id,
                "name": limit.name,
                "activity": limit.activity,
                "model": limit.model_id.model,
                "records": limit.records,
                "is_refused": limit.is_refused,
            }
            for limit in limits.search([])
        ]

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()


class SensitiveUsageAlert(models.Model):
    """A user used more sensitive records in one hour than a limit foresees; for auditors."""

    _name = "sensitive.usage.alert"
    _description = "Alert on the Use of Sensitive Data"
    _order = "id desc"
    _rec_name = "user_id"
    _allow_sudo_commands = False

    user_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="restrict")
    limit_id = fields.Many2one(
        "sensitive.usage.limit", required=True, readonly=True, ondelete="restrict"
    )
    activity = fields.Selection(related="limit_id.activity")
    hour = fields.Datetime(required=True, readonly=True)
    count = fields.Integer(string="Records at the Alert", readonly=True)
    state = fields.Selection(
        [("new", "New"), ("explained", "Explained"), ("incident", "Incident")],
        default="new",
        required=True,
    )
    explanation = fields.Text()

    _hour_unique = models.Constraint(
        "UNIQUE (user_id, limit_id, hour)", "One alert per user, limit and hour."
    )

    @api.constrains("state", "explanation")
    def _check_explanation(self):
        for alert in self:
            if alert.state != "new" and not (alert.explanation or "").strip():
                raise ValidationError(
                    self.env._("Write down what you found out before you close the alert.")
                )

    @api.model
    def _raise_alert(self, vals):
        alert = self.create(vals)
        log_event(
            self.env,
            KIND_ALERT,
            alert,
            details={"limit": alert.limit_id.name, "records": alert.count},
            name=alert.user_id.login,
        )
        return alert
