import polib

from odoo.tests import TransactionCase, tagged
from odoo.tools.misc import file_path


@tagged("post_install", "-at_install")
class TestTranslations(TransactionCase):
    """helpdesk_mgmt has no Chinese; ours is laid over all of its model and view terms."""

    def test_every_term_of_helpdesk_mgmt_is_overlaid(self):
        terms = polib.pofile(file_path("helpdesk_mgmt/i18n/helpdesk_mgmt.pot"))
        overlay = polib.pofile(file_path("meddev_service/i18n_extra/zh_CN.po"))
        ours = {entry.msgid for entry in overlay if entry.msgstr and "fuzzy" not in entry.flags}
        for entry in terms:
            places = [place for place, _line in entry.occurrences]
            if any(not place.startswith("code:") for place in places):
                self.assertIn(entry.msgid, ours)

    def test_overview_of_teams_speaks_chinese(self):
        """Its cards are words of helpdesk_mgmt's code, which no overlay reaches."""
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env["helpdesk.ticket"].create(
            {"name": "No team", "description": "x", "team_id": False, "user_id": False}
        )
        cards = self.env["helpdesk.ticket.team"].with_context(lang="zh_CN").retrieve_dashboard()
        self.assertEqual([card["name"] for card in cards], ["无团队的未完成工单", "未完成工单"])

    def test_overlay_reaches_the_database(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env["ir.module.module"]._load_module_terms(["meddev_service"], ["zh_CN"])
        chinese = self.env(context={"lang": "zh_CN"})
        words = {
            "helpdesk_mgmt.helpdesk_ticket_stage_awaiting": "待客户",
            "helpdesk_mgmt.helpdesk_ticket_stage_new": "受理",
            "helpdesk_mgmt.helpdesk_ticket_team_menu": "团队",
            "meddev_service.stage_archived": "归档",
            "meddev_service.menu_all_tickets": "全部工单",
        }
        for xmlid, word in words.items():
            self.assertEqual(chinese.ref(xmlid).name, word)
        form = chinese["helpdesk.ticket"].get_view(
            chinese.ref("helpdesk_mgmt.ticket_view_form").id, "form"
        )
        self.assertIn("其他信息", form["arch"])
        self.assertIn("开始处理", form["arch"])
        body = chinese.ref("helpdesk_mgmt.closed_ticket_template").body_html
        self.assertIn("已关闭", body)
        labels = chinese["helpdesk.ticket"].fields_get(["partner_id", "user_id", "service_state"])
        self.assertEqual(labels["partner_id"]["string"], "客户")
        self.assertEqual(labels["user_id"]["string"], "工程师")
        self.assertEqual(
            dict(labels["service_state"]["selection"]),
            {
                "received": "受理",
                "dispatched": "派单",
                "in_progress": "进行中",
                "waiting": "待客户",
                "done": "完成",
                "archived": "归档",
            },
        )
