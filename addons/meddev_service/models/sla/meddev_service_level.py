from odoo import fields, models


class MeddevServiceLevel(models.Model):
    """What a customer may expect: the name that service policies are agreed for.

    A device, a place or a customer has one; what is nearest to the device counts. Contracts set it
    later.
    """

    _name = "meddev.service.level"
    _description = "Service Level"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="Under this code other systems know the level.")
    sequence = fields.Integer(default=10, help="The highest level comes first.")
    description = fields.Text(translate=True)
    active = fields.Boolean(default=True)

    _code_unique = models.UniqueIndex(
        "(code)", "There is already a service level with this code. Choose another code."
    )
