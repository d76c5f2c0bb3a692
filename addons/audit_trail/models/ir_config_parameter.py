from odoo import api, models
from odoo.exceptions import ValidationError

from ..tools import key_ring
from .announcement import KEY_PARAMETER, ring


class IrConfigParameter(models.Model):
    """The parameter that names the trail's secret: a wrong one would stop every tracked write."""

    _inherit = "ir.config_parameter"

    @api.constrains("key", "value")
    def _check_audit_trail_key(self):
        for parameter in self.filtered(lambda parameter: parameter.key == KEY_PARAMETER):
            try:
                ring().secret(parameter.value)
            except key_ring.KeyRingError as error:
                raise ValidationError(
                    self.env._(
                        "%(parameter)s: there is no secret %(value)s on this server. Begin a new"
                        " key under Settings → Audit Trail.",
                        parameter=KEY_PARAMETER,
                        value=parameter.value,
                    )
                ) from error

    def write(self, vals):
        if vals.get("key", KEY_PARAMETER) != KEY_PARAMETER:
            self._unlink_except_audit_trail_key()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_audit_trail_key(self):
        if KEY_PARAMETER in self.mapped("key"):
            raise ValidationError(
                self.env._(
                    "%s names the secret of the audit trail: it is neither deleted nor renamed."
                    " Begin a new key under Settings → Audit Trail.",
                    KEY_PARAMETER,
                )
            )
