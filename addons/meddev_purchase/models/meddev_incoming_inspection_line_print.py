from odoo import fields, models


class MeddevIncomingInspectionLine(models.Model):
    """One row of the printed record."""

    _inherit = "meddev.incoming.inspection.line"

    def _prepare_print_vals(self, labels):
        """Texts of this line's row; asked once per line of a printed record.

        :param labels: words of ``result`` and ``decision`` in the reader's language.
        """
        self.ensure_one()
        makers = dict.fromkeys((self.holder_name, self.manufacturer_name))
        return {
            "name": self.device_name or "",
            "model": " / ".join(filter(None, (self.device_model, self.specification))),
            "registration": self.registration_number or "",
            "maker": "\n".join(filter(None, (*makers, self.manufacturer_licence))),
            "number": "\n".join(filter(None, self._get_print_numbers())),
            "produced": self.production_date,
            "expires": self.expiry_date,
            "life": self._get_service_life_text(),
            "quantity": f"{self.quantity:g}",
            "unit": self.product_uom_id.name,
            "result": "\n".join(filter(None, self._get_print_results(labels))),
        }

    def _get_print_numbers(self):
        # The batch of a serial's label stands beside it; a batch is its own number.
        batch = self.batch_number if self.batch_number != self.lot_name else False
        return (
            self.lot_name,
            batch and self.env._("Batch %s", batch),
            self.udi_di and f"UDI-DI {self.udi_di}",
        )

    def _get_print_results(self, labels):
        decision = self.decision and self.env._(
            "%(decision)s: %(reason)s (%(user)s, %(day)s)",
            decision=labels["decision"][self.decision],
            reason=self.decision_reason,
            user=self.decided_by_id.name,
            day=self.env["ir.qweb.field.date"].value_to_html(
                fields.Datetime.context_timestamp(self, self.decided_at).date(), {}
            ),
        )
        return (labels["result"][self.result], self.reason, decision)

    def _get_service_life_text(self):
        """The maker's expected service life, for goods that do not expire."""
        months = self.service_life_months
        if not months:
            return False
        if months % 12:
            return self.env._("%s months", months)
        return self.env._("%s years", months // 12)
