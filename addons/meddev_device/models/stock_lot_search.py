from odoo import api, models
from odoo.fields import Domain

from ..tools.serial_number import normalise_serial


class StockLot(models.Model):
    """Finding a device by what a person types: what is typed in full goes first.

    Looking for a part of a serial among a million reads every serial that shares its trigrams.
    A whole serial, alias or UDI-DI is looked up by index, with what begins so; parts are looked
    for only when nothing is called like that.
    """

    _inherit = "stock.lot"

    # text_pattern_ops: in locales other than C only this serves both = and LIKE 'word%'.
    _medical_serial_index = models.Index(
        "(normalised_serial text_pattern_ops) WHERE normalised_serial IS NOT NULL"
    )

    # Lots that are no devices have no normalised serial; core has no index that begins with name.
    _name_index = models.Index("(name)")

    @api.model
    def _search_display_name(self, operator, value):
        if operator == "ilike" and isinstance(value, str) and (exact := self._find_exact(value)):
            return Domain.OR([exact, Domain("name", "=", value.strip())])
        return super()._search_display_name(operator, value)

    @api.model
    def _get_device_search_domain(self, operator, text):
        if operator == "ilike" and (exact := self._find_exact(text)):
            return exact
        return super()._get_device_search_domain(operator, text)

    @api.model
    def _find_exact(self, text):
        """Domain of the medical lots that ``text`` names in full, or None."""
        word = normalise_serial(text)
        if not word:
            return None
        named = self._get_device_search_domain("=", text)
        # sudo: only whether such a lot exists; the rules on lots apply to the search itself.
        if not self.sudo().search_count(named, limit=1):
            return None
        pattern = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        begins = Domain("normalised_serial", "=like", pattern) & Domain("is_medical", "=", True)
        return named | begins
