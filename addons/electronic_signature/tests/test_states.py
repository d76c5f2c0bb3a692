from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import SigningCase


@tagged("post_install", "-at_install")
class TestStates(SigningCase):
    """No way leads to a state that signatures open but these signatures, whoever writes it."""

    def refuse_everything(self, attempts):
        for name, attempt in attempts.items():
            with self.subTest(name):
                with self.assertRaises(UserError), self.cr.savepoint():
                    attempt()
                    self.env.flush_all()
                self.env.invalidate_all(flush=False)
                self.assertEqual(self.stored_state(), "draft")

    def stored_state(self):
        self.env.cr.execute("SELECT state FROM test_signed_paper WHERE id = %s", [self.paper.id])
        return self.env.cr.fetchone()[0]

    def test_nobody_writes_it_without_signatures(self):
        papers = self.env[self.paper._name]
        self.refuse_everything(
            {
                "write": lambda: self.paper.write({"state": "done"}),
                "administrator": lambda: self.paper.sudo().write({"state": "done"}),
                "low write": lambda: self.paper._write({"state": "done"}),
                "lower write": lambda: self.paper._write_multi([{"state": "done"}]),
                "cache": lambda: papers._fields["state"].write(self.paper, "done"),
                "create": lambda: papers.create({"state": "done"}),
                "default": lambda: papers.with_context(default_state="done").create({}),
                "low create": lambda: papers._create([{"stored": {"state": "done"}}]),
            }
        )

    def test_an_import_does_not_reach_it(self):
        result = self.env[self.paper._name].load(["name", "state"], [["Imported", "Done"]])
        self.assertFalse(result["ids"])
        self.assertIn("Approval", result["messages"][0]["message"])

    def test_a_refusal_that_is_caught_has_written_nothing(self):
        """Given code that catches the refusal, then the state is not written all the same."""
        with self.assertRaises(UserError):
            self.paper._write({"state": "done"})
        self.assertEqual(self.stored_state(), "draft")
        with self.assertRaises(UserError):
            self.paper.write({"state": "done"})
            self.env.flush_all()
        self.assertEqual(self.stored_state(), "draft")
        self.assertEqual(self.paper.state, "draft")

    def test_it_is_reached_with_signatures(self):
        self.sign(self.paper, self.approver)
        self.paper.write({"state": "done"})
        self.env.flush_all()
        self.assertEqual(self.stored_state(), "done")
        self.paper.comment = "Later"
        self.paper.write({"state": "done"})
        self.env.flush_all()

    def test_content_changed_in_the_same_write_is_not_what_was_signed(self):
        self.sign(self.paper, self.approver)
        self.refuse_everything(
            {
                "one write": lambda: self.paper.write({"state": "done", "amount": 99}),
                "two writes": lambda: (
                    self.paper.line_ids.write({"quantity": 9}),
                    self.paper.write({"state": "done"}),
                ),
            }
        )

    def test_one_unsigned_record_among_signed_ones_refuses_all(self):
        self.sign(self.paper, self.approver)
        second = self.new_paper()
        with self.assertRaisesRegex(UserError, "Approver"):
            (self.paper | second).write({"state": "done"})
            self.env.flush_all()
        self.assertEqual(self.stored_state(), "draft")

    def test_a_wrong_declaration_stops_the_server(self):
        paper_class = self.registry[self.paper._name]
        for states, text in (
            (None, "declares no"),
            ({"name": {"done": "approve"}}, "no stored selection"),
            ({"state": {"finished": "approve"}}, "no value"),
            ({"state": {"done": "agree"}}, "no steps"),
        ):
            self.patch(paper_class, "_signed_states", states)
            with self.subTest(text), self.assertRaisesRegex(TypeError, text):
                self.paper._check_signed_states()

    def test_what_is_signed_never_contains_the_state(self):
        self.patch(self.registry[self.paper._name], "_signed_fields", {1: ("state",)})
        with self.assertRaisesRegex(TypeError, "void its signatures"):
            self.paper._check_signed_fields()
