from odoo.tests import tagged

from ..models.ticket_state import TICKET_STATES
from .common import TicketCommon

STATES = [state for state, _label in TICKET_STATES]


@tagged("post_install", "-at_install")
class TestTicketOrder(TicketCommon):
    """States stand in the order of the life cycle: columns, groups and sorted lists."""

    def _columns(self, user, domain, **kw):
        """What the kanban asks for."""
        tickets = self.tickets.with_user(user).with_context(read_group_expand=True, lang=user.lang)
        groups = tickets.web_read_group(domain, ["service_state"], ["__count"], **kw)["groups"]
        return {group["service_state"]: group["__count"] for group in groups}

    def test_kanban_shows_all_six_columns_in_both_languages(self):
        """Given tickets in two states / when the board opens / then six columns stand in order."""
        self.env["res.lang"]._activate_lang("zh_CN")
        tickets = self._bring_to("dispatched") | self._bring_to("archived")
        domain = [("id", "in", tickets.ids)]
        for lang in ("en_US", "zh_CN"):
            self.manager.lang = lang
            columns = self._columns(self.manager, domain)
            self.assertEqual(list(columns), STATES)
            self.assertEqual(list(columns.values()), [0, 1, 0, 0, 0, 1])
        self.assertEqual(list(self._columns(self.engineer, [("id", "=", 0)])), STATES)

    def test_columns_hold_their_tickets(self):
        ticket = self._bring_to("waiting")
        tickets = self.tickets.with_user(self.engineer).with_context(read_group_expand=True)
        groups = tickets.web_read_group(
            [("id", "=", ticket.id)],
            ["service_state"],
            ["__count"],
            auto_unfold=True,
            unfold_read_specification={"number": {}},
        )["groups"]
        self.assertEqual([group["service_state"] for group in groups], STATES)
        self.assertEqual(groups[3]["__records"], [{"id": ticket.id, "number": ticket.number}])

    def test_groups_of_any_depth_follow_the_life_cycle(self):
        """Pivot and nested lists do not expand; their order is the same."""
        tickets = [self._bring_to(state) for state in reversed(STATES)]
        domain = [("id", "in", [ticket.id for ticket in tickets])]
        for groupby in (["service_state"], ["service_state", "partner_id"]):
            groups = self.tickets.formatted_read_group(domain, groupby, ["__count"])
            self.assertEqual([group["service_state"] for group in groups], STATES)
        groups = self.tickets._read_group(domain, ["service_state"], order="service_state desc")
        self.assertEqual([state for (state,) in groups], STATES[::-1])
        sets = self.tickets.formatted_read_grouping_sets(
            domain, [["product_id"], ["product_id", "service_state"]], ["__count"]
        )
        self.assertEqual([group["service_state"] for group in sets[1]], STATES)

    def test_list_sorted_by_state_follows_the_life_cycle(self):
        tickets = [self._bring_to(state) for state in reversed(STATES)]
        domain = [("id", "in", [ticket.id for ticket in tickets])]
        for order, expected in (("service_state", STATES), ("service_state desc", STATES[::-1])):
            found = self.tickets.with_user(self.manager).search(domain, order=f"{order}, id")
            self.assertEqual(found.mapped("service_state"), expected)
