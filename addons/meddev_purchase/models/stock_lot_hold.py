from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.meddev_device.models.argument import read_text
from odoo.addons.meddev_device.models.guard import without_defaults

from .guard import is_own_write, own_write
from .meddev_device_event import EVENT_RETENTION

HOLD_FIELDS = {"is_on_legal_hold", "legal_hold_reason"}


class StockLot(models.Model):
    """Legal hold: records that are kept beyond every period, until someone ends the hold.

    For a lawsuit, an inquiry of an authority, an investigation. Beats every retention rule.
    """

    _inherit = "stock.lot"

    is_on_legal_hold = fields.Boolean("On Legal Hold", readonly=True, copy=False)
    legal_hold_reason = fields.Char("Why on Hold", readonly=True, copy=False)

    _legal_hold_index = models.Index("(id) WHERE is_on_legal_hold")

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._ensure_hold_untouched({name for name, value in vals.items() if value})
        blank = without_defaults(self, HOLD_FIELDS)
        return super(StockLot, blank).create(vals_list).with_env(self.env)

    def write(self, vals):
        self._ensure_hold_untouched(vals.keys())
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_kept(self):
        today = fields.Date.context_today(self)
        for lot in self:
            if lot.is_on_legal_hold:
                raise UserError(
                    self.env._(
                        "%(lot)s is on legal hold (%(reason)s) and is kept until the hold ends.",
                        lot=lot.display_name,
                        reason=lot.legal_hold_reason,
                    )
                )
            if lot.receipt_id and (not lot.retain_until or lot.retain_until >= today):
                raise UserError(
                    self.env._(
                        "%(lot)s: its records are kept until %(day)s and cannot be deleted.",
                        lot=lot.display_name,
                        day=lot.retain_until or self.env._("for ever"),
                    )
                )

    def _ensure_hold_untouched(self, names):
        if HOLD_FIELDS & set(names) and not is_own_write(self):
            raise UserError(
                self.env._("A legal hold begins and ends with its buttons, with a reason each.")
            )

    def action_hold_records(self):
        """Ask why the records go on legal hold."""
        return self._get_hold_dialogue(self.env._("Legal Hold"))

    def action_release_records(self):
        """Ask why the legal hold ends."""
        return self._get_hold_dialogue(self.env._("End Legal Hold"), default_ends=True)

    def hold_records(self, reason):
        """Keep the records of these devices and batches beyond every period.

        :param reason: why; a text, required and kept.
        :return: ids of those that were not on hold yet.
        """
        return self._change_hold(True, reason)

    def release_records(self, reason):
        """End the legal hold; the retention rules count again.

        :param reason: why; a text, required and kept.
        :return: ids of those that were on hold.
        """
        return self._change_hold(False, reason)

    # Hold

    def _change_hold(self, is_held, reason):
        self._ensure_may_hold()
        reason = read_text(self.env, self.env._("Reason"), reason)
        if not reason:
            raise UserError(self.env._("Give the reason of the legal hold, or of its end."))
        self.check_access("read")
        lots = self.filtered(lambda lot: lot.is_medical and lot.is_on_legal_hold != is_held)
        # sudo: quality need not have the right to write devices; only the hold is written.
        own_write(lots.sudo()).write(
            {"is_on_legal_hold": is_held, "legal_hold_reason": is_held and reason}
        )
        lots._tell_hold(
            self.env._("Legal hold: %s", reason)
            if is_held
            else self.env._("Legal hold ended: %s", reason)
        )
        return lots.ids

    def _ensure_may_hold(self):
        if not self.env["meddev.role.right"]._may("approve", "meddev.legal.hold"):
            raise AccessError(
                self.env._(
                    "Only a quality specialist or a service manager puts records on legal hold."
                    " Ask one to."
                )
            )

    def _tell_hold(self, summary):
        devices = self.filtered("is_device")
        devices._log_device_events(
            [
                {"lot_id": device.id, "kind": EVENT_RETENTION, "summary": summary}
                for device in devices
            ]
        )
        for lot in self - devices:
            # sudo: see _change_hold; a batch has no timeline but its chatter.
            lot.sudo().message_post(body=summary, author_id=self.env.user.partner_id.id)

    def _get_hold_dialogue(self, name, **defaults):
        self._ensure_may_hold()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "meddev.legal.hold",
            "view_mode": "form",
            "target": "new",
            "context": {"default_lot_ids": self.ids, **defaults},
        }
