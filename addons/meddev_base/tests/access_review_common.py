"""``AccessReviewCase`` adds to ``MeddevBaseCommon``: ``auditor`` and their ``review``, which lists
the roles of everybody, and the verbs ``line_of``, ``decide``, ``sign``, ``finish``, ``run_code``.
"""

from odoo.tests import new_test_user

from odoo.addons.electronic_signature.tests.common import SigningCase

from .common import MeddevBaseCommon

PASSWORD = "review_auditor_password"
STEP = "finish"


class AccessReviewCase(MeddevBaseCommon):
    at_screen = SigningCase.at_screen

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls._registry_patched:
            cls.registry_enter_test_mode_cls()
        cls.auditor = new_test_user(
            cls.env, "review_auditor", "meddev_base.group_compliance_auditor", password=PASSWORD
        )
        cls.review = (
            cls.env["meddev.access.review"].with_user(cls.auditor).create({"name": "Autumn"})
        )
        cls.review.action_collect()

    def line_of(self, user, role):
        group = self.env.ref(f"meddev_base.group_{role}")
        line = self.review.line_ids.filtered(
            lambda line: line.user_id == user and line.group_id == group
        )
        self.assertEqual(len(line), 1)
        return line

    def decide(self):
        """Keep everything, the auditor's own role by the administrator's decision."""
        own = self.review.line_ids.filtered(lambda line: line.user_id == self.auditor)
        own.with_user(self.administrator).write({"decision": "keep"})
        (self.review.line_ids - own).write({"decision": "keep"})

    def sign(self, user=None, review=None):
        user, review = user or self.auditor, review or self.review
        password = PASSWORD if user == self.auditor else user.login
        with self.at_screen(user):
            result = review.with_user(user).sign(
                STEP, "responsible", {"type": "password", "password": password}
            )
        self.env.invalidate_all()
        return result

    def finish(self):
        """Auditor and administrator decided, so both sign."""
        self.sign()
        self.sign(self.administrator)

    def run_code(self, code, record=None):
        """An administrator's server action; what it wrote goes into the database."""
        record = record or self.review
        action = self.env["ir.actions.server"].create(
            {
                "name": "Attack",
                "model_id": self.env["ir.model"]._get_id(record._name),
                "state": "code",
                "code": code,
            }
        )
        with self.cr.savepoint():
            action.with_user(self.administrator).with_context(
                active_model=record._name, active_id=record.id
            ).run()
            self.env.flush_all()
