from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..tools.retention import (
    BASIS_EXPIRY,
    BASIS_PERMANENT,
    BASIS_PRODUCTION,
    BASIS_RECEIPT,
    BASIS_RECEIPT_NO_EXPIRY,
    BASIS_SERVICE_LIFE,
    GOODS_ANY,
    GOODS_IMPLANT,
    GOODS_OTHER,
    MAX_MONTHS,
    Rule,
)

#: A hundred years: more is a slip of the keyboard, or "for ever".
LONGEST_MONTHS = 1200


class MeddevRetentionRule(models.Model):
    """One period for which the law or a standard wants the records of goods to be kept.

    Rules are data with a source and a validity by day of receipt; the latest end of all rules
    that apply counts, and "for ever" beats them all. Switching one, or changing it, computes
    all devices, batches and inspection records anew, in a scheduled job.
    """

    _name = "meddev.retention.rule"
    _description = "Retention Rule"
    _order = "sequence, id"
    _rec_names_search = ["name", "code"]

    name = fields.Char(required=True, translate=True)
    code = fields.Char("Rule Code", required=True, index=True)
    jurisdiction = fields.Selection(
        [
            ("cn", "China"),
            ("us", "United States"),
            ("eu", "European Union"),
            ("international", "International Standard"),
        ],
        required=True,
        default="cn",
    )
    goods = fields.Selection(
        [
            (GOODS_ANY, "All Medical Products"),
            (GOODS_IMPLANT, "Implants"),
            (GOODS_OTHER, "All but Implants"),
        ],
        required=True,
        default=GOODS_ANY,
    )
    basis = fields.Selection(
        [
            (BASIS_PERMANENT, "For Ever"),
            (BASIS_EXPIRY, "After the Expiry Date"),
            (BASIS_RECEIPT, "After the Receipt"),
            (BASIS_RECEIPT_NO_EXPIRY, "After the Receipt, Where There Is No Expiry Date"),
            (BASIS_PRODUCTION, "After the Production"),
            (BASIS_SERVICE_LIFE, "After the Service Life"),
        ],
        string="Counts",
        required=True,
        help="Production stands for the maker's release; where it is not known, the receipt counts."
        " The service life is the product's, from production or receipt on.",
    )
    months = fields.Integer(help="How many months the records are kept after that.")
    valid_from = fields.Date(help="Applies to goods received from this day on.")
    valid_to = fields.Date("Valid Until", help="Applies to goods received up to this day.")
    legal_reference = fields.Char(required=True, translate=True)
    source_url = fields.Char("Source")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    _code_unique = models.UniqueIndex("(code)", "There is already a retention rule of this code.")

    @api.constrains("months")
    def _check_months_in_range(self):
        for rule in self:
            if not 0 <= rule.months <= LONGEST_MONTHS:
                raise ValidationError(
                    self.env._(
                        "%(name)s: records are kept between 0 and %(limit)s months. Correct the"
                        " Months; what is kept longer is kept For Ever.",
                        name=rule.name,
                        limit=LONGEST_MONTHS,
                    )
                )

    @api.constrains("valid_from", "valid_to")
    def _check_validity_in_order(self):
        for rule in self:
            if rule.valid_from and rule.valid_to and rule.valid_from > rule.valid_to:
                raise ValidationError(
                    self.env._(
                        "%(name)s: the rule ends before it begins. Correct Valid From or"
                        " Valid Until.",
                        name=rule.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        self._request_computation()
        return rules

    def write(self, vals):
        result = super().write(vals)
        if {"goods", "basis", "months", "valid_from", "valid_to", "active"} & vals.keys():
            self._request_computation()
        return result

    def unlink(self):
        result = super().unlink()
        self._request_computation()
        return result

    # Use

    @api.model
    def _get_rules(self):
        """The rules that are switched on, as ``tools.retention.Rule``."""
        # sudo: the law holds for every user's records, whoever may read its table. What is
        # switched off holds for none, whatever context a client sends.
        rules = self.sudo().with_context(active_test=True)
        return [
            Rule(
                rule.goods,
                rule.basis,
                rule.months,
                rule.valid_from or None,
                rule.valid_to or None,
            )
            for rule in rules.search([])
        ]

    @api.model
    def _get_sql(self, received, expires, produced, life, is_implant):
        """SQL expression for ``tools.retention.retain_until``; a test compares the two.

        :param received: SQL of the day of receipt, ``expires`` and ``produced`` likewise; ``life``
            of the service life in months, ``is_implant`` of a boolean.
        """
        produced = SQL("COALESCE(%s, %s)", produced, received)
        begins = {
            BASIS_EXPIRY: expires,
            BASIS_RECEIPT: received,
            BASIS_RECEIPT_NO_EXPIRY: SQL("CASE WHEN %s IS NULL THEN %s END", expires, received),
            BASIS_PRODUCTION: produced,
            BASIS_SERVICE_LIFE: SQL("CASE WHEN %s > 0 THEN %s END", life, produced),
        }
        # Added in one go: the last day of a month would be cut twice otherwise.
        more = {BASIS_SERVICE_LIFE: SQL("LEAST(%s, %s)", life, MAX_MONTHS)}
        ends = [
            SQL(
                "CASE WHEN %s THEN %s + (%s + %s) * interval '1 month' END",
                self._get_condition_sql(rule, received, is_implant),
                begins[rule.basis],
                rule.months,
                more.get(rule.basis, SQL("0")),
            )
            for rule in self._get_rules()
            if rule.basis != BASIS_PERMANENT
        ]
        # LEAST and GREATEST pass over NULL: the cap must not make an end where there is none.
        return SQL(
            """(
                SELECT CASE WHEN %(forever)s THEN NULL
                            WHEN latest.day > DATE '9999-12-31' THEN DATE '9999-12-31'
                            ELSE latest.day
                       END
                  FROM (VALUES (GREATEST(%(ends)s)::date)) AS latest (day)
            )""",
            forever=self._get_forever_sql(received, is_implant),
            ends=SQL(", ").join(ends or [SQL("NULL::timestamp")]),
        )

    @api.model
    def _get_forever_sql(self, received, is_implant):
        """Whether a rule keeps the goods for ever, as ``tools.retention.is_kept_forever`` says."""
        conditions = [
            self._get_condition_sql(rule, received, is_implant)
            for rule in self._get_rules()
            if rule.basis == BASIS_PERMANENT
        ]
        return SQL("(%s)", SQL(" OR ").join(conditions or [SQL("FALSE")]))

    @api.model
    def _get_condition_sql(self, rule, received, is_implant):
        """Whether ``rule`` applies, as ``tools.retention.applies`` says."""
        conditions = []
        if rule.goods != GOODS_ANY:
            wanted = rule.goods == GOODS_IMPLANT
            conditions.append(SQL("COALESCE(%s, FALSE) = %s", is_implant, wanted))
        if rule.valid_from:
            conditions.append(SQL("COALESCE(%s >= %s, TRUE)", received, rule.valid_from))
        if rule.valid_to:
            conditions.append(SQL("COALESCE(%s <= %s, FALSE)", received, rule.valid_to))
        return SQL(" AND ").join(conditions or [SQL("TRUE")])

    # Computation

    @api.model
    def _request_computation(self):
        """All lots and records anew, in a job of its own: there may be millions."""
        # sudo: who keeps the rules need not administer scheduled jobs.
        cron = self.env.ref("meddev_purchase.cron_apply_retention", raise_if_not_found=False)
        if cron:
            cron.sudo()._trigger()

    @api.model
    def _cron_apply_retention(self):
        """Compute all ends anew, batch by batch; what is right already is not written.

        A run that is stopped is made up for by the next one, which finds less to write.
        """
        templates = self.env["product.template"].with_context(active_test=False)
        medical = templates.search([("is_medical_device", "=", True)])
        jobs = self.env["ir.cron"]
        for model in ("stock.lot", "meddev.incoming.inspection.line"):
            for _ids in self.env[model]._iterate_filled_retention(medical):
                if not jobs._commit_progress(1, remaining=1):
                    return
        jobs._commit_progress(remaining=0)
