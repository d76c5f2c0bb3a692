from odoo.tests import tagged

from .common import SigningCase


@tagged("post_install", "-at_install")
class TestBinding(SigningCase):
    """A signature is bound to what was signed: a later change of it voids it, in the open."""

    def setUp(self):
        super().setUp()
        self.attachment = self.env["ir.attachment"].create(
            {
                "name": "scan.txt",
                "raw": b"one",
                "res_model": self.paper._name,
                "res_id": self.paper.id,
            }
        )
        self.commit()
        self.signature = self.sign(self.paper, self.approver)
        self.commit()
        self.assertEqual(self.signature.state, "valid")

    def assert_voided(self, *names):
        """The signature stays, is void with these fields, and opens no gate any more."""
        self.commit()
        self.assertEqual(self.signature.state, "voided")
        self.assertEqual(self.signature.void_ids.field_names, sorted(names))
        self.assertFalse(self.paper.is_signed_for("approve"))
        self.assertTrue(self.trail("signature_voided", self.paper))

    def assert_untouched(self):
        self.commit()
        self.assertEqual(self.signature.state, "valid")
        self.assertFalse(self.signature.void_ids)

    def test_changed_field_voids_and_tells_who_and_what(self):
        self.paper.with_user(self.employee).name = "Another report"
        self.assert_voided("name")
        void = self.signature.void_ids
        self.assertEqual((void.user_id, void.cause), (self.employee, "change"))
        self.assertIn("Name", void.text)
        self.assertIn(self.employee.name, void.text)

    def test_every_declared_kind_of_field_is_bound(self):
        partner = self.env["res.partner"].create({"name": "P"})
        tag = self.env["res.partner.category"].create({"name": "T"})
        for name, value in (
            ("amount", 12.51),
            ("kind", "two"),
            ("day", "2026-03-02"),
            ("partner_id", partner.id),
            ("tag_ids", [(4, tag.id)]),
        ):
            with self.subTest(name):
                paper = self.new_paper()
                signature = self.sign(paper, self.approver)
                paper.write({name: value})
                self.commit()
                self.assertEqual(signature.state, "voided")
                self.assertEqual(signature.void_ids.field_names, [name])

    def test_changed_line_voids(self):
        self.paper.line_ids.quantity = 2
        self.assert_voided("line_ids.quantity")

    def test_added_line_voids(self):
        self.env["test.signed.paper.line"].create({"paper_id": self.paper.id, "name": "Second"})
        self.assert_voided("line_ids", "line_ids.name", "line_ids.quantity")

    def test_removed_line_voids(self):
        self.paper.line_ids.unlink()
        self.assert_voided("line_ids", "line_ids.name", "line_ids.quantity")

    def test_line_that_moves_away_voids(self):
        self.paper.line_ids.paper_id = self.new_paper()
        self.commit()
        self.assertEqual(self.signature.state, "voided")

    def test_changed_attachment_voids(self):
        self.attachment.raw = b"two"
        self.assert_voided("@attachments")

    def test_added_and_removed_attachment_voids(self):
        self.attachment.unlink()
        self.assert_voided("@attachments")

    def test_undeclared_field_voids_nothing(self):
        self.paper.comment = "Only a comment"
        self.paper.line_ids.remark = "Only a remark"
        self.assert_untouched()

    def test_changed_and_changed_back_in_one_go_voids_nothing(self):
        name = self.paper.name
        self.paper.name = "Slip"
        self.paper.name = name
        self.assert_untouched()

    def test_changed_back_later_stays_void(self):
        name = self.paper.name
        self.paper.name = "Slip"
        self.commit()
        self.paper.name = name
        self.assert_voided("name")

    def test_change_by_sql_is_seen_at_once_and_voided_by_the_check(self):
        """Given a change behind the ORM, then every gate sees it, and the job puts it on record."""
        self.env.cr.execute(
            "UPDATE test_signed_paper SET amount = 99 WHERE id = %s", [self.paper.id]
        )
        self.assertFalse(self.paper.is_signed_for("approve"))
        self.env.invalidate_all()
        self.assertEqual(self.signature.state, "changed")
        found = self.signatures.with_user(self.auditor).verify_signatures()["problems"]
        self.assertIn(
            ("changed", self.signature.id), {(p["kind"], p["signature_id"]) for p in found}
        )
        self.cron()
        self.env.invalidate_all()
        self.assertEqual(self.signature.state, "voided")
        self.assertEqual(self.signature.void_ids.cause, "found")
        self.assertEqual(self.signature.void_ids.field_names, ["amount"])

    def cron(self):
        self.env.ref("electronic_signature.ir_cron_void_changed").method_direct_trigger()

    def test_change_of_a_line_by_sql_is_seen(self):
        self.env.cr.execute(
            "UPDATE test_signed_paper_line SET quantity = 9 WHERE paper_id = %s", [self.paper.id]
        )
        self.assertFalse(self.paper.is_signed_for("approve"))

    def test_labels_languages_and_names_void_nothing(self):
        """Given an upgrade that words things anew, then every signature stays valid."""
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env.cr.execute(
            """
            UPDATE ir_model_fields SET field_description = '{"en_US": "Other"}'
             WHERE model = %s
            """,
            [self.paper._name],
        )
        self.env.cr.execute(
            """
            UPDATE ir_model_fields_selection SET name = '{"en_US": "Other"}'
             WHERE field_id IN (SELECT id FROM ir_model_fields WHERE model = %s)
            """,
            [self.paper._name],
        )
        self.approver.write({"name": "Renamed Person", "lang": "zh_CN", "tz": "Europe/Berlin"})
        self.assert_untouched()
        self.assertTrue(self.paper.with_context(lang="zh_CN").is_signed_for("approve"))
        self.assertNotEqual(self.signature.user_name, "Renamed Person")

    def test_a_new_version_of_the_list_keeps_old_signatures(self):
        """Given an upgrade that declares one more field, then old signatures keep their list."""
        paper_class = self.registry[self.paper._name]
        former = paper_class._signed_fields
        self.patch(paper_class, "_signed_fields", former | {2: (*former[1], "comment")})
        self.registry.clear_cache()
        self.assert_untouched()
        second = self.sign(self.new_paper(), self.approver)
        self.assertTrue(second.content_digest.startswith("v1:2:"))
        self.paper.comment = "Old signatures do not cover it"
        self.assert_untouched()
        self.env[self.paper._name].browse(second.res_id).comment = "New ones do"
        self.commit()
        self.assertEqual(second.state, "voided")

    def test_content_is_shown_to_the_signer_in_plain_words(self):
        lines = {
            line["label"]: line["value"] or line["lines"]
            for line in self.paper.with_user(self.approver)._describe_signed_content()
        }
        self.assertEqual(lines["Kind"], "One")
        self.assertEqual(lines["Amount"], "12.50")
        self.assertEqual(lines["Day"], "03/01/2026")
        self.assertEqual(lines["Line"], ["Name: First · Quantity: 1.00"])
        self.assertIn("scan.txt", lines["Attachments"][0])

    def test_the_block_for_prints_shows_name_moment_zone_meaning_and_void(self):
        """Rule: 21 CFR 11.50(b): the manifestation is on every print."""
        html = str(self._print())
        for text in (self.approver.name, "Approver", "Asia/Shanghai, UTC+08:00", "Valid"):
            self.assertIn(text, html)
        self.paper.name = "Another report"
        self.commit()
        html = str(self._print())
        self.assertIn("Void", html)
        self.assertIn("line-through", html)

    def _print(self):
        return self.env["ir.qweb"]._render(
            "electronic_signature.signature_block",
            {"signed_record": self.paper.with_user(self.employee), "transition": None},
        )
