from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools import ormcache

_COMPANY = "company_id"


class Base(models.AbstractModel):
    """Nobody gives a record of the role matrix to a company that is not theirs.

    Record rules are asked before a write and after a creation: a write that changes the company
    itself would pass them.
    """

    _inherit = "base"

    def write(self, vals):
        result = super().write(vals)
        if not self.env.su and not vals.keys().isdisjoint(self._get_company_sources()):
            self._ensure_within_companies()
        return result

    @api.model
    @ormcache("self._name")
    def _get_company_sources(self):
        """Names of the fields whose change may give a record to another company."""
        field = self._fields.get(_COMPANY)
        if field is None or not field.store or field.comodel_name != "res.company":
            return frozenset()
        if self._name not in self.env["meddev.role.right"]._get_matrix():
            return frozenset()
        paths = self.pool.field_depends[field]
        return frozenset([_COMPANY, *(path.partition(".")[0] for path in paths)])

    def _ensure_within_companies(self):
        # sudo: the record may have left the reach of who wrote; only their own record is named.
        own = self.env.user.sudo().company_ids
        foreign = self.sudo().filtered(lambda record: record.company_id - own)  # sudo: as above
        if foreign:
            raise AccessError(
                self.env._(
                    "%(record)s would belong to a company that is not among yours. Choose one of"
                    " your companies.",
                    record=foreign[0].display_name,
                )
            )
