from odoo.tests import tagged

from .common import TicketCommon


@tagged("post_install", "-at_install")
class TestTicketDevice(TicketCommon):
    """What the timelines tell when the device of a ticket is found or corrected later."""

    def _get_titles(self, device, ticket):
        events = self.env["meddev.device.event"].search(
            [("lot_id", "=", device.id), ("res_id", "=", ticket.id), ("kind", "=", "ticket")],
            order="id",
        )
        return events.mapped("title"), events.mapped("summary")

    def test_device_found_later_knows_the_ticket(self):
        ticket = self._open(lot_id=False, partner_id=self.hospital.id)
        self.assertEqual(self._get_titles(self.device, ticket), ([], []))
        ticket.with_user(self.intake).lot_id = self.device
        self.assertEqual(
            self._get_titles(self.device, ticket),
            (
                [f"Ticket · {ticket.number} · Assigned to this device · Received"],
                ["Alarm does not stop"],
            ),
        )

    def test_corrected_device_is_told_to_both(self):
        """Given a ticket on the wrong device / when it is corrected / then the first keeps what it
        was told, and learns that it was a mistake."""
        ticket = self._bring_to("in_progress")
        told, _summaries = self._get_titles(self.device, ticket)
        ticket.with_user(self.engineer).lot_id = self.ward_device
        titles, summaries = self._get_titles(self.device, ticket)
        self.assertEqual(titles, [*told, f"Ticket · {ticket.number} · Recorded here by mistake"])
        self.assertEqual(summaries[-1], "Alarm does not stop")
        titles, _summaries = self._get_titles(self.ward_device, ticket)
        self.assertEqual(
            titles, [f"Ticket · {ticket.number} · Assigned to this device · In Progress"]
        )
        ticket.with_user(self.engineer).write({"lot_id": self.ward_device.id, "color": 3})
        self.assertEqual(self._get_titles(self.ward_device, ticket)[0], titles)
        ticket.with_user(self.engineer).lot_id = False
        self.assertIn("mistake", self._get_titles(self.ward_device, ticket)[0][-1])
