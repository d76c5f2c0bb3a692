import json

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Date
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.audit_trail.models import events

from .common import ROLES, TicketCase, TicketCommon

VALUES = {
    "patient_name": "欧阳小华",
    "patient_phone": "13812345678",
    "record_number": "ZY20261234",
    "birth_date": "1949-12-31",
    "note": "致电13987654321，患者已转院",
    "reporter_name": "司徒大明",
    "reporter_phone": "13612345679",
    "reporter_email": "situ@example.com",
    "reporter_address": "北京市海淀区中关村大街1号",
    "reporter_relation": "子女，电话13612345679",
}
MASKS = {
    "patient_name_masked": "欧阳*华",
    "patient_phone_masked": "138****5678",
    "record_number_masked": "****1234",
    "birth_date_masked": "1949-**-**",
    "note_masked": "致电139****4321，患者已转院",
    "reporter_name_masked": "司徒*明",
    "reporter_phone_masked": "136****5679",
    "reporter_email_masked": "s***@example.com",
    "reporter_address_masked": "北京市海淀区****",
    "reporter_relation_masked": "子女，电话136****5679",
}
#: Who does what, as ISO 13485 procedures and PIPL Art. 51 (operation permissions) ask for it.
ENTER = {"intake", "engineer", "manager"}
READ = {"quality", "manager"}
REVEAL = {"intake", "quality", "manager"}
SEARCH = {"quality"}
SEARCHED = {"patient_name", "patient_phone", "record_number", "reporter_name", "reporter_phone"}
#: Who knows of the record at all, and sees its masks.
ACCESS = ENTER | READ | REVEAL | SEARCH | {"auditor"}
QUIET = (
    "odoo.addons.base.models.ir_model",
    "odoo.addons.base.models.ir_rule",
    "odoo.addons.rpc.controllers.json2",
    "odoo.http",
    "odoo.orm.models",
)


class PatientCase(TicketCase):
    @classmethod
    def _set_up_patient(cls):
        cls.patients = cls.env["meddev.ticket.patient"]
        cls.ticket = cls.tickets.create(
            {
                "name": "Dose too high",
                "description": "<p>Alarm during treatment.</p>",
                "lot_id": cls.device.id,
                "user_id": cls.engineer.id,
            }
        )
        cls.patient = cls.patients.with_user(cls.intake).create(
            {"ticket_id": cls.ticket.id} | VALUES
        )
        cls.env.flush_all()
        cls.env.invalidate_all()

    def _as(self, name):
        self.env.invalidate_all()
        return self.patient.with_user(getattr(self, name))


@tagged("post_install", "-at_install")
class TestTicketPatient(PatientCase, TicketCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_patient()

    def _refused(self, attempt, error=AccessError):
        """The attempt ends in exactly this error, and nothing is changed."""
        with mute_logger(*QUIET), self.assertRaises(error) as caught, self.env.cr.savepoint():
            attempt()
            self.env.flush_all()
        self.assertIs(type(caught.exception), error)

    # ------------------------------------------------------------ rights

    def test_few_roles_know_of_the_patient(self):
        """Given each role, then masks for those with access, nothing at all for the others."""
        for name in ROLES:
            with self.subTest(role=name):
                if name in ACCESS:
                    self.assertRecordValues(self._as(name), [MASKS])
                else:
                    self._refused(lambda name=name: self._as(name).read(["patient_name_masked"]))
                    self._refused(lambda name=name: self._as(name).search([]))
                    ticket = self.ticket.with_user(getattr(self, name))
                    self.assertNotIn("patient_ids", ticket.fields_get())
                    self._refused(lambda ticket=ticket: ticket.read(["patient_ids"]))

    def test_outsiders_know_nothing(self):
        """Given customers, dealers, partner systems, employees, administrators: no access row."""
        people = self.hospital_user | self.dealer_user
        for login, group in (
            ("plain", "base.group_user"),
            ("system", "base.group_system"),
            ("integration", "meddev_base.group_integration"),
            ("helpdesk", "helpdesk_mgmt.group_helpdesk_manager"),
        ):
            people |= new_test_user(self.env, f"patient_{login}", group)
        for user in people:
            patient = self.patient.with_user(user)
            self.assertFalse(patient.has_access("read"), user.login)
            self._refused(lambda patient=patient: patient.read(["display_name"]))
            self.assertNotIn("patient_ids", self.tickets.with_user(user).fields_get())

    def test_who_reads(self):
        """Given quality and the service manager, then clear values; the rest by reveal or not."""
        for name in ACCESS:
            for field, value in VALUES.items():
                patient = self._as(name)
                if name in READ:
                    self.assertEqual(
                        patient[field], Date.to_date(value) if field == "birth_date" else value
                    )
                else:
                    self._refused(lambda p=patient, f=field: p.read([f]))
                    self.assertNotIn(field, patient.fields_get())

    def test_reading_is_told(self):
        """Given quality reads a name, then the trail says who read what of whom, not the value."""
        entries = self.env["audit.trail.entry"]
        of_patient = [("kind", "=", "read"), ("res_model", "=", self.patients._name)]
        self.ticket.with_user(self.quality).read(["name", "patient_ids"])
        self.assertFalse(entries.search([*of_patient, ("user_id", "=", self.quality.id)]))
        self._as("quality").read(["patient_name"])
        entry = entries.search(of_patient, limit=1)
        self.assertEqual((entry.user_id, entry.res_id), (self.quality, self.patient.id))
        self.assertEqual(entry.details["fields"], ["patient_name"])
        self.assertNotIn(VALUES["patient_name"], str(entry.read()))

    def test_refused_fields_are_told_once(self):
        """Given the auditor asks for clear values again and again, then one refusal per field."""
        told = []
        self.patch(
            events,
            "log_event",
            lambda env, kind, record=None, **options: told.append((kind, env.user, options)),
        )
        refused = 0
        for _time in range(3):
            for name in ("auditor", "intake"):
                for field in ("patient_name", "reporter_name"):
                    # Not assertRaises: its savepoint would forget what was told.
                    try:
                        self._as(name).read([field])
                    except AccessError:
                        refused += 1
        self.assertEqual(refused, 12)
        refusals = [
            (user, options["details"]["by"])
            for kind, user, options in told
            if kind == "refused" and options["own_transaction"]
        ]
        self.assertEqual(len(refusals), 4)
        self.assertEqual(len(set(refusals)), 4)

    def test_who_enters(self):
        """Given intake, engineer and manager, then entered and not given back; others not."""
        for name in ENTER:
            (row,) = self._as(name).web_save(
                {"patient_name_entry": "司马小光"},
                {"patient_name_entry": {}, "patient_name_masked": {}},
            )
            self.assertFalse(row["patient_name_entry"])
            self.assertEqual(row["patient_name_masked"], "司马*光")
            self.assertEqual(self._as("quality").patient_name, "司马小光")
            self.patient.patient_name = VALUES["patient_name"]
        for name in set(ROLES) - ENTER:
            for vals in ({"patient_phone": "13700000000"}, {"patient_phone_entry": "13700000000"}):
                self._refused(lambda name=name, vals=vals: self._as(name).write(vals))
            other = self._open()
            self._refused(
                lambda name=name, other=other: self._as(name).create({"ticket_id": other.id})
            )

    def test_who_reveals(self):
        """Given a reason, then intake, quality and manager see it once, and the trail says so."""
        for name in REVEAL:
            answer = self._as(name).reveal_sensitive_value("patient_phone", "call the family")
            self.assertEqual(answer["value"], VALUES["patient_phone"])
            entry = self.env["audit.trail.entry"].search([("kind", "=", "reveal")], limit=1)
            self.assertEqual(
                (entry.user_id, entry.res_id, entry.reason),
                (getattr(self, name), self.patient.id, "call the family"),
            )
        self._refused(lambda: self._as("intake").read(["patient_phone"]))
        # A refusal is told in a transaction of its own, which a test has not.
        self.patch(events, "log_event", lambda *args, **options: None)
        for name in set(ROLES) - REVEAL:
            self._refused(
                lambda name=name: self._as(name).reveal_sensitive_value("patient_phone", "curious")
            )

    def test_who_searches(self):
        """Given a whole value, then quality finds it; nobody else, and nobody by a part of it."""
        for field in SEARCHED:
            found = self._as("quality").search([(f"{field}_lookup", "=", VALUES[field])])
            self.assertEqual(found, self.patient)
            self.assertFalse(self._as("quality").search([(f"{field}_lookup", "=", "欧阳小")]))
            for name in ACCESS - SEARCH:
                self._refused(
                    lambda name=name, field=field: self._as(name).search(
                        [(f"{field}_lookup", "=", VALUES[field])]
                    )
                )
        # By way of the ticket as well.
        tickets = self.tickets.with_user(self.quality)
        by_phone = [("patient_ids.patient_phone_lookup", "=", VALUES["patient_phone"])]
        self.assertEqual(tickets.search(by_phone), self.ticket)
        for name in set(ROLES) - SEARCH:
            self._refused(
                lambda name=name: self.tickets.with_user(getattr(self, name)).search(by_phone)
            )
        for field in VALUES.keys() - SEARCHED:
            self.assertNotIn(f"{field}_lookup", self.patients._fields)

    def test_engineers_reach_it_through_their_tickets(self):
        """Given tickets of others, of the team and free ones: as the rule of tickets says."""
        other = self.patient.with_user(self.other_engineer)
        self._refused(lambda: other.read(["patient_name_masked"]))
        self._refused(lambda: other.write({"patient_name": "X"}))
        team = self.env["helpdesk.ticket.team"].create(
            {"name": "Team", "user_ids": [Command.set((self.engineer | self.other_engineer).ids)]}
        )
        self.ticket.team_id = team
        # A colleague of the team reads, and works on free tickets only.
        self.assertEqual(other.read(["patient_name_masked"])[0]["patient_name_masked"], "欧阳*华")
        self._refused(lambda: other.write({"patient_name": "X"}))
        self.ticket.user_id = False
        other.write({"patient_name_entry": "司马小光"})
        # At once, when the team changes.
        team.user_ids -= self.other_engineer
        self.env.flush_all()
        self._refused(lambda: other.read(["patient_name_masked"]))

    def test_an_engineer_and_quality_specialist_enters_within_reach_only(self):
        both = new_test_user(
            self.env,
            "patient_both",
            "meddev_base.group_field_engineer,meddev_base.group_quality_specialist",
        )
        patient = self.patient.with_user(both)
        self.assertEqual(patient.patient_name, VALUES["patient_name"])
        self._refused(lambda: patient.write({"patient_name": "X"}))
        self.ticket.user_id = both
        patient.write({"patient_name": "司马小光"})

    def test_company(self):
        """Given a ticket of another company, then its patient is there for nobody of this one."""
        company = self.env["res.company"].create({"name": "Second"})
        ticket = self._open(
            user=self.env.ref("base.user_root"), lot_id=False, company_id=company.id
        )
        patient = self.patients.create({"ticket_id": ticket.id} | VALUES)
        self.assertEqual(patient.company_id, company)
        for name in ACCESS:
            user = getattr(self, name)
            self.assertNotIn(patient, self.patients.with_user(user).search([]), name)
            self._refused(lambda user=user: patient.with_user(user).read(["display_name"]))

    # ------------------------------------------------------------ one per ticket

    def test_one_patient_per_ticket(self):
        self._refused(lambda: self._as("intake").create({"ticket_id": self.ticket.id}), UserError)
        self._refused(lambda: self._as("manager").copy(), UserError)
        ticket = self._open()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.patients.create([{"ticket_id": ticket.id}] * 2)

    def test_it_stays_with_its_ticket(self):
        ticket = self._open()
        self._refused(lambda: self._as("manager").write({"ticket_id": ticket.id}), UserError)
        self._as("manager").write({"ticket_id": self.ticket.id})

    def test_the_form_enters_it_with_the_ticket(self):
        """Given intake in the ticket's form, then the patient is made and not given back."""
        vals = {"patient_name_entry": "司马小光", "patient_phone_entry": "13700000000"}
        (row,) = (
            self.tickets.with_user(self.intake)
            .create({"name": "By form", "description": "x"})
            .web_save(
                {"patient_ids": [Command.create(vals)]},
                {"patient_ids": {"fields": {"patient_name_masked": {}, "patient_name_entry": {}}}},
            )
        )
        (patient,) = row["patient_ids"]
        self.assertEqual(patient["patient_name_masked"], "司马*光")
        self.assertFalse(patient["patient_name_entry"])
        self.assertEqual(
            self.patients.browse(patient["id"]).with_user(self.quality).patient_name, "司马小光"
        )

    def test_the_page_is_there_for_whom_it_concerns(self):
        """Given the form of each role, then the page, its inputs and its eyes as the rights are."""
        for name in ROLES:
            views = self.tickets.with_user(getattr(self, name)).get_views([(False, "form")])
            arch = views["views"]["form"]["arch"]
            self.assertEqual('name="patient"' in arch, name in ACCESS, name)
            for field in VALUES:
                self.assertEqual(f'name="{field}_entry"' in arch, name in ENTER, (name, field))
                self.assertNotIn(f'name="{field}"', arch)
            if name in ACCESS:
                described = views["models"]["meddev.ticket.patient"]["fields"]
                self.assertEqual(
                    described["patient_phone_masked"]["can_reveal"], name in REVEAL, name
                )

    # ------------------------------------------------------------ archive, deletion

    def test_archived_with_its_ticket(self):
        """Given an archived ticket, then nobody enters or changes its patient, sudo included."""
        empty = self._open()
        self._bring_to("archived", self.ticket)
        self._bring_to("archived", empty)
        root = self.patient.with_user(self.env.ref("base.user_root")).sudo()
        for attempt in (
            lambda: self._as("manager").write({"patient_name": "X"}),
            lambda: self._as("intake").web_save({"patient_name_entry": "X"}, {}),
            lambda: root.write({"note": "X"}),
            lambda: root._write_multi([{"note": "X"}]),
            lambda: root.create({"ticket_id": empty.id}),
            root.unlink,
            lambda: self.ticket.sudo().write(
                {"patient_ids": [Command.update(self.patient.id, {"note": "X"})]}
            ),
        ):
            self._refused(attempt, UserError)
        self.assertEqual(self._as("quality").note, VALUES["note"])
        self.assertEqual(
            self._as("intake").reveal_sensitive_value("note", "late question")["value"],
            VALUES["note"],
        )

    def test_entered_and_archived_in_one_go(self):
        ticket = self._open()
        self._bring_to("done", ticket)
        patient = self.patients.create({"ticket_id": ticket.id})
        patient.with_user(self.intake).patient_phone = "13700000000"
        ticket.with_user(self.manager).move_to("archived")
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(patient.with_user(self.quality).patient_phone, "13700000000")

    def test_plain_sql_on_an_archived_patient_is_recorded(self):
        """Given a change past Odoo, then an amendment names the column, without the value."""
        self._bring_to("archived", self.ticket)
        self.env.flush_all()
        of_ticket = [("ticket_id", "=", self.ticket.id)]
        before = self.env["meddev.ticket.amendment"].search(of_ticket)
        self.env.cr.execute(
            "UPDATE meddev_ticket_patient SET note = NULL WHERE id = %s", self.patient.ids
        )
        self.env.cr.execute("DELETE FROM meddev_ticket_patient WHERE id = %s", self.patient.ids)
        self.env.invalidate_all()
        found = self.env["meddev.ticket.amendment"].search(of_ticket)
        deletion, change = (found - before).sorted("id", reverse=True)
        self.assertEqual((change.part, change.part_id), ("patient", self.patient.id))
        self.assertEqual(change.summary, "Note on the Patient")
        self.assertTrue(deletion.is_deletion)
        for value in VALUES.values():
            self.assertNotIn(value, str((found.mapped("changes"), found.mapped("summary"))))

    def test_lawful_erasure_reaches_the_archive(self):
        """Given the demand of a person, then the privacy officer erases, archived or not."""
        officer = new_test_user(self.env, "patient_officer", "sensitive_data.group_privacy_officer")
        self._bring_to("archived", self.ticket)
        self._refused(lambda: self._as("manager").erase_sensitive_data("please"))
        self.patient.with_user(officer).erase_sensitive_data("demand of the person")
        self.assertFalse(self._as("quality").patient_name)
        self.assertEqual(self._as("auditor").patient_name_masked, "(erased)")
        self.assertFalse(
            self._as("quality").search([("patient_phone_lookup", "=", VALUES["patient_phone"])])
        )

    def test_deleted_with_the_ticket_alone(self):
        """Given the manager deletes a received ticket, then the patient and its index are gone."""
        for name in ACCESS:
            self._refused(lambda name=name: self._as(name).unlink())
        self._refused(lambda: self.patient.sudo().unlink(), UserError)
        index = [("res_model", "=", self.patients._name), ("res_id", "=", self.patient.id)]
        self.assertTrue(self.env["sensitive.index"].sudo().search(index))
        self.ticket.with_user(self.manager).with_context(audit_trail_reason="By mistake").unlink()
        self.env.invalidate_all()
        self.assertFalse(self.patient.exists())
        self.assertFalse(self.env["sensitive.index"].sudo().search(index))
        entry = self.env["audit.trail.entry"].search(
            [("res_model", "=", self.patients._name), ("res_id", "=", self.patient.id)], limit=1
        )
        self.assertEqual((entry.kind, entry.user_id), ("delete", self.manager))

    # ------------------------------------------------------------ what others tell of it

    def test_neighbours_carry_no_value(self):
        """Given entries and changes, then chatter, mails, timeline and trail hold no value."""
        self.env.cr.precommit.run()
        self.patient.with_user(self.engineer).write({"patient_phone": "13711112222"})
        self._bring_to("done", self.ticket)
        self.env.cr.precommit.run()
        self.env.flush_all()
        told = [
            self.ticket.message_ids.mapped("body"),
            self.ticket.message_ids.tracking_value_ids.mapped("new_value_char"),
            self.env["mail.mail"].search([]).mapped("body_html"),
            self.env["meddev.device.event"].search([("lot_id", "=", self.device.id)]).read(),
            self.env["audit.trail.entry"].search([], limit=200).read(),
            self.ticket.copy().read(),
        ]
        for value in (*VALUES.values(), "13711112222"):
            self.assertNotIn(value, str(told))


@tagged("post_install", "-at_install")
class TestTicketPatientRemote(PatientCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_tickets()
        cls._set_up_patient()

    def _json2(self, role, method, **body):
        user = getattr(self, role)
        # sudo: the key only carries the call.
        key = self.env["res.users.apikeys"].with_user(user).sudo()._generate("rpc", "patient", None)
        self.env.flush_all()
        answer = self.url_open(
            f"/json/2/meddev.ticket.patient/{method}",
            data=json.dumps(body),
            headers={"Authorization": f"bearer {key}", "Content-Type": "application/json"},
        )
        self.env.invalidate_all()
        return answer

    @mute_logger(*QUIET)
    def test_over_json2(self):
        """Given each role over the network, then as in the client."""
        ids = self.patient.ids
        for name in ROLES:
            clear = self._json2(name, "read", ids=ids, fields=["patient_phone"])
            masks = self._json2(name, "read", ids=ids, fields=["patient_phone_masked"])
            with self.subTest(role=name):
                self.assertEqual("13812345678" in clear.text, name in READ)
                self.assertEqual(clear.status_code, 200 if name in READ else 403)
                self.assertEqual("138****5678" in masks.text, name in ACCESS)
                self.assertEqual(masks.status_code, 200 if name in ACCESS else 403)
        asked = {"ids": ids, "name": "patient_phone", "reason": "call the family"}
        for name in REVEAL:
            seen = self._json2(name, "reveal_sensitive_value", **asked)
            self.assertEqual(seen.json()["value"], "13812345678", name)
        for name, status in (("intake", 200), ("quality", 403), ("dispatcher", 403)):
            answer = self._json2(name, "write", ids=ids, vals={"record_number": "ZY20269999"})
            self.assertEqual(answer.status_code, status, name)
        self.assertEqual(self.patient.with_user(self.quality).record_number, "ZY20269999")

    def test_entered_and_revealed_on_the_form(self):
        """Given intake in the browser, then entered, masked, revealed; in both languages."""
        self.env["res.lang"]._activate_lang("zh_CN")
        for lang, code in (("en", "en_US"), ("zh", "zh_CN")):
            self.intake.lang = code
            ticket = self._open()
            self.start_tour(
                f"/odoo/helpdesk.ticket/{ticket.id}",
                f"meddev_service_patient_{lang}",
                login=self.intake.login,
                timeout=120,
            )
            ticket = ticket.with_user(self.quality)
            self.assertEqual(ticket.patient_ids.patient_phone, "13812345678")
