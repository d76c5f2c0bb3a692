from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.audit_trail.models import events
from odoo.addons.audit_trail.models.announcement import Job

from .common import SAMPLE, VALUES, SensitiveCase

ACCESS = ("odoo.addons.base.models.ir_model", "odoo.orm.models")


@tagged("post_install", "-at_install")
class TestReveal(SensitiveCase, TransactionCase):
    def reveal(self, user, name="phone", reason="call back", patient=None):
        return (patient or self.patient).with_user(user).reveal_sensitive_value(name, reason)

    def test_revealing_shows_and_logs_without_the_value(self):
        """Given a revealer with a reason, then the value for them, and an entry without it."""
        answer = self.reveal(self.revealer)
        self.assertEqual(answer, {"label": "Phone", "value": VALUES["phone"]})
        entry = self.last("reveal")
        self.assertEqual((entry.user_id, entry.res_id), (self.revealer, self.patient.id))
        self.assertEqual((entry.reason, entry.details), ("call back", {"field": "phone"}))
        self.assertNotIn(VALUES["phone"], str(entry.read()))

    @mute_logger(*ACCESS)
    def test_revealing_gives_no_other_right(self):
        self.reveal(self.revealer)
        with self.assertRaises(AccessError):
            self.patient.with_user(self.revealer).read(["phone"])

    def test_refused_without_right_reason_or_field(self):
        """Given a reader without the revealing group, and bad arguments, then refused and told."""
        told = []
        self.patch(
            events,
            "log_event",
            lambda env, kind, record=None, **options: told.append((kind, options)),
        )
        for user in (self.reader, self.other, self.enterer, self.auditor):
            with self.assertRaises(AccessError):
                self.reveal(user)
        self.assertEqual({kind for kind, _options in told}, {"refused"})
        self.assertTrue(all(options["own_transaction"] for _kind, options in told))
        for arguments in ({"reason": "  "}, {"reason": 7}, {"name": "name"}, {"name": ["phone"]}):
            with self.assertRaises(UserError):
                self.reveal(self.revealer, **arguments)

    def test_limits_alert_and_then_refuse(self):
        """Given limits of 2 (alert) and 3 (refusal) an hour, then auditors hear, then no more."""
        self.env.ref("sensitive_data.limit_reveal").records = 2
        self.env.ref("sensitive_data.limit_reveal_refused").records = 3
        alerts = self.env["sensitive.usage.alert"].with_user(self.auditor)
        for _time in range(2):
            self.reveal(self.revealer)
        self.assertFalse(alerts.search([("user_id", "=", self.revealer.id)]))
        self.reveal(self.revealer)
        alert = alerts.search([("user_id", "=", self.revealer.id)])
        self.assertEqual((alert.count, alert.activity), (3, "reveal"))
        self.assertEqual(self.last("alert").res_id, alert.id)
        with self.assertRaisesRegex(UserError, "3 are allowed"):
            self.reveal(self.revealer)
        with self.assertRaises(UserError):
            alert.state = "explained"
        alert.write({"state": "explained", "explanation": "The recall of batch 7."})

    def test_bulk_reading_is_counted_and_alerts(self):
        """Given a limit of 20 records, when an employee reads 21 in calls of 7, then an alert."""
        self.env.ref("sensitive_data.limit_read").records = 20
        patients = self.patients.create([{"name": str(n)} for n in range(7)])
        for _time in range(3):
            patients.with_user(self.other).read(["phone_masked"])
        alert = self.env["sensitive.usage.alert"].search([("user_id", "=", self.other.id)])
        self.assertEqual(alert.count, 21)
        usage = self.env["sensitive.usage"].search([("user_id", "=", self.other.id)])
        self.assertEqual(usage.mapped("count"), [7, 7, 7])

    @mute_logger(*ACCESS)
    def test_erasure_is_for_good_and_leaves_the_trail_valid(self):
        """Given a tracked record, when its key is destroyed, then no value and no finding."""
        self.env["audit.trail.rule"].create({"model_id": self.env["ir.model"]._get_id(SAMPLE)})
        self.patient.phone = "13711112222"
        self.env.flush_all()
        entries = self.env["audit.trail.entry"].search([("res_model", "=", SAMPLE)])
        self.assertNotIn("13711112222", str(entries.mapped("changes")))
        with self.assertRaises(AccessError):
            self.patient.with_user(self.reader).erase_sensitive_data("demand")
        self.patient.with_user(self.revealer).erase_sensitive_data("demand of the person")
        for name in VALUES:
            self.assertFalse(self.patient[name])
            self.assertEqual(self.patient[f"{name}_masked"], "(erased)")
        self.assertEqual(self.last("erase").reason, "demand of the person")
        self.assertFalse(
            self.patients.with_user(self.revealer).search([("phone_lookup", "=", "13711112222")])
        )
        problems = self.env["audit.trail.entry"].with_user(self.auditor).verify()["problems"]
        self.assertFalse([found for found in problems if found.get("res_model") == SAMPLE])
        self.patient.phone = "13700000001"
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self.patient.phone, "13700000001")

    def test_the_trail_shows_that_and_not_what(self):
        """Given a tracked change, then history names field and moment, with masks."""
        self.env["audit.trail.rule"].create({"model_id": self.env["ir.model"]._get_id(SAMPLE)})
        self.patient.phone = "13711112222"
        self.env.flush_all()
        history = (
            self.env["audit.trail.entry"]
            .with_user(self.auditor)
            .get_history(SAMPLE, self.patient.id)
        )
        (change,) = [one for one in history[0]["changes"] if one["label"] == "Phone"]
        self.assertEqual((change["before"], change["after"]), ("138****5678", "137****2222"))

    def test_values_are_masked_in_documents(self):
        """Given a document, then readers see values, others masks although rights were lifted."""
        self.env["ir.ui.view"].create(
            {
                "type": "qweb",
                "name": "sample",
                "key": "sensitive_data.sample_document",
                "arch": "<t t-name='sensitive_data.sample_document'>"
                "<p t-foreach='docs' t-as='doc' t-out='doc.phone'/></t>",
            }
        )
        values = {"docs": self.patient.sudo()}
        for user, expected in ((self.reader, VALUES["phone"]), (self.other, "138****5678")):
            docs = self.patient.with_user(user).sudo()
            html = (
                self.env["ir.actions.report"]
                .with_user(user)
                .sudo()
                ._render_template("sensitive_data.sample_document", values | {"docs": docs})
            )
            self.assertIn(expected.encode(), html)

    def test_jobs_read_masks(self):
        """Given code of a scheduled job, whoever it runs as, then masks."""
        with Job("curious"):
            for user in (self.env.user, self.reader):
                self.env.invalidate_all()
                self.assertEqual(self.patient.with_user(user).sudo().phone, "138****5678")
        self.assertEqual(self.patient.phone, VALUES["phone"])


@tagged("post_install", "-at_install")
class TestRevealTour(SensitiveCase, HttpCase):
    def test_reveal_in_both_languages(self):
        """Given the form, when a revealer says why, then shown, and gone after closing."""
        self.env["ir.ui.view"].create(
            {
                "name": "sample form",
                "model": SAMPLE,
                "arch": "<form><field name='name'/>"
                "<field name='phone_masked' widget='sensitive_masked'/></form>",
            }
        )
        action = self.env["ir.actions.act_window"].create(
            {"name": "Sample", "res_model": SAMPLE, "view_mode": "form"}
        )
        self.env["res.lang"]._activate_lang("zh_CN")
        for lang in ("en_US", "zh_CN"):
            self.revealer.lang = lang
            self.start_tour(
                f"/odoo/action-{action.id}/{self.patient.id}",
                "sensitive_data_reveal",
                login="sd_revealer",
            )
        reasons = self.env["audit.trail.entry"].search([("kind", "=", "reveal")], limit=2)
        self.assertEqual(reasons.mapped("reason"), ["call back about the repair"] * 2)
