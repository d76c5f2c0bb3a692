from odoo import models
from odoo.exceptions import UserError

from .argument import ensure_single, read_text
from .device_state import ORIGIN_CORRECTION, ORIGIN_OWN_STOCK, ORIGINS
from .field_error import about
from .guard import is_trusted, trusted
from .meddev_device_event import EVENT_IDENTITY, EVENT_STOCK


class StockLot(models.Model):
    """How a device came to us, and what follows from it.

    The origin is said once, when the device is entered; after that the quality specialist alone
    corrects it, with a reason. It decides whether an acceptance date may be declared: devices
    that never were in our stock have only what people remember, ours have a signed acceptance.
    """

    _inherit = "stock.lot"

    def correct_origin(self, origin, reason=None):
        """Correct how devices came to us, when it was entered wrongly.

        :param origin: one of ``own_stock``, ``legacy``, ``third_party``.
        :param reason: why; required, and kept on the timeline.
        :return: dictionary ``ids``, ``origin``.
        :raise UserError: no such origin, no reason, not for this user, or a declared acceptance
            date that a device of our own stock cannot have.
        """
        self._ensure_may_correct_origin()
        origin = read_text(self.env, self._get_label("origin"), origin)
        reason = read_text(self.env, self.env._("Reason"), reason)
        labels = dict(self._fields["origin"]._description_selection(self.env))
        if origin not in dict(ORIGINS):
            raise UserError(
                self.env._(
                    "There is no origin %(origin)s. Possible: %(origins)s.",
                    origin=origin or "–",
                    origins=self._describe_choices("origin"),
                )
            )
        if not reason:
            raise UserError(self.env._("Say why the origin is corrected."))
        devices = self.filtered(lambda device: device.origin != origin)
        if origin == ORIGIN_OWN_STOCK:
            devices._ensure_no_declared_acceptance()
        old = {device: labels.get(device.origin, "–") for device in devices}
        trusted(devices).write({"origin": origin})
        self._log_device_events(
            [
                {
                    "lot_id": device.id,
                    "kind": EVENT_IDENTITY,
                    "summary": f"{self._get_label('origin')}: {old[device]} → {labels[origin]}"
                    f" · {reason}",
                    "data": {"origin": [old[device], labels[origin]]},
                }
                for device in devices
            ]
        )
        return {"ids": self.ids, "origin": origin}

    def action_correct_origin(self):
        """Ask for the right origin and the reason."""
        ensure_single(self)
        self._ensure_may_correct_origin()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Correct the Origin of %s", self.name),
            "res_model": "meddev.device.origin",
            "view_mode": "form",
            "target": "new",
            "context": {"default_lot_id": self.id},
        }

    def _ensure_may_correct_origin(self):
        self.check_access("write")
        self._ensure_devices()
        if not self._has_role_for(ORIGIN_CORRECTION):
            raise UserError(
                self.env._(
                    "Correcting the origin of a device is for: %s.",
                    self._get_role_names(ORIGIN_CORRECTION),
                )
            )

    def _ensure_no_declared_acceptance(self):
        declared = self.filtered(lambda device: device.acceptance_date and not device.acceptance_id)
        if declared:
            raise UserError(
                self.env._(
                    "%(device)s: %(field)s is declared, not signed. A device of our own stock has"
                    " a signed acceptance only: empty the date first.",
                    device=declared[0].display_name,
                    field=self._get_label("acceptance_date"),
                )
            )

    def _ensure_origin_stays(self, vals):
        """Asked before a write: no form, import or API rewrites how a device came to us."""
        if is_trusted(self) or "origin" not in vals:
            return
        if changed := self.filtered(lambda device: (device.origin or False) != vals["origin"]):
            raise about(UserError(changed[0]._describe_kept_origin()), "origin")

    def _describe_kept_origin(self):
        labels = dict(self._fields["origin"]._description_selection(self.env))
        return self.env._(
            "%(device)s: %(field)s is recorded as %(origin)s and stays. Leave it out, or let the"
            " quality specialist correct it with the button on the device.",
            device=self.name,
            field=self._get_label("origin"),
            origin=labels.get(self.origin, "–"),
        )

    def _needs_signed_acceptance(self):
        """Devices whose acceptance date nobody may declare: they are, or were, in our stock."""
        ours = self.filtered(lambda device: device.origin == ORIGIN_OWN_STOCK)
        # sudo: the stock's events count whatever company they have; only device ids are read.
        events = self.env["meddev.device.event"].sudo()
        moved = events._read_group(
            [("lot_id", "in", (self - ours).ids), ("kind", "=", EVENT_STOCK)], ["lot_id"]
        )
        return ours | self.browse(lot.id for (lot,) in moved)
