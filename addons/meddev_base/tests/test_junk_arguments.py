from odoo.tests import tagged

from .common import MeddevBaseCommon
from .junk import JunkCase


@tagged("post_install", "-at_install")
class TestJunkArguments(JunkCase, MeddevBaseCommon):
    addon = "meddev_base"
    sensible = {
        "start_date": "2026-01-05",
        "days": 3,
        "start": "2026-01-05T08:00:00Z",
        "end": "2026-01-06T08:00:00Z",
    }

    def test_public_methods_are_found(self):
        found = {(model, name) for model, name, _parameters in self._find_public_methods()}
        for known in (
            ("resource.calendar", "meddev_add_working_days"),
            ("resource.calendar", "meddev_working_hours_between"),
            ("meddev.code.import", "action_import"),
            ("meddev.code.system", "action_view_codes"),
        ):
            self.assertIn(known, found)
        self.assertNotIn(("res.partner", "write"), found)

    def test_junk_ends_in_a_sentence(self):
        """Given junk in one argument or in all, no method ends in an error of Python or SQL."""
        self.env["meddev.code.import"].create([{}, {}])
        for user in (self.administrator, self.users["field_engineer"]):
            with self.subTest(user=user.login):
                problems = self._call_everything(user)
                self.assertFalse(problems, "\n".join(problems))
