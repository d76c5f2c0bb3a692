from odoo import fields, models


class MeddevRequestNature(models.Model):
    """What a request is about: fault, consultation, maintenance, parts, installation, …

    The main class of a ticket, and independent of what is wrong with the device: a complaint may
    be about its display, and so may a request for a part.
    """

    _name = "meddev.request.nature"
    _description = "Nature of Request"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="Under this code other systems name the nature.")
    sequence = fields.Integer(default=10)
    description = fields.Text(
        translate=True, help="What belongs here and what does not, in a sentence or two."
    )
    active = fields.Boolean(default=True)

    _code_unique = models.UniqueIndex(
        "(code)", "There is already a nature of request with this code. Choose another code."
    )
