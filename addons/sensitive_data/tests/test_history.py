from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, TransactionCase, tagged
from odoo.tools import mute_logger

from .common import SAMPLE, VALUES, SensitiveCase

ACCESS = ("odoo.addons.base.models.ir_model", "odoo.orm.models")
NEW = "13711112222"


class HistoryCase(SensitiveCase):
    """``entry``: the phone of a tracked patient was changed to ``NEW``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["audit.trail.rule"].create({"model_id": cls.env["ir.model"]._get_id(SAMPLE)})
        cls.patient.phone = NEW
        cls.env.flush_all()
        cls.env.invalidate_all()
        cls.entry = cls.env["audit.trail.entry"].search(
            [("res_model", "=", SAMPLE), ("res_id", "=", cls.patient.id)], limit=1
        )


@tagged("post_install", "-at_install")
class TestHistory(HistoryCase, TransactionCase):
    """Of the values that entries keep everybody sees masks; who may reveals them, with a reason."""

    def change(self, user):
        entries = self.env["audit.trail.entry"].with_user(user)
        history = entries.get_history(SAMPLE, self.patient.id)
        (line,) = [line for line in history if line["id"] == self.entry.id]
        (change,) = [one for one in line["changes"] if one["label"] == "Phone"]
        return change

    def reveal(self, user, name="phone/before", reason="call back", entry=None):
        entry = self.entry if entry is None else entry
        return entry.with_user(user).reveal_sensitive_change(name, reason)

    def test_everybody_sees_masks_and_revealers_are_offered_more(self):
        for user in (self.auditor, self.other, self.reader, self.revealer):
            change = self.change(user)
            self.assertEqual((change["before"], change["after"]), ("138****5678", "137****2222"))
            self.assertEqual("reveal" in change, user == self.revealer)
        self.assertEqual(self.change(self.revealer)["reveal"]["sides"], ["before", "after"])
        entry = self.entry.with_user(self.auditor)
        self.assertEqual(entry.changes_text, "Phone: 138****5678 → 137****2222")
        self.assertEqual(entry.describe_changes()[0]["after"], "137****2222")

    def test_revealing_shows_logs_and_counts(self):
        """Given a revealer with a reason, then either value, an entry without it, and a count."""
        for side, value in (("before", VALUES["phone"]), ("after", NEW)):
            answer = self.reveal(self.revealer, f"phone/{side}")
            self.assertEqual(answer, {"label": "Phone", "value": value})
            told = self.last("reveal")
            self.assertEqual((told.user_id, told.res_id), (self.revealer, self.patient.id))
            self.assertEqual(told.reason, "call back")
            self.assertEqual(told.details, {"field": "phone", "entry": self.entry.id, "side": side})
            self.assertNotIn(value, str(told.read()))
        usage = self.env["sensitive.usage"].search([("user_id", "=", self.revealer.id)], limit=1)
        self.assertEqual((usage.activity, usage.res_model), ("reveal", SAMPLE))

    @mute_logger(*ACCESS, "odoo.addons.base.models.ir_rule")
    def test_nobody_else_reveals(self):
        """Given auditors, readers and others, junk, or no right to the record, then refused."""
        before = self.last("reveal")
        for user in (self.auditor, self.reader, self.other):
            for entry in (self.entry, self.entry.sudo()):
                with self.assertRaises(AccessError):
                    self.reveal(user, entry=entry)
        for name in (None, 7, "phone", "phone/", "phone/x", "name/after", "price/after", ["a"]):
            with self.assertRaises(UserError):
                self.reveal(self.revealer, name)
        for reason in (None, 7, "  "):
            with self.assertRaises(UserError):
                self.reveal(self.revealer, reason=reason)
        nothing = self.env["audit.trail.entry"]
        for entry in (nothing, nothing.browse(2**40), nothing.search([], limit=2)):
            with self.assertRaises(UserError):
                self.reveal(self.revealer, entry=entry)
        self.env["ir.rule"].create(
            {
                "name": "own patients",
                "model_id": self.env["ir.model"]._get_id(SAMPLE),
                "domain_force": "[('create_uid', '=', user.id)]",
            }
        )
        with self.assertRaises(AccessError):
            self.reveal(self.revealer)
        self.assertEqual(self.last("reveal"), before)

    @mute_logger(*ACCESS)
    def test_no_way_out_shows_values(self):
        """Given exports and searches of entries, then masks or ciphertext and never the value."""
        entry = self.entry.with_user(self.auditor)
        self.auditor.group_ids += self.env.ref("base.group_allow_export")
        answers = [
            entry.read(),
            entry.export_data(["changes_text", "changes"]),
            entry.with_context(active_test=False).describe_changes(),
            self.change(self.auditor),
        ]
        for value in (VALUES["phone"], NEW):
            self.assertNotIn(value, str(answers))
        self.assertFalse(entry.search([("changes", "ilike", NEW), ("id", "=", entry.id)]))

    def test_what_was_erased_stays_erased(self):
        self.patient.with_user(self.revealer).erase_sensitive_data("demand of the person")
        change = self.change(self.revealer)
        self.assertEqual((change["before"], change["after"]), ("(erased)", "(erased)"))
        with self.assertRaisesRegex(UserError, "erased for good"):
            self.reveal(self.revealer)

    def test_a_copied_ciphertext_opens_nothing(self):
        """Given the ciphertext of another record in an entry, then unreadable."""
        other = self.patients.create({"phone": "13900000000"})
        token = self.column(other, "phone")
        described = self.entry._describe_value(self.patients, self.patients._fields["phone"], token)
        self.assertEqual(described, "(unreadable)")


@tagged("post_install", "-at_install")
class TestHistoryTour(HistoryCase, HttpCase):
    def test_reveal_in_the_history(self):
        """Given the history of a record, when a revealer says why, then shown, and masked again."""
        action = self.env["ir.actions.client"].create(
            {
                "name": "History",
                "tag": "audit_trail.history",
                "params": {"res_model": SAMPLE, "res_id": self.patient.id},
            }
        )
        self.start_tour(f"/odoo/action-{action.id}", "sensitive_data_history", login="sd_revealer")
        told = self.last("reveal")
        self.assertEqual((told.reason, told.details["side"]), ("call back", "before"))
