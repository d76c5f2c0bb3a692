from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from .argument import read_text
from .device_state import RECALL, STATE_RECALLED
from .guard import trusted
from .meddev_device_event import EVENT_RECALL, RECALL_ENDED, RECALL_STARTED


class StockLot(models.Model):
    """The recall of a batch (reagent, consumable): in use -> recalled -> in use.

    A device is recalled by its life cycle; a batch has none, and keeps its recall in two fields
    that only the methods of this file write. While it lasts the batch is not delivered to a
    customer; it may move inside and go back to its supplier.
    Rule: Regulations 739 Art. 67; ISO 13485:2016 8.3.
    """

    _inherit = "stock.lot"

    batch_recalled_at = fields.Datetime(
        string="Recalled At", readonly=True, copy=False, index="btree_not_null"
    )
    batch_recall_reason = fields.Char(string="Recall Reason", readonly=True, copy=False)
    can_be_batch_recalled = fields.Boolean(compute="_compute_batch_recall_buttons")
    can_batch_recall_be_ended = fields.Boolean(compute="_compute_batch_recall_buttons")

    @api.depends("is_medical", "is_device", "batch_recalled_at")
    @api.depends_context("uid")
    def _compute_batch_recall_buttons(self):
        may = self.has_access("write") and self._has_role_for(RECALL)
        for lot in self:
            is_batch = lot.is_medical and not lot.is_device
            lot.can_be_batch_recalled = may and is_batch and not lot.batch_recalled_at
            lot.can_batch_recall_be_ended = may and bool(lot.batch_recalled_at)

    @api.model
    def _search_is_recalled(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("device_state", "=", STATE_RECALLED) | Domain(
            "batch_recalled_at", "!=", False
        )

    def recall_batch(self, reason=None):
        """Put batches under recall: nobody uses them or delivers them to a customer.

        :param reason: why; required.
        :return: dictionary ``ids``, ``is_recalled``.
        :raise UserError: no batch of a medical product, recalled already, no reason, or not for
            this user.
        """
        reason = self._read_recall_reason(reason)
        self._ensure_batch_can_be_recalled()
        self._write_batch_recall(fields.Datetime.now(), reason, RECALL_STARTED)
        return {"ids": self.ids, "is_recalled": True}

    def end_batch_recall(self, reason=None):
        """End the recall of batches: they may be used and delivered again.

        :param reason: why; required.
        :return: dictionary ``ids``, ``is_recalled``.
        :raise UserError: not recalled, no reason, or not for this user.
        """
        reason = self._read_recall_reason(reason)
        self._ensure_batch_recall_can_end()
        self._write_batch_recall(False, reason, RECALL_ENDED)
        return {"ids": self.ids, "is_recalled": False}

    def action_recall_batch(self, reason=None):
        """Recall batches; asks for the reason."""
        if read_text(self.env, self.env._("Reason"), reason):
            return self.recall_batch(reason)
        self._ensure_batch_can_be_recalled()
        return self._ask_recall_reason(RECALL_STARTED, self.env._("Recall"))

    def action_end_batch_recall(self, reason=None):
        """End the recall of batches; asks for the reason."""
        if read_text(self.env, self.env._("Reason"), reason):
            return self.end_batch_recall(reason)
        self._ensure_batch_recall_can_end()
        return self._ask_recall_reason(RECALL_ENDED, self.env._("End the Recall"))

    def _ensure_batch_can_be_recalled(self):
        self._ensure_may_recall()
        if others := self.filtered(lambda lot: lot.is_device or not lot.is_medical):
            raise ValidationError(
                self.env._(
                    "%s: this is no batch. A batch is a lot number of a product that is flagged"
                    " as a medical device; a device is recalled with its own button.",
                    ", ".join(others[:5].mapped("display_name")),
                )
            )
        if recalled := self.filtered("batch_recalled_at"):
            raise UserError(
                self.env._(
                    "%s is under recall already.", ", ".join(recalled[:5].mapped("display_name"))
                )
            )

    def _ensure_batch_recall_can_end(self):
        self._ensure_may_recall()
        if others := self.filtered(lambda lot: not lot.batch_recalled_at):
            raise UserError(
                self.env._(
                    "%s is not under recall: there is nothing to end.",
                    ", ".join(others[:5].mapped("display_name")),
                )
            )

    def _ensure_may_recall(self):
        self.check_access("write")
        if not self._has_role_for(RECALL):
            raise UserError(
                self.env._(
                    "Recalling a batch, and ending its recall, is for: %s.",
                    self._get_role_names(RECALL),
                )
            )

    def _read_recall_reason(self, reason):
        reason = read_text(self.env, self.env._("Reason"), reason)
        if not reason:
            raise UserError(
                self.env._(
                    "Say why the batch is recalled, or why its recall ends. Use the button on the"
                    " batch and enter a reason."
                )
            )
        return reason

    def _write_batch_recall(self, moment, reason, step):
        self.lock_for_update(allow_referencing=True)
        trusted(self).write({"batch_recalled_at": moment, "batch_recall_reason": moment and reason})
        self._log_device_events(
            [
                {
                    "lot_id": lot.id,
                    "kind": EVENT_RECALL,
                    "summary": reason,
                    "data": {"step": step},
                }
                for lot in self
            ]
        )

    def _ask_recall_reason(self, step, title):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "meddev.device.transition",
            "view_mode": "form",
            "target": "new",
            "context": {"default_lot_ids": self.ids, "default_recall_step": step},
        }
