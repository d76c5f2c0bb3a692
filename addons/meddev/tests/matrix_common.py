"""A world in which every record rule makes a difference, and one user per role to try it.

``MatrixCase`` adds to ``StatementCase``: a second company with a row of every model that belongs to
companies, a user of the integration, and ``cast`` (name -> user), one per role and user type, and
people who hold two roles each.
"""

from itertools import count

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user
from odoo.tools import SQL, sql

from .statements_common import StatementCase

#: Columns that the generic rows below cannot guess, by table.
COLUMNS = {
    "audit_trail_export": lambda case: {"create_uid": 1},
    "meddev_dealer_assignment": lambda case: {
        "dealer_id": case.dealer.id,
        "facility_id": case.hospital.id,
    },
    "helpdesk_ticket": lambda case: {"received_at": "2026-03-01 08:00:00"},
    "meddev_ticket_patient": lambda case: {"ticket_id": case._open_ticket().id},
    "meddev_device_token": lambda case: {"state": "revoked"},
    "meddev_incoming_inspection": lambda case: {"state": "cancelled"},
    "electronic_signature_requirement": lambda case: {"count": 1},
    "sensitive_export_request": lambda case: {"state": "requested"},
}
STAFF = (
    "service_manager",
    "intake_agent",
    "dispatcher",
    "field_engineer",
    "parts_keeper",
    "quality_specialist",
    "knowledge_manager",
    "analyst",
    "compliance_auditor",
)
#: People with two roles have the sum of both and nothing more.
SUMS = (
    ("field_engineer", "analyst"),
    ("quality_specialist", "compliance_auditor"),
    ("dispatcher", "field_engineer"),
)


class MatrixCase(StatementCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.numbers = count(1)
        cls.company = cls.env.company
        cls.other_company = cls.env["res.company"].create({"name": "Second Company"})
        cls.integration = new_test_user(
            cls.env,
            "matrix_integration",
            "meddev_base.group_integration",
            integration_customer_ids=[Command.set(cls.other_hospital.ids)],
        )
        cls.env["meddev.dealer.assignment"].create(
            {
                "dealer_id": cls.dealer.id,
                "facility_id": cls.campus.id,
                "date_from": fields.Date.to_date("2026-01-01"),
            }
        )
        cls._assign(cls.rival, facility_id=cls.other_hospital.id)
        for user in (cls.engineer, cls.employee):
            cls.env["audit.trail.reason"].with_user(user).create(
                {"res_model": "res.partner", "res_ids": [1], "reason": "Because"}
            )
        cls.env["sensitive.export.request"].with_user(cls.engineer).create(
            {"res_model": "res.partner", "row_count": 1, "field_names": "name", "reason": "Why"}
        )
        cls.cast = {role: cls.users[role] for role in STAFF} | {
            "employee": cls.employee,
            "administrator": cls.administrator,
            "hospital": cls.portal_hospital,
            "dealer": cls.portal_dealer,
            "integration": cls.integration,
        }
        for roles in SUMS:
            groups = ",".join(f"meddev_base.group_{role}" for role in roles)
            name = "_and_".join(roles)
            cls.cast[name] = new_test_user(cls.env, f"matrix_{name}", groups)
        cls.people = cls.env["res.users"].union(*cls.cast.values())
        cls._place_tickets()
        cls._fill_companies()
        cls.env.flush_all()
        cls.env.invalidate_all()
        cls.check = cls.env["meddev.role.check"]
        cls.rights = cls.env["meddev.role.right"]

    @classmethod
    def _place_tickets(cls):
        """Tickets of every kind that a scope tells apart."""
        tickets = cls.env["helpdesk.ticket"]
        for place, engineer, team in (
            (cls.device, cls.engineer, cls.north),
            (cls.device, cls.colleague, cls.north),
            (cls.near_device, None, cls.north),
            (cls.near_device, cls.stranger, cls.south),
            (cls.far_device, None, cls.south),
            (cls.far_device, cls.engineer, None),
        ):
            ticket = cls._open_ticket(place)
            ticket.write({"user_id": engineer and engineer.id, "team_id": team and team.id})
        free = cls._open_ticket(cls.far_device)
        free.with_user(cls.users["dispatcher"]).move_to("dispatched")
        cls._open_ticket(partner_id=cls.dealer_contact.id)
        reported = cls._open_ticket(partner_id=cls.employee.partner_id.id)
        followed = cls._open_ticket()
        followed.message_subscribe(cls.users["analyst"].partner_id.ids)
        followed.message_subscribe(cls.employee.partner_id.ids)
        (tickets | reported).flush_recordset()
        cls.env["meddev.ticket.patient"].create(
            [
                {"ticket_id": ticket.id, "patient_name": "张小三"}
                for ticket in tickets.search(
                    [("patient_ids", "=", False), ("service_state", "!=", "archived")]
                )
            ]
        )

    # One row per model and company

    @classmethod
    def _fill_companies(cls):
        """Rows of both companies wherever a model belongs to companies, written past the ORM.

        The rules are what is tried here; how such a row comes into being, the addons test.
        """
        for name in sorted(cls.env["meddev.role.right"]._get_matrix()):
            model = cls.env.get(name)
            if model is None or model._abstract or model._transient:
                continue
            column = model._fields.get("company_id")
            if column is None or not column.store or name == "audit.trail.entry":
                # The trail fills itself with what is written here.
                continue
            if sql.table_kind(cls.env.cr, model._table) != sql.TableKind.Regular:
                continue
            for company in (cls.company, cls.other_company):
                cls._insert_row(model, company)
        # Of no company, but read by those alone who are of all.
        cls._insert_row(cls.env["audit.trail.export"], cls.company)

    @classmethod
    def _insert_row(cls, model, company):
        vals = cls._guess_row(model, company)
        cls.env.cr.execute(
            SQL(
                "INSERT INTO %s (%s) VALUES %s RETURNING id",
                SQL.identifier(model._table),
                SQL(", ").join(map(SQL.identifier, vals)),
                tuple(vals.values()),
            )
        )
        return cls.env.cr.fetchone()[0]

    @classmethod
    def _guess_row(cls, model, company):
        cls.env.cr.execute(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_name = %s AND (is_nullable = 'NO' OR column_name = 'company_id')"
            "   AND column_default IS NULL",
            [model._table],
        )
        vals = {
            name: cls._guess_value(model._fields.get(name), kind, company)
            for name, kind in cls.env.cr.fetchall()
        }
        return vals | COLUMNS.get(model._table, lambda case: {})(cls)

    @classmethod
    def _guess_value(cls, field, kind, company):
        number = next(cls.numbers)
        if field is not None and field.type == "many2one":
            return cls._guess_target(field, company)
        if field is not None and field.type == "selection":
            return field.get_values(cls.env)[0]
        if kind in ("integer", "numeric", "double precision", "bigint"):
            return number
        if kind == "boolean":
            return False
        if kind == "jsonb":
            return f'{{"en_US": "Row {number}"}}'
        if kind == "date":
            return fields.Date.to_date("2026-03-01")
        if kind.startswith("timestamp"):
            return fields.Datetime.to_datetime("2026-03-01 08:00:00")
        return f"ROW{number}"

    @classmethod
    def _guess_target(cls, field, company):
        if field.comodel_name == "res.company":
            return company.id
        target = cls.env[field.comodel_name].sudo().with_context(active_test=False)
        domain = [("company_id", "=", company.id)] if "company_id" in target._fields else []
        found = (
            target.search(domain, limit=1)
            if domain and target._fields["company_id"].store
            else None
        )
        found = found or target.search([], limit=1)
        return found.id or cls._insert_row(target, company)
