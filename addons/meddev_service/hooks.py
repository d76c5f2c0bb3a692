"""Installation on a database that already has many tickets, and the way out."""

import csv
import io

from lxml import etree

from odoo.tools.convert import convert_csv_import, convert_xml_import
from odoo.tools.misc import file_open

_TICKET_COLUMNS = {
    "service_state": "varchar",
    "lot_id": "int4",
    "product_id": "int4",
    "department_id": "int4",
    "contact_id": "int4",
    "place_id": "int4",
    "received_at": "timestamp",
    "received_by_id": "int4",
    "dispatched_at": "timestamp",
    "dispatched_by_id": "int4",
    "in_progress_at": "timestamp",
    "in_progress_by_id": "int4",
    "waiting_at": "timestamp",
    "waiting_by_id": "int4",
    "done_at": "timestamp",
    "done_by_id": "int4",
    "archived_at": "timestamp",
    "archived_by_id": "int4",
    "sla_policy_id": "int4",
    "sla_reasons": "jsonb",
    "sla_due_at": "timestamp",
}
_BATCH = 100_000
_UPSTREAM = "helpdesk_mgmt"


def pre_init_hook(env):
    """Add the columns by SQL and derive each ticket's state from its stage, in batches."""
    for name, column_type in _TICKET_COLUMNS.items():
        env.cr.execute(f"ALTER TABLE helpdesk_ticket ADD COLUMN IF NOT EXISTS {name} {column_type}")
    env.cr.execute(
        """
        ALTER TABLE helpdesk_ticket_stage ADD COLUMN IF NOT EXISTS service_state varchar;
        ALTER TABLE helpdesk_ticket_stage ADD COLUMN IF NOT EXISTS is_used boolean;
        UPDATE helpdesk_ticket_stage stage
           SET service_state = COALESCE(
                   (SELECT CASE data.name
                           WHEN 'helpdesk_ticket_stage_new' THEN 'received'
                           WHEN 'helpdesk_ticket_stage_awaiting' THEN 'waiting' END
                      FROM ir_model_data data
                     WHERE data.module = 'helpdesk_mgmt' AND data.res_id = stage.id
                       AND data.model = 'helpdesk.ticket.stage' AND NOT COALESCE(closed, false)),
                   CASE WHEN closed THEN 'done'
                        WHEN unattended THEN 'received'
                        ELSE 'in_progress' END),
               closed = COALESCE(closed, false),
               is_used = EXISTS (SELECT FROM helpdesk_ticket WHERE stage_id = stage.id);
        SELECT COALESCE(max(id), 0) FROM helpdesk_ticket
        """
    )
    (last_id,) = env.cr.fetchone()
    for first_id in range(0, last_id + 1, _BATCH):
        env.cr.execute(
            """
            UPDATE helpdesk_ticket ticket
               SET service_state = derived.state,
                   received_at = COALESCE(ticket.create_date, now() AT TIME ZONE 'UTC'),
                   received_by_id = ticket.create_uid,
                   in_progress_at = CASE derived.state WHEN 'in_progress' THEN derived.moved_at END,
                   in_progress_by_id =
                       CASE derived.state WHEN 'in_progress' THEN ticket.write_uid END,
                   waiting_at = CASE derived.state WHEN 'waiting' THEN derived.moved_at END,
                   waiting_by_id = CASE derived.state WHEN 'waiting' THEN ticket.write_uid END,
                   done_at = CASE derived.state
                       WHEN 'done' THEN COALESCE(ticket.closed_date, derived.moved_at) END,
                   done_by_id = CASE derived.state WHEN 'done' THEN ticket.write_uid END
              FROM (SELECT t.id, COALESCE(stage.service_state, 'received') AS state,
                           COALESCE(t.last_stage_update, t.write_date, t.create_date,
                                    now() AT TIME ZONE 'UTC') AS moved_at
                      FROM helpdesk_ticket t
                 LEFT JOIN helpdesk_ticket_stage stage ON stage.id = t.stage_id
                     WHERE t.id > %s AND t.id <= %s) derived
             WHERE derived.id = ticket.id AND ticket.service_state IS NULL
            """,
            (first_id, first_id + _BATCH),
        )


def post_init_hook(env):
    """Intake does not become the engineer of what it takes in, in no company."""
    companies = env["res.company"].with_context(active_test=False).search([])
    companies.helpdesk_mgmt_ticket_auto_assign = False


def uninstall_hook(env):
    """Take the triggers away before their table goes, or no ticket could be written any more."""
    env.cr.execute(
        """
        DROP TRIGGER IF EXISTS meddev_ticket_amendment ON helpdesk_ticket;
        DROP TRIGGER IF EXISTS meddev_ticket_amendment ON mail_message;
        DROP TRIGGER IF EXISTS meddev_ticket_amendment ON ir_attachment;
        DROP TRIGGER IF EXISTS meddev_ticket_amendment ON meddev_ticket_patient;
        DROP FUNCTION IF EXISTS meddev_ticket_record_amendment();
        DROP FUNCTION IF EXISTS meddev_ticket_record_part_amendment();
        DROP FUNCTION IF EXISTS meddev_ticket_record_patient_amendment();
        DROP FUNCTION IF EXISTS meddev_ticket_amend(int, int, int, text, int, jsonb, jsonb)
        """
    )
    _restore_rules(env)
    _restore_access_rows(env)
    # Our corrected templates of helpdesk_mgmt read a field that goes with us.
    for name in ("closed_ticket_template", "changed_stage_template"):
        template = env.ref(f"helpdesk_mgmt.{name}", raise_if_not_found=False)
        if not template:
            continue
        template.write(
            {
                "partner_to": "{{ object.partner_id.id or '' }}",
                "lang": "{{ object.partner_id.lang }}",
                "email_cc": "{{ not object.partner_id and object.partner_email or '' }}",
            }
        )
        for lang, _name in env["res.lang"].get_installed():
            translated = template.with_context(lang=lang)
            translated.body_html = translated.body_html.replace("object.contact_id.name or ", "")


def _restore_rules(env):
    """Load helpdesk_mgmt's own rules again over those of its rules that our file corrects.

    They are not updated there, and one of ours asks a field that goes with us: nobody could read a
    ticket any more.
    """
    corrected = {
        record.get("id"): _get_field_names(record)
        for record in _read_records("meddev_service/security/meddev_service_security.xml")
    }
    root = etree.Element("odoo")
    for record in _read_records(f"{_UPSTREAM}/security/helpdesk_security.xml"):
        xmlid = f"{_UPSTREAM}.{record.get('id')}"
        if xmlid not in corrected:
            continue
        root.append(record)
        # What upstream leaves at its default, such as the operations.
        names = corrected[xmlid] - _get_field_names(record)
        rule = env.ref(xmlid, raise_if_not_found=False)
        if rule and names:
            rule.write(rule.default_get(list(names)))
    document = io.BytesIO(etree.tostring(root))
    document.name = "helpdesk_security.xml"
    convert_xml_import(env, _UPSTREAM, document, mode="init", noupdate=True)


def _restore_access_rows(env):
    """Load helpdesk_mgmt's own access rows again over those that our file corrects."""
    prefix = f"{_UPSTREAM}."
    with file_open("meddev_service/security/ir.model.access.csv") as ours:
        ids = {row["id"] for row in csv.DictReader(ours) if row["id"].startswith(prefix)}
    with file_open(f"{_UPSTREAM}/security/ir.model.access.csv") as theirs:
        header, *rows = csv.reader(theirs)
    content = io.StringIO()
    csv.writer(content).writerows([header, *(row for row in rows if prefix + row[0] in ids)])
    convert_csv_import(env, _UPSTREAM, "ir.model.access.csv", content.getvalue().encode())


def _read_records(path):
    with file_open(path, "rb") as source:
        return etree.parse(source).findall(".//record")


def _get_field_names(record):
    return {field.get("name") for field in record.findall("field")}
