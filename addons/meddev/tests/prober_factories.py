"""Valid values of the models whose records a role may make, so that a right is really exercised.

``prepare(case, user, name)`` fills the required fields of a model; ``VALUES`` adds what cannot be
guessed. What is made must lie within the user's scope.
"""

from odoo import fields
from odoo.fields import Command

#: Cells of which a sound example takes a whole business process; the addons' own tests exercise
#: them, and here has_access is all that is asked. Model -> (operations, reason).
ONLY_ASKED = {
    "meddev.access.review.line": (("create", "unlink"), "listed by the button of the review"),
    "meddev.device.token": (("create", "write"), "drawn by chance, replaced by buttons"),
    "meddev.incoming.inspection": (("create", "write"), "needs a receipt of a supplier"),
    "meddev.incoming.inspection.line": (("create", "write", "unlink"), "needs a receipt"),
}


def _prepare_ticket(case, user):
    if user == case.integration:
        return {"partner_id": case.other_hospital.id}
    return {}


#: What cannot be guessed: model -> function of the test case and the user.
VALUES = {
    "electronic.signature.requirement": lambda case, user: {
        "model_id": case.env["ir.model"]._get_id("meddev.access.review"),
        "transition": next(iter(case.env["meddev.access.review"]._get_signature_transitions())),
        "group_ids": [Command.set(case.env.ref("base.group_system").ids)],
    },
    "helpdesk.ticket": _prepare_ticket,
    "meddev.code": lambda case, user: {"release_id": _make_release(case).id},
    "meddev.dealer.assignment": lambda case, user: {
        "dealer_id": case.rival.id,
        "facility_id": case.hospital.id,
        "date_from": "2020-01-01",
        "date_to": "2020-12-31",
    },
    "meddev.device.acceptance": lambda case, user: {"lot_id": case.device.id},
    "meddev.device.alias": lambda case, user: {"lot_id": case.device.id},
    "meddev.device.component": lambda case, user: {
        "lot_id": case.device.id,
        "product_id": case.product.id,
        "serial": f"PART-{next(case.numbers)}",
    },
    "meddev.device.firmware": lambda case, user: {"lot_id": case.device.id},
    "meddev.registration": lambda case, user: {"kind": "other"},
    "meddev.role.conflict": lambda case, user: {
        "group_id": case.env.ref("meddev_base.group_dispatcher").id,
        "other_group_id": case.env.ref("meddev_base.group_analyst").id,
    },
    "meddev.sla.step": lambda case, user: {
        "policy_id": _make_policy(case, user).id,
        "percent": 80,
    },
    "meddev.sla.target": lambda case, user: {
        "policy_id": _make_policy(case, user).id,
        "kind": "response",
        "hours": 4,
    },
    "meddev.supplier.paper": lambda case, user: {"partner_id": case.rival.id},
    "meddev.ticket.patient": lambda case, user: {
        "ticket_id": case._open_ticket(user_id=user.id).id,
        "patient_name": "张小三",
    },
    "product.product": lambda case, user: {"name": "Probe"},
    "product.template": lambda case, user: {"name": "Probe"},
    "res.partner": lambda case, user: {"name": "Probe"},
    "sensitive.export.request": lambda case, user: {
        "res_model": "res.partner",
        "field_names": "name",
        "row_count": 1,
    },
    "stock.move": lambda case, user: _prepare_places(case),
    "stock.picking": lambda case, user: _prepare_places(case),
}
#: What is changed where the first text field of the model is no free one.
CHANGES = {
    "audit.trail.rule": {"retention_months": 12},
    "electronic.signature.requirement": {"count": 2},
    "helpdesk.ticket": {"name": "Changed"},
    "meddev.access.review.line": {"remark": "Changed"},
    "meddev.device.firmware": {"note": "Changed"},
    "meddev.sla.step": {"percent": 90},
    "meddev.sla.target": {"hours": 5},
    "sensitive.export.request": {"reason": "Changed"},
    "stock.lot": {"note": "<p>Changed</p>"},
}


def prepare(case, user, name):
    """Values of a new record that ``user`` may make."""
    model = case.env[name]
    # Parents by delegation come into being with their child.
    parents = set(model._inherits.values())
    given = VALUES.get(name, lambda case, user: {})(case, user)
    return {
        field.name: _guess(case, field)
        for field in model._fields.values()
        if field.required and field.store and not field.compute and not field.default
        if field.type not in ("one2many", "many2many")
        if field.name not in given and field.name not in parents
    } | given


def _guess(case, field):
    number = next(case.numbers)
    if field.type == "many2one":
        return case._guess_target(field, case.company)
    if field.type == "selection":
        return field.get_values(case.env)[0]
    return {
        "char": f"ROW{number}",
        "text": f"Row {number}",
        "html": f"<p>Row {number}</p>",
        "date": fields.Date.to_date("2026-03-01"),
        "datetime": fields.Datetime.to_datetime("2026-03-01 08:00:00"),
        "boolean": False,
    }.get(field.type, number)


def _make_policy(case, user):
    # sudo: a draft to which the line is added; whose right is tried is the line's.
    policies = case.env["meddev.sla.policy"].sudo()
    return policies.create({"name": "Probe", "company_id": user.company_id.id})


def _make_release(case):
    """Of a list whose codes have any shape."""
    lists = case.env["meddev.code.system"]
    codes = lists.create({"name": "List", "code": f"PROBE{next(case.numbers)}"})
    return case.env["meddev.code.release"].create({"system_id": codes.id, "name": "1"})


def _prepare_places(case):
    place = case.env["stock.warehouse"].search([("company_id", "=", case.company.id)], limit=1)
    return {
        "picking_type_id": place.in_type_id.id,
        "location_id": place.lot_stock_id.id,
        "location_dest_id": place.lot_stock_id.id,
    }
