from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestTours(HttpCase):
    def setUp(self):
        super().setUp()
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env["audit.trail.rule"].create(
            {"model_id": self.env.ref("base.model_res_partner_industry").id}
        )
        self.industry = self.env["res.partner.industry"].create({"name": "Old name"})
        self.env.flush_all()
        self.industry.name = "New name"
        self.env.flush_all()
        self.auditor = new_test_user(
            self.env, "trail_tour", "audit_trail.group_auditor,base.group_partner_manager"
        )

    def start(self, tour, lang):
        self.auditor.lang = lang
        self.start_tour(f"/odoo/res.partner.industry/{self.industry.id}", tour, login="trail_tour")

    def test_an_auditor_reads_the_history_of_a_record(self):
        """Given a changed record, then its history is two clicks away, in plain words."""
        self.start("audit_trail_history", "en_US")

    def test_an_auditor_reads_the_history_in_chinese(self):
        self.start("audit_trail_history_zh", "zh_CN")

    def test_an_auditor_opens_an_entry(self):
        """Given an entry about a record, then its form shows before, after and the proof."""
        self.start_tour("/odoo/audit-trail", "audit_trail_entry", login="trail_tour")
