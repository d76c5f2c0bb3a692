from odoo.tests import TransactionCase, tagged

from odoo.addons.sensitive_data.tests.common import SAMPLE, VALUES, SensitiveCase


@tagged("post_install", "-at_install")
class TestMail(SensitiveCase, TransactionCase):
    def test_mails_show_masks_whoever_renders_them(self):
        """Given a template with clear fields, when a job or a reader renders it, then masks."""
        renderers = self.env["mail.render.mixin"], self.env["mail.render.mixin"].sudo()
        for source, engine in (
            ("{{ object.phone }} {{ object.birth_date }}", "inline_template"),
            ("<p><t t-out='object.phone'/><t t-out='object.birth_date'/></p>", "qweb"),
        ):
            for renderer in (*renderers, renderers[0].with_user(self.reader).sudo()):
                rendered = renderer._render_template(
                    source, SAMPLE, self.patient.ids, engine=engine
                )[self.patient.id]
                self.assertIn("138****5678", rendered)
                self.assertNotIn(VALUES["phone"], rendered)
                self.assertNotIn(VALUES["birth_date"], rendered)

    def test_messages_from_views_show_masks(self):
        """Given a view of a message or a layout with clear fields, then masks for all."""
        arch = "<t t-name='{}'><p t-out='(object or record).phone'/></t>"
        name = "sensitive_data.sample_message"
        self.env["ir.ui.view"].create(
            {"type": "qweb", "name": name, "key": name, "arch": arch.format(name)}
        )
        mixin = self.env["mail.render.mixin"].with_user(self.reader).sudo()
        rendered = mixin._render_template_qweb_view(
            name, SAMPLE, self.patient.ids, add_context={"record": None}
        )[self.patient.id]
        layout = mixin._render_encapsulate(
            name, "", add_context={"object": None}, context_record=self.patient.with_env(mixin.env)
        )
        for text in (rendered, layout):
            self.assertIn("138****5678", text)
            self.assertNotIn(VALUES["phone"], text)

    def test_reading_goes_on_after_a_mail(self):
        """Given a rendered mail, then readers read again, also after a template that fails."""
        self.env["mail.render.mixin"]._render_template(
            "{{ object.phone }}", SAMPLE, self.patient.ids
        )
        with self.assertRaises(Exception):  # noqa: B017 - whatever a broken template raises
            self.env["mail.render.mixin"]._render_template("{{ 1 / 0 }}", SAMPLE, self.patient.ids)
        self.assertEqual(self.patient.with_user(self.reader).phone, VALUES["phone"])
