from odoo import models
from odoo.exceptions import AccessError


class IrBinary(models.AbstractModel):
    _inherit = "ir.binary"

    def _find_record(
        self,
        xmlid=None,
        res_model="ir.attachment",
        res_id=None,
        access_token=None,
        field=None,
    ):
        """As core, and to who is logged in the file of a ticket is as open as the ticket.

        Whoever reads the ticket needs no token, and nobody else is helped by one.
        """
        if res_model == "ir.attachment" and not xmlid and not self.env.user._is_public():
            file = self.env[res_model].browse(res_id or []).exists()
            # sudo: where it lies; a file behind a field of the ticket is the field's.
            if file and file._is_of_ticket() and not file.sudo().res_field:
                if not file._is_open_to_login():
                    raise AccessError(
                        self.env._(
                            "This file belongs to a ticket that you may not read. Log in as"
                            " somebody who may, or ask for a role that does."
                        )
                    )
                return file.sudo()  # sudo: the ticket was asked just above
        return super()._find_record(
            xmlid=xmlid,
            res_model=res_model,
            res_id=res_id,
            access_token=access_token,
            field=field,
        )
