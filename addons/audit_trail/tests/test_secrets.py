import re

from odoo.orm.models import NO_ACCESS
from odoo.tests import TransactionCase, tagged

from .common import TrailCase

#: Wider than what the addon masks by: whatever else turns up here is masked or named below.
SUSPICIOUS = re.compile(
    r"passw|passphrase|secret|token|credential|api_?key|access_key|private|webhook|signup|oauth"
    r"|otp|(^|_)pin($|_|code)|(^|_)(key|pass|pwd|hash|salt|cookie|sid)($|_)",
    re.IGNORECASE,
)
#: Suspicious by name, but no credential.
HARMLESS = {
    "audit_trail_rule": {"secret_fields", "secret_names"},
    # What a parameter is called; secret ones are known by it.
    "ir_config_parameter": {"key"},
}
TEXTS = ("varchar", "text", "bpchar", "bytea", "json", "jsonb")


@tagged("post_install", "-at_install")
class TestNoSecretIsRecorded(TransactionCase):
    def test_every_suspicious_column_of_every_tracked_table_is_masked(self):
        """Given all tables that the installed suite tracks, then no credential enters the trail."""
        self.env.cr.execute(
            """
            SELECT tracked.table_name, tracked.model, columns.column_name, columns.udt_name
              FROM audit_trail_tracked tracked
              JOIN information_schema.columns columns
                   ON columns.table_name = tracked.table_name
                      AND columns.table_schema = current_schema
             WHERE NOT tracked.is_relation
                   AND columns.column_name <> ALL (
                       tracked.secret || tracked.ignored || tracked.fingerprint)
            """
        )
        clear = []
        for table, model, column, kind in self.env.cr.fetchall():
            field = self.env[model]._fields.get(column)
            if getattr(field, "is_sensitive", False) or column in HARMLESS.get(table, ()):
                continue
            if (field and field.groups == NO_ACCESS) or (
                kind in TEXTS
                and (not field or field.type != "selection")
                and SUSPICIOUS.search(column)
            ):
                clear.append(f"{table}.{column}")
        self.assertFalse(clear)

    def test_known_credentials_are_masked(self):
        known = {
            "res_users": {"password", "totp_secret"},
            "ir_act_server": {"webhook_url"},
            "res_users_apikeys": {"key", "index"},
            "helpdesk_ticket": {"access_token"},
        }
        self.env.cr.execute("SELECT table_name, secret FROM audit_trail_tracked")
        for table, secret in self.env.cr.fetchall():
            present = (
                set(
                    self.env.cr.execute(
                        "SELECT column_name FROM information_schema.columns WHERE table_name = %s",
                        [table],
                    )
                    or [name for (name,) in self.env.cr.fetchall()]
                )
                if table in known
                else set()
            )
            self.assertLessEqual(known.get(table, set()) & present, set(secret), table)


@tagged("post_install", "-at_install")
class TestSecretColumns(TrailCase):
    def test_a_second_factor_enters_the_trail_as_changed_only(self):
        """Given a rule that names no secret field, when a credential changes, then without it."""
        self.env.ref("audit_trail.audit_trail_rule_users").secret_fields = False
        self.env.cr.execute("ALTER TABLE res_users ADD COLUMN IF NOT EXISTS totp_secret varchar")
        self.env["audit.trail.rule"]._sync_tracking()
        self.env.cr.execute(
            "UPDATE res_users SET totp_secret = 'JBSWY3DPEHPK3PXP' WHERE id = %s",
            [self.employee.id],
        )
        entry = self.entries_of(self.employee, "update")[-1]
        self.assertEqual(entry.changes["totp_secret"], [None, {"hidden": "secret"}])

    def test_a_credential_that_was_recorded_before_is_not_shown(self):
        """Given an old entry with a value in clear, then the history shows a mark."""
        action = self.env["ir.actions.server"].create(
            {
                "name": "Call",
                "model_id": self.env.ref("base.model_res_partner").id,
                "state": "webhook",
                "webhook_url": "https://example.com/very-secret",
            }
        )
        entry = self.entries_of(action, "insert")
        self.assertNotIn("very-secret", str(entry.changes))
        self.without_triggers(
            "audit_trail_entry",
            "UPDATE audit_trail_entry SET changes = jsonb_set(changes, '{webhook_url}',"
            " '[null, \"https://example.com/very-secret\"]') WHERE id = %s",
            entry.id,
        )
        shown = str(self.as_auditor.get_history(action._name, action.id))
        self.assertNotIn("very-secret", shown)
        self.assertIn("(secret)", shown)
