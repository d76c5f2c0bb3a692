"""What the statements on who may do what share.

``StatementCase`` adds to ``MeddevBaseCommon``: a second department ``neighbour`` in the same
campus and a second dealer ``rival``, each with its contact and portal user; a portal user of
``other_hospital``; ``engineer`` in the team ``north``, ``colleague`` in the same team and
``stranger`` in ``south``; one device and one ticket per place (``device`` and ``ticket`` in
``department``, ``near_…`` in ``neighbour``, ``far_…`` in ``other_hospital``).
"""

from contextlib import contextmanager

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user
from odoo.tools import SQL, mute_logger

from odoo.addons.meddev_base.tests.common import MeddevBaseCommon

REFUSALS = (
    "odoo.addons.base.models.ir_model",
    "odoo.addons.base.models.ir_rule",
    "odoo.models",
    "odoo.orm.models",
)


class Refusals:
    """Both halves of a refusal: the error, and that nothing is changed by the attempt."""

    @contextmanager
    def _request_of(self, user):
        """Until the end of the block the transaction is one that ``user`` began.

        In life it always is: core falls back to that user where it drops sudo, as for commands on
        users and groups, and in a test that would be the superuser.
        """
        transaction = self.env.transaction
        before = transaction.default_env
        transaction.default_env = self.env(user=user)
        try:
            yield
        finally:
            transaction.default_env = before

    def _get_rows(self, records):
        self.env.flush_all()
        table = SQL.identifier(records._table)
        query = SQL("SELECT to_jsonb(t) FROM %s t WHERE id IN %s", table, tuple(records.ids))
        return sorted((row for (row,) in self.env.execute_query(query)), key=lambda row: row["id"])

    def assert_refused(self, user, records, attempt, error=AccessError):
        """``attempt(records)`` as ``user`` ends in exactly ``error``; the rows stay as they are.

        An ``AccessError`` is a ``UserError`` as well: which of them it is says who refused.
        """
        before = self._get_rows(records)
        self.assertTrue(before)
        with (
            self.assertRaises(error, msg=user.login) as caught,
            self._request_of(user),
            mute_logger(*REFUSALS),
        ):
            attempt(records.with_user(user))
            self.env.flush_all()
        self.assertIs(type(caught.exception), error, caught.exception)
        self.assertEqual(self._get_rows(records), before)

    def assert_none_made(self, user, model, vals, error=AccessError):
        """``user`` makes no record of ``model``, and there is none more afterwards."""
        # sudo: what there is, whoever may see it.
        everything = self.env[model].sudo().with_context(active_test=False)
        before = everything.search_count([])
        with (
            self.assertRaises(error, msg=user.login) as caught,
            self._request_of(user),
            mute_logger(*REFUSALS),
        ):
            self.env[model].with_user(user).create(vals)
        self.assertIs(type(caught.exception), error, caught.exception)
        self.assertEqual(everything.search_count([]), before)

    def assert_unreadable(self, user, records):
        """Neither found nor read by id, archived ones included."""
        hidden = records.with_user(user).with_context(active_test=False)
        with mute_logger(*REFUSALS):
            if hidden.browse().has_access("read"):
                self.assertFalse(hidden.search([("id", "in", hidden.ids)]), user.login)
            for record in hidden:
                self.env.invalidate_all()
                with self.assertRaises(AccessError, msg=user.login):
                    record.read(["display_name"])

    def assert_reads(self, user, records, expected):
        """Of ``records`` the user finds, and reads by id, exactly ``expected``."""
        self.env.invalidate_all()
        found = records.with_user(user).search([("id", "in", records.ids)])
        self.assertEqual(set(found.ids), set(expected.ids), user.login)
        expected.with_user(user).read(["display_name"])
        if hidden := records - expected:
            self.assert_unreadable(user, hidden)


class StatementCase(Refusals, MeddevBaseCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.neighbour = cls._create_partner("Cardiology", "department", cls.campus)
        cls.near_contact = cls._create_partner("Ma Li", parent=cls.neighbour)
        cls.portal_neighbour = cls._create_portal_user(cls.near_contact, "hospital")
        cls.far_contact = cls._create_partner("Sun Bo", parent=cls.other_hospital)
        cls.portal_far = cls._create_portal_user(cls.far_contact, "hospital")
        cls.rival = cls.env["res.partner"].create(
            {"name": "Huatai", "is_company": True, "is_dealer": True}
        )
        cls.rival_contact = cls._create_partner("Guo Min", parent=cls.rival)
        cls.portal_rival = cls._create_portal_user(cls.rival_contact, "dealer")
        cls.engineer = cls.users["field_engineer"]
        cls.colleague, cls.stranger = (
            new_test_user(cls.env, f"engineer_{name}", "meddev_base.group_field_engineer")
            for name in ("colleague", "stranger")
        )
        teams = cls.env["helpdesk.ticket.team"]
        members = cls.engineer | cls.colleague
        cls.north = teams.create({"name": "North", "user_ids": [Command.set(members.ids)]})
        cls.south = teams.create({"name": "South", "user_ids": [Command.set(cls.stranger.ids)]})
        cls._set_up_devices()
        cls.ticket, cls.near_ticket, cls.far_ticket = (
            cls._open_ticket(device) for device in cls.devices
        )
        cls.tickets = cls.ticket | cls.near_ticket | cls.far_ticket

    @classmethod
    def _set_up_devices(cls):
        cls.product = cls.env["product.product"].create(
            {
                "name": "Ventilator V60",
                "is_storable": True,
                "tracking": "serial",
                "is_medical_device": True,
            }
        )
        cls.device = cls._enter_device(
            "ST-0001", customer_id=cls.hospital.id, department_id=cls.department.id
        )
        cls.near_device = cls._enter_device(
            "ST-0002", customer_id=cls.hospital.id, department_id=cls.neighbour.id
        )
        cls.far_device = cls._enter_device("ST-0003", customer_id=cls.other_hospital.id)
        cls.devices = cls.device | cls.near_device | cls.far_device

    @classmethod
    def _enter_device(cls, serial, **vals):
        """A device that was sold before go-live; legal in every state but the shelf's."""
        return cls.env["stock.lot"].create(
            {
                "name": serial,
                "product_id": cls.product.id,
                "origin": "legacy",
                "device_state": "in_service",
                **vals,
            }
        )

    @classmethod
    def _open_ticket(cls, device=None, **vals):
        """A received ticket that is assigned to nobody."""
        return cls.env["helpdesk.ticket"].create(
            {
                "name": "Alarm does not stop",
                "description": "<p>Red light.</p>",
                "lot_id": device and device.id,
                "user_id": False,
                **vals,
            }
        )

    @classmethod
    def _assign(cls, dealer, **vals):
        """A dealer serves a facility or a device, from the beginning of 2026 on."""
        return cls.env["meddev.dealer.assignment"].create(
            {"dealer_id": dealer.id, "date_from": fields.Date.to_date("2026-01-01"), **vals}
        )

    def _dispatch(self, ticket, engineer=None, team=None):
        """The dispatcher hands a ticket to an engineer, or to a team."""
        ticket = ticket.with_user(self.users["dispatcher"])
        ticket.write({"team_id": team and team.id, "user_id": engineer and engineer.id})
        ticket.move_to("dispatched")
        return ticket.with_env(self.env)
