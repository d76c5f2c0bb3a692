import json
from contextlib import closing

from odoo.sql_db import Savepoint
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import SigningCase

COPY = """
    INSERT INTO electronic_signature (res_model, res_id, res_name, company_id, transition, meaning,
           user_id, user_login, user_name, signed_at, timezone, methods, channel, address, session,
           reason, content_digest, content_marks, digest)
    SELECT res_model, %s, res_name, company_id, transition, meaning,
           user_id, user_login, user_name, signed_at, timezone, methods, channel, address, session,
           reason, %s, content_marks, digest
      FROM electronic_signature WHERE id = %s RETURNING id
"""


@tagged("post_install", "-at_install")
class TestTamper(SigningCase):
    """Each way of cheating behind the ORM, with the rights of the tables' owner."""

    def setUp(self):
        super().setUp()
        self.signature = self.sign(self.paper, self.approver)
        self.known = self.problems()

    def problems(self):
        found = self.signatures.with_user(self.auditor).verify_signatures()["problems"]
        return {(problem["kind"], problem["signature_id"]) for problem in found}

    def new_problems(self):
        return self.problems() - self.known

    def test_honest_signatures_are_in_order(self):
        result = self.signatures.with_user(self.auditor).verify_signatures()
        self.assertGreaterEqual(result["checked"], 1)
        self.assertNotIn(self.signature.id, {p["signature_id"] for p in result["problems"]})

    def test_an_inserted_row_is_no_signature_and_is_named(self):
        """Given a row copied by SQL to another paper, with its right digest, then it is nothing."""
        other = self.new_paper()
        self.env.flush_all()
        digest = other._get_content_digests()[other.id]
        self.env.cr.execute(COPY, [other.id, digest, self.signature.id])
        (forged,) = self.env.cr.fetchone()
        self.assertFalse(other.is_signed_for("approve"))
        self.assertEqual(self.signatures.browse(forged).state, "forged")
        self.assertEqual(self.new_problems(), {("forged", forged)})

    def test_a_second_copy_for_the_same_paper_is_named(self):
        self.env.cr.execute(COPY, [self.paper.id, self.signature.content_digest, self.signature.id])
        self.assertIn(("forged", self.env.cr.fetchone()[0]), self.new_problems())

    def test_any_altered_column_is_named_and_counts_no_more(self):
        changes = {
            "user_id": "2",
            "user_name": "'Somebody else'",
            "meaning": "'author'",
            "signed_at": "signed_at - interval '1 day'",
            "reason": "'Added later'",
            "methods": "'passkey'",
            "content_marks": "'{}'::jsonb",
            "digest": "'v1:00000000:' || repeat('0', 64)",
        }
        for column, value in changes.items():
            with self.subTest(column):
                signature = self.sign(self.new_paper(), self.approver)
                self.without_triggers(
                    "electronic_signature",
                    f"UPDATE electronic_signature SET {column} = {value} WHERE id = %s",
                    signature.id,
                )
                self.assertEqual(signature.state, "forged")
                paper = self.env[self.paper._name].browse(signature.res_id)
                self.assertFalse(paper.is_signed_for("approve"))

    def test_a_removed_signature_is_named(self):
        signature_id = self.signature.id
        self.without_triggers(
            "electronic_signature", "DELETE FROM electronic_signature WHERE id = %s", signature_id
        )
        self.assertIn(("removed", signature_id), self.new_problems())

    def test_a_removed_void_event_is_named(self):
        """Given a voided signature, when the event is removed and the content put back."""
        name = self.paper.name
        self.paper.name = "Changed"
        self.commit()
        self.paper.name = name
        self.commit()
        self.without_triggers(
            "electronic_signature_void",
            "DELETE FROM electronic_signature_void WHERE signature_id = %s",
            self.signature.id,
        )
        self.assertIn(("void_removed", self.signature.id), self.new_problems())

    def test_a_forged_void_event_ends_nothing_and_is_named(self):
        self.env.cr.execute(
            "INSERT INTO electronic_signature_void (signature_id, voided_at, cause, field_names,"
            " digest) VALUES (%s, NOW(), 'change', '[]', 'v1:x:y')",
            [self.signature.id],
        )
        self.env.invalidate_all()
        self.assertEqual(self.signature.state, "valid")
        self.assertEqual(self.new_problems(), {("void_forged", self.signature.id)})

    def test_rubbish_keeps_no_auditor_from_the_list(self):
        """Given rows of rubbish by SQL, when the auditor opens the list, then it shows them."""
        self.env.cr.execute(
            """
            INSERT INTO electronic_signature (res_model, res_id, transition, meaning, user_id,
                   user_login, user_name, signed_at, timezone, methods, content_digest,
                   content_marks, digest)
            VALUES ('no.model', 1, 'x', 'x', 0, '', '', NOW(), '../etc', '', 'x', '7', 'x')
            RETURNING id
            """
        )
        forged = self.signatures.with_user(self.auditor).browse(self.env.cr.fetchone()[0])
        self.env.cr.execute(
            "INSERT INTO electronic_signature_void (signature_id, voided_at, cause, field_names,"
            " digest) VALUES (%s, NOW(), 'x', '[7, {}]', '')",
            [forged.id],
        )
        self.env.invalidate_all()
        values = forged.read()[0]
        self.assertEqual((values["state"], values["void_text"]), ("forged", False))
        self.assertTrue(forged.void_ids.read())

    def test_a_record_deleted_by_sql_is_named(self):
        self.env.cr.execute("DELETE FROM test_signed_paper WHERE id = %s", [self.paper.id])
        self.env.invalidate_all(flush=False)
        self.assertEqual(self.new_problems(), {("deleted", self.signature.id)})

    def test_names_of_another_company_stay_there(self):
        """Given a finding of a company that is not the auditor's, then it is told without name."""
        company = self.env["res.company"].create({"name": "Elsewhere"})
        signature = self.sign(self.new_paper(company_id=company.id, name="Secret"), self.approver)
        self.env.cr.execute("DELETE FROM test_signed_paper WHERE id = %s", [signature.res_id])
        self.env.invalidate_all(flush=False)
        found = self.signatures.with_user(self.auditor).verify_signatures()["problems"]
        details = {p["detail"] for p in found if p["signature_id"] == signature.id}
        self.assertEqual(details, {""})

    @mute_logger("odoo.addons.audit_trail.models.audit_trail_rule")
    def test_switched_off_triggers_are_named_and_made_again_at_start(self):
        self.env.cr.execute("ALTER TABLE electronic_signature DISABLE TRIGGER audit_trail_refuse")
        self.assertEqual(self.new_problems(), {("protection_missing", 0)})
        self.signatures._register_hook()
        self.assertFalse(self.new_problems())
        details = json.dumps(self.trail("repair")[-1].details)
        self.assertIn("electronic_signature.audit_trail_refuse", details)

    @mute_logger("odoo.addons.audit_trail.models.audit_trail_rule")
    def test_a_trigger_that_never_fires_is_named_and_made_again(self):
        """Given a trigger of the right name and function with WHEN (FALSE), then it is named."""
        self.env.cr.execute("DROP TRIGGER audit_trail_refuse ON electronic_signature")
        self.env.cr.execute(
            "CREATE TRIGGER audit_trail_refuse BEFORE DELETE OR UPDATE ON electronic_signature"
            " FOR EACH ROW WHEN (FALSE) EXECUTE FUNCTION audit_trail_refuse()"
        )
        self.env.cr.execute(
            "ALTER TABLE electronic_signature ENABLE ALWAYS TRIGGER audit_trail_refuse"
        )
        self.assertEqual(self.new_problems(), {("protection_missing", 0)})
        self.signatures._register_hook()
        self.assertFalse(self.new_problems())

    def test_what_swallows_rows_is_named(self):
        """Given a foreign trigger or rule, row security or a hollow function, then named."""
        self.env.cr.execute(
            "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
        )
        hollow = (
            "CREATE OR REPLACE FUNCTION audit_trail_refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN RETURN COALESCE(new, old); END'"
        )
        for kind, statement in (
            (
                "protection_foreign",
                "CREATE TRIGGER swallow BEFORE INSERT ON electronic_signature_void"
                " FOR EACH ROW EXECUTE FUNCTION swallow()",
            ),
            (
                "protection_foreign",
                "CREATE RULE swallow AS ON INSERT TO electronic_signature DO INSTEAD NOTHING",
            ),
            (
                "protection_foreign",
                "ALTER TABLE electronic_signature_void ENABLE ROW LEVEL SECURITY",
            ),
            ("protection_missing", hollow),
        ):
            with self.subTest(statement), closing(Savepoint(self.cr)):
                self.env.cr.execute(statement)
                self.assertEqual(self.new_problems(), {(kind, 0)})

    def test_the_secret_is_not_in_the_database(self):
        """Given everything that stands in the row, then its digest cannot be made from it."""
        from ..models import evidence
        from ..tools import canonical

        self.env.cr.execute("SELECT * FROM electronic_signature WHERE id = %s", [self.signature.id])
        row = self.env.cr.dictfetchone()
        key_id = canonical.row_key_id(row["digest"])
        self.assertTrue(evidence.is_authentic("electronic_signature", row))
        forged = canonical.row_digest(
            b"guess", key_id, "electronic_signature", evidence._plain("electronic_signature", row)
        )
        self.assertFalse(evidence.is_authentic("electronic_signature", row | {"digest": forged}))

    def test_uninstalling_asks_for_an_export_first(self):
        self.assertIn("electronic_signature", self.env["ir.module.module"]._get_evidence_addons())
