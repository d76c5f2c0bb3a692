from odoo.fields import Command
from odoo.tests import freeze_time

from .common import TicketCommon


class SlaCommon(TicketCommon):
    """A policy for every request, counted around the clock, and one for urgent ones in Chinese
    office hours; Monday 2 March 2026 08:00 UTC is 16:00 in Shanghai, 90 minutes before closing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["meddev.sla.policy"].search([("state", "=", "active")]).action_retire()
        cls.always = cls.env.ref("meddev_base.resource_calendar_always")
        cls.office = cls.env.ref("meddev_base.resource_calendar_cn")
        with freeze_time("2026-01-01 00:00:00"):
            cls.urgent = cls._new_policy("Urgent", 1, {"response": 1}, cls.office, min_priority="3")
            cls.general = cls._new_policy(
                "General", 50, {"response": 4, "on_site": 24, "resolution": 48}, cls.always
            )
            (cls.urgent | cls.general).action_activate()

    @classmethod
    def _new_policy(cls, name, sequence, targets, calendar, **vals):
        return cls.env["meddev.sla.policy"].create(
            {
                "name": name,
                "sequence": sequence,
                "company_id": False,
                "target_ids": [
                    Command.create({"kind": kind, "hours": hours, "calendar_id": calendar.id})
                    for kind, hours in targets.items()
                ],
                "step_ids": [
                    Command.create({"percent": 80, "tells_engineer": True}),
                    Command.create(
                        {
                            "percent": 100,
                            "tells_engineer": True,
                            "role_ids": [
                                Command.set([cls.env.ref("meddev_base.role_dispatcher").id])
                            ],
                        }
                    ),
                ],
                **vals,
            }
        )

    def _clock(self, ticket, kind):
        return ticket.sudo().sla_clock_ids.filtered(lambda row: row.kind == kind)

    def _open_at(self, moment, **vals):
        with freeze_time(moment):
            return self._open(**vals)

    def _move_at(self, moment, ticket, state, user=None, **values):
        with freeze_time(moment):
            ticket.with_user(user or self.engineer).move_to(state, **values)
            self.env.flush_all()

    def _in_progress_at(self, moment, ticket):
        with freeze_time(moment):
            return self._bring_to("in_progress", ticket)
