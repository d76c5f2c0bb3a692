from odoo import api, models
from odoo.tools import ormcache

#: All that a hospital's or dealer's portal user may read of a device, by any way.
PORTAL_FIELDS = {
    "id",
    "display_name",
    "create_date",
    "write_date",
    "name",
    "normalised_serial",
    "is_medical",
    "is_device",
    "product_id",
    "manufacturer_id",
    "company_id",
    "device_state",
    "customer_id",
    "department_id",
    "room_id",
    "place_id",
    "udi_di",
    "udi_issuer",
    "batch_number",
    "production_date",
    "expiry_date",
    "installation_date",
    "acceptance_date",
    "warranty_start",
    "warranty_end",
    "registration_status",
}


class StockLot(models.Model):
    """What other people and machines see of a device: scanner, label and portal."""

    _inherit = "stock.lot"

    _udi_carrier_index = models.Index("USING hash (udi_carrier) WHERE udi_carrier IS NOT NULL")

    # Portal

    @api.model
    def _get_portal_fields(self):
        """Names of the fields that portal users may read; addons add theirs with care."""
        if self.env.user.has_group("meddev_base.group_portal_dealer"):
            # Lists search through it, as their record rule does; a dealer reads own ones alone.
            return PORTAL_FIELDS | {"dealer_assignment_ids"}
        return PORTAL_FIELDS

    @api.model
    def _has_field_access(self, field, operation):
        # A positive list: record rules say which devices, this says what of them. Notes,
        # quantities, history and whatever an addon adds later stay inside.
        if not super()._has_field_access(field, operation):
            return False
        if self.env.su or self._is_for_staff():
            return True
        return operation == "read" and field.name in self._get_portal_fields()

    @api.model
    @ormcache("self.env.uid")
    def _is_for_staff(self):
        # Asked for every field of every device of a receipt: has_group takes four times as long.
        # What is remembered goes where groups change, as has_group's own memory does.
        return self.env.user.has_group("base.group_user")

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        # The chatter of a device is internal talk, even where it is no "internal note".
        if not self.env.user._is_internal():
            return dict.fromkeys(self, "write")
        return super()._mail_get_operation_for_mail_message_operation(message_operation)

    @api.model
    def _get_thread_with_access(self, thread_id, **kwargs):
        if not self.env.user._is_internal():
            return self.browse()
        return super()._get_thread_with_access(thread_id, **kwargs)

    # Label

    def action_print_label(self):
        """Print a label per device; a device without a token gets one."""
        self._get_label_tokens()
        return self.env.ref("meddev_device.device_label_report").report_action(self)

    def action_rotate_label(self):
        """Replace the token on the label: the old label may still report, until revoked."""
        self.check_access("write")
        self._rotate_tokens()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Print the new label and put it over the old one."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _get_label_tokens(self):
        """Map device -> active token, made where missing; asked by the label.

        :raise ValidationError: for lots that are no devices.
        """
        self._ensure_devices()
        tokens = self.env["meddev.device.token"].search(
            [("lot_id", "in", self.ids), ("state", "=", "active")]
        )
        if missing := self - tokens.lot_id:
            tokens |= missing._rotate_tokens()
        return {token.lot_id: token for token in tokens}

    def _get_label_url(self, token):
        """Address in the label's symbol; it tells nothing about the device."""
        self.ensure_one()
        return f"{self.get_base_url()}/meddev/d/{token.token}"
