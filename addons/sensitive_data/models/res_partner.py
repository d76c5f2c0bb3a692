from odoo import models

from .export_session import current_session


class ResPartner(models.Model):
    """A card that leaves by an export carries its mark."""

    _inherit = "res.partner"

    def _build_vcard(self):
        vcard = super()._build_vcard()
        session = current_session(self.env)
        if vcard and session and (mark := session.get_watermark()):
            vcard.add("note").value = mark
        return vcard
