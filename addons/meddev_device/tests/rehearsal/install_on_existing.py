#!/usr/bin/env python3
"""Rehearse installing, updating and uninstalling on a database that already lives.

    python addons/meddev_device/tests/rehearsal/install_on_existing.py [LOTS] [--keep]

Fills a private database, which never heard of us, with LOTS serial numbers (2,000 unless
told; a quarter in stock, a quarter delivered, one in a hundred a twin in another spelling), an
open receipt, and as many tickets of bare helpdesk_mgmt as lots, in all its stages; then installs
the addons one after the other, receives a part of the receipt as before, flags the product as a
medical device, shows what the rest of the receipt is now asked for and validates it, updates from
the first version so that every migration runs, uninstalls in reverse order, and proves after each
step that core's lots and helpdesk's tickets are what they were. Prints the seconds of each step.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[4]
sys.path.insert(0, str(CHECKOUT / "config"))

from tool import (  # noqa: E402 (the path above comes first)
    addons,
    odoo,
    odoo_source,
    paths,
    python_env,
    templates,
)
from tool.postgres import Cluster  # noqa: E402

DATABASE = "rehearsal_device"
ADDONS = ("meddev_base", "meddev_device", "meddev_purchase", "meddev_service", addons.APPLICATION)
#: What every addon was at first, and what the migrations start from.
FIRST_VERSION = "19.0.1.0.0"
#: What the refusals of an uninstallation say.
EXPORT_MISSING = "There is no verified export"
ANCHOR_MISSING = "Send the Anchor to"

PREPARE = """
supplier = env["res.partner"].create({"name": "Rehearsal Supplier"})
clerk = env["res.users"].create({"name": "Rehearsal Clerk", "login": "rehearsal_clerk",
    "group_ids": [(6, 0, [env.ref("stock.group_stock_user").id])]})
buyer = env["res.partner"].create({"name": "Rehearsal Hospital", "is_company": True})
product = env["product.product"].create(
    {"name": "Rehearsal Monitor", "is_storable": True, "tracking": "serial"})
warehouse = env["stock.warehouse"].search([], limit=1)
kinds = {"in": warehouse.in_type_id, "out": warehouse.out_type_id}
places = {"stock": warehouse.lot_stock_id,
          "supplier": env.ref("stock.stock_location_suppliers"),
          "customer": env.ref("stock.stock_location_customers")}
delivery = env["stock.picking"].create({
    "picking_type_id": kinds["out"].id, "partner_id": buyer.id,
    "location_id": places["stock"].id, "location_dest_id": places["customer"].id})
move = env["stock.move"].create({
    "product_id": product.id, "product_uom_qty": 1, "picking_id": delivery.id,
    "location_id": places["stock"].id, "location_dest_id": places["customer"].id})
receipt = env["stock.picking"].create({
    "picking_type_id": kinds["in"].id, "partner_id": supplier.id,
    "location_id": places["supplier"].id, "location_dest_id": places["stock"].id})
env["stock.move"].create({
    "product_id": product.id, "product_uom_qty": 3, "picking_id": receipt.id, "picked": True,
    "location_id": places["supplier"].id, "location_dest_id": places["stock"].id,
    "move_line_ids": [(0, 0, {"lot_name": name, "quantity": 1, "picked": True,
        "product_id": product.id, "picking_id": receipt.id,
        "location_id": places["supplier"].id, "location_dest_id": places["stock"].id})
        for name in ("R-NEW-1", "r-000010", "R-NEW-2")]})
receipt.action_confirm()
env.flush_all()
cr = env.cr
company, uom = env.company.id, product.uom_id.id
cr.execute('''
    INSERT INTO stock_lot (name, product_id, create_date, write_date, create_uid, write_uid)
    SELECT CASE WHEN n %% 100 = 0 THEN 'ｒ-' ELSE 'R-' END
           || lpad((CASE WHEN n %% 100 = 0 THEN n - 1 ELSE n END)::text, 6, '0'),
           %s, '2024-01-01', '2024-01-01', 1, 1
      FROM generate_series(1, %s) n''', [product.id, LOTS])
cr.execute("SELECT min(id) FROM stock_lot WHERE product_id = %s", [product.id])
first = cr.fetchone()[0]
cr.execute('''
    INSERT INTO stock_quant (product_id, lot_id, location_id, company_id, quantity,
                             reserved_quantity, in_date)
    SELECT %(product)s, id, CASE WHEN id %% 4 = 0 THEN %(stock)s ELSE %(customer)s END,
           CASE WHEN id %% 4 = 0 THEN %(company)s END, 1, 0, '2024-02-01'
      FROM stock_lot WHERE product_id = %(product)s AND id %% 4 < 2''', {
    "product": product.id, "stock": places["stock"].id,
    "customer": places["customer"].id, "company": company})
cr.execute("UPDATE stock_move SET state = 'done' WHERE id = %s", [move.id])
cr.execute("UPDATE stock_picking SET state = 'done', date_done = '2024-02-01' WHERE id = %s",
           [delivery.id])
cr.execute('''
    INSERT INTO stock_move_line (product_id, lot_id, move_id, picking_id, location_id,
                                 location_dest_id, company_id, quantity, quantity_product_uom,
                                 product_uom_id, state, date, picked)
    SELECT %(product)s, id, %(move)s, %(picking)s, %(stock)s, %(customer)s, %(company)s, 1, 1,
           %(uom)s, 'done', '2024-02-01', TRUE
      FROM stock_lot WHERE product_id = %(product)s AND id %% 4 = 1''', {
    "product": product.id, "move": move.id, "picking": delivery.id,
    "stock": places["stock"].id, "customer": places["customer"].id, "company": company,
    "uom": uom})
cr.execute("SELECT array_agg(id ORDER BY id) FROM helpdesk_ticket_stage")
stages = cr.fetchone()[0]
# One ticket in seven has no stage, every second one no known day of its last move.
cr.execute('''
    INSERT INTO helpdesk_ticket (number, name, description, company_id, stage_id, partner_id,
                                 active, priority, create_date, write_date, create_uid, write_uid,
                                 last_stage_update, closed_date)
    SELECT 'OLD' || n, 'Old ticket ' || n, '<p>It beeps</p>', %(company)s, stage.id, %(partner)s,
           TRUE, '1', '2024-03-01', '2024-03-05', 2, 2,
           CASE WHEN n %% 2 = 0 THEN timestamp '2024-03-03' END,
           CASE WHEN stage.closed THEN timestamp '2024-03-04' END
      FROM generate_series(1, %(count)s) n
 LEFT JOIN helpdesk_ticket_stage stage ON stage.id = (%(stages)s::int[])[n %% %(cycle)s + 1]''', {
    "company": company, "partner": buyer.id, "count": LOTS, "stages": stages,
    "cycle": len(stages) + 1})
env.cr.commit()
cr.execute("ANALYZE")
answer(product=product.id, template=product.product_tmpl_id.id, receipt=receipt.id,
       customer=buyer.id, clerk=clerk.id)
"""

PART = """
# As shipped, by somebody who has no role of ours.
receipt = env(user=KNOWN["clerk"])["stock.picking"].browse(KNOWN["receipt"])
receipt.move_line_ids.filtered(lambda line: line.lot_name != "R-NEW-1").picked = False
action = receipt.button_validate()
if isinstance(action, dict):
    wizards = receipt.env[action["res_model"]].with_context(action["context"])
    wizards.create({}).process()
rest = receipt.backorder_ids
rest.move_line_ids.unlink()
rest.move_ids.move_line_ids = [
    (0, 0, {"lot_name": name, "quantity": 1, "picked": True, "product_id": KNOWN["product"],
            "picking_id": rest.id, "location_id": rest.location_id.id,
            "location_dest_id": rest.location_dest_id.id})
    for name in ("r-000010", "R-NEW-2")]
env.flush_all()
env.cr.commit()
answer(state=receipt.state, lots=receipt.move_line_ids.lot_id.mapped("name"), rest=rest.id)
"""

FLAG = """
start = clock()
template = env["product.template"].browse(KNOWN["template"])
template.is_medical_device = True
env.flush_all()
flagged = clock() - start
env["meddev.udi.di"].create(
    {"product_tmpl_id": template.id, "di": "06901234567892", "issuer": "gs1"})
env.cr.execute("UPDATE stock_lot SET udi_di = '06901234567892' WHERE product_id = %s AND id = %s",
               [KNOWN["product"], KNOWN["last"]])
env.cr.commit()
env.cr.execute("ANALYZE")
env.cr.execute('''
    SELECT device_state, origin, count(*), count(customer_id), count(*) FILTER (
               WHERE serial_conflict)
      FROM stock_lot WHERE is_device GROUP BY 1, 2 ORDER BY 1, 2''')
rows = env.cr.fetchall()
env.cr.execute("SELECT count(*) FROM meddev_device_event")
answer(seconds=flagged, rows=rows, events=env.cr.fetchone()[0])
"""

ASKED = """
# As shipped: an inspection is asked for, and papers where no inspection is.
from odoo.exceptions import RedirectWarning, UserError
company = env.company
receipt = env(user=KNOWN["clerk"])["stock.picking"].browse(KNOWN["rest"])
def refusal():
    try:
        receipt.button_validate()
    except (RedirectWarning, UserError) as error:
        return list(error.args)
settings = [company.meddev_inspection_policy, company.meddev_receipt_paper_policy]
inspection = refusal()
company.meddev_inspection_policy = "optional"
papers = refusal()
name, product = receipt.name, receipt.product_id.display_name
env.cr.rollback()
answer(settings=settings, inspection=inspection, papers=papers, name=name, product=product)
"""

RECEIVE = """
# The other way out of both refusals: settings of the company.
env.company.write({"meddev_inspection_policy": "optional", "meddev_receipt_paper_policy": "ignore"})
receipt = env["stock.picking"].browse(KNOWN["rest"])
start = clock()
receipt.button_validate()
env.flush_all()
seconds = clock() - start
env.cr.commit()
lots = receipt.move_line_ids.lot_id
lists = env["stock.lot"]
def timed(call):
    call()
    env.invalidate_all()
    start = clock()
    call()
    return round((clock() - start) * 1000, 1)
spec = {"name": {}, "product_id": {"fields": {"display_name": {}}}, "device_state": {},
        "customer_id": {"fields": {"display_name": {}}}, "is_recalled": {}}
answer(state=receipt.state, conflicts=lots.filtered("serial_conflict").mapped("name"),
       seconds=seconds,
       list_ms=timed(lambda: lists.web_search_read([("is_device", "=", True)], spec, limit=80,
                                                      count_limit=10001)),
       serial_ms=timed(lambda: lists.search([("device_search", "=", "ｒ-000777")], limit=80)),
       part_ms=timed(lambda: lists.search([("device_search", "ilike", "000777")], limit=80)))
"""

UNINSTALL = """
# What is tracked goes only after an auditor's verified export, and the anchor out first.
import os, tempfile
from odoo.exceptions import UserError
module = env["ir.module.module"].search([("name", "=", ADDON)])
def refusal():
    try:
        module.button_uninstall()
    except UserError as error:
        return str(error)
    finally:
        env.cr.rollback()
refusals = [refusal()]
if refusals[0]:
    env.user.group_ids += env.ref("audit_trail.group_auditor")
    env.user.company_ids = env["res.company"].with_context(active_test=False).search([])
    # These are changes themselves, and belong into the export.
    env.cr.commit()
    # An export ends with a seal, and nothing is sealed while an older transaction of the whole
    # cluster runs: that of a test beside this one, say.
    seals, deadline = env["audit.trail.seal"], clock() + 600
    while not seals.search_count([], limit=1) and clock() < deadline:
        seals._seal()
        env.cr.commit()
        time.sleep(0 if seals.search_count([], limit=1) else 2)
    env["audit.trail.export"].create_export()
    env.cr.commit()
    refusals.append(refusal())
    os.environ["AUDIT_TRAIL_ANCHOR_DIR"] = tempfile.mkdtemp()
module.button_immediate_uninstall()
env.cr.commit()
answer(refusals=refusals)
"""

READ = """
# An employee without any role of helpdesk or ours reads the one ticket that they follow.
employee = env["res.users"].search([("login", "=", "rehearsal_employee")]) or env[
    "res.users"].create({"name": "Rehearsal Employee", "login": "rehearsal_employee"})
ticket = env["helpdesk.ticket"].search([("number", "=", "OLD1")])
ticket.message_subscribe(employee.partner_id.ids)
env.flush_all()
names = env["helpdesk.ticket"].with_user(employee).search([]).mapped("name")
env.cr.commit()
answer(names=names)
"""

DIGEST = """
SELECT json_build_object(
    'lots', (SELECT count(*) FROM stock_lot),
    'names', (SELECT md5(string_agg(md5(id || name || product_id), '' ORDER BY id))
                FROM stock_lot WHERE id <= %(last)s),
    'quants', (SELECT sum(quantity) FROM stock_quant WHERE lot_id <= %(last)s),
    'tickets', (SELECT md5(string_agg(md5(row(
        id, number, name, description, company_id, stage_id, partner_id, active, priority,
        create_date, create_uid, last_stage_update, closed_date)::text), '' ORDER BY id))
                FROM helpdesk_ticket WHERE number LIKE 'OLD%%'))
"""

#: What the addons keep on all of it, and what their migrations touch.
OURS = """
SELECT json_build_object(
    'devices', (SELECT md5(string_agg(md5(row(
        id, is_device, device_state, origin, customer_id, serial_conflict, normalised_serial,
        udi_di, receipt_id, received_on)::text), '' ORDER BY id)) FROM stock_lot),
    'events', (SELECT md5(string_agg(md5(row(id, lot_id, kind)::text), '' ORDER BY id))
                 FROM meddev_device_event),
    'tickets', (SELECT md5(string_agg(md5(row(
        id, service_state, lot_id, place_id, received_at, in_progress_at, waiting_at,
        done_at)::text), '' ORDER BY id)) FROM helpdesk_ticket),
    'identifiers', (SELECT json_agg(di ORDER BY id) FROM meddev_udi_di),
    'reminders', (SELECT json_agg(source ->> 'en_US' ORDER BY id)
                    FROM meddev_registration_reminder_step),
    'roles', (SELECT json_agg(COALESCE(needs_second_factor, FALSE) ORDER BY id) FROM meddev_role),
    'tracked', (SELECT json_agg(reads_are_logged ORDER BY id) FROM audit_trail_rule),
    'rule', (SELECT domain_force LIKE '%%is_followed%%' FROM ir_rule WHERE id = %(rule)s))
"""

#: What the first version left behind, which the migrations mend; by what OURS calls it.
AGE = {
    "devices": "UPDATE stock_lot SET received_on = NULL WHERE receipt_id IS NOT NULL;"
    " UPDATE stock_lot SET udi_di = '6901234567892' WHERE id = %(last)s",
    "identifiers": "UPDATE meddev_udi_di SET di = '6901234567892'",
    "reminders": "UPDATE meddev_registration_reminder_step SET source ="
    " CASE source ->> 'en_US' WHEN 'State Council Order No. 739 (2021) Art. 22'"
    " THEN jsonb_build_object('en_US', 'Regulations 739 Art. 22') END"
    " WHERE id IN (SELECT res_id FROM ir_model_data WHERE module = 'meddev_device'"
    " AND name ~ '^registration_reminder_step_[0-9]+$')",
    "roles": "UPDATE meddev_role SET needs_second_factor = FALSE",
    "tracked": "UPDATE audit_trail_rule SET reads_are_logged = FALSE WHERE id = %(patients)s",
    "rule": "UPDATE ir_rule SET domain_force = '[]' WHERE id = %(rule)s",
}

STAGES = """
SELECT json_agg(row_to_json(stage)) FROM (
    SELECT id, name->>'en_US' AS name, COALESCE(closed, FALSE) AS closed,
           COALESCE(unattended, FALSE) AS unattended
      FROM helpdesk_ticket_stage
     WHERE id IN (SELECT stage_id FROM helpdesk_ticket) ORDER BY id) stage
"""

#: Our state of the tickets of each stage, and what is stamped.
TICKETS = """
SELECT json_agg(row_to_json(counted)) FROM (
    SELECT COALESCE(data.name, 'none') AS stage, ticket.service_state AS state,
           stage.service_state AS stage_state, count(*) AS tickets,
           count(received_at) AS received, count(received_by_id) AS received_by,
           count(in_progress_at) AS in_progress, count(waiting_at) AS waiting,
           count(done_at) AS done,
           count(*) FILTER (WHERE done_at = '2024-03-04' OR in_progress_at IN (
               '2024-03-03', '2024-03-05') OR waiting_at IN ('2024-03-03', '2024-03-05')
           ) AS dated
      FROM helpdesk_ticket ticket
 LEFT JOIN helpdesk_ticket_stage stage ON stage.id = ticket.stage_id
 LEFT JOIN ir_model_data data ON data.model = 'helpdesk.ticket.stage' AND data.res_id = stage.id
           AND data.module = 'helpdesk_mgmt'
  GROUP BY 1, 2, 3) counted
"""

STATE_OF_STAGE = {
    "none": "received",
    "helpdesk_ticket_stage_new": "received",
    "helpdesk_ticket_stage_in_progress": "in_progress",
    "helpdesk_ticket_stage_awaiting": "waiting",
    "helpdesk_ticket_stage_done": "done",
    "helpdesk_ticket_stage_cancelled": "done",
    "helpdesk_ticket_stage_rejected": "done",
}


class Rehearsal:
    """One database, from before us to after us."""

    def __init__(self, lots):
        self.lots = lots
        self.known = {}
        self.cluster = None
        self.configuration = None

    def run(self):
        python_env.ensure()
        python_env.link_odoo(odoo_source.ensure())
        self.cluster = Cluster("test").ensure()
        templates.ensure_base(self.cluster)
        templates.copy(self.cluster, templates.BASE, DATABASE)
        self.configuration = odoo.write_configuration(
            odoo.PROFILES / "test.conf", self.cluster, DATABASE, db_name=DATABASE
        )
        self.known = self._step("fill the database", lambda: self._shell(PREPARE))
        self.known["last"] = int(self._query("SELECT max(id) FROM stock_lot"))
        before, stages = self._digest(), self._query(STAGES)
        for addon in ADDONS:
            self._step(f"install {addon}", lambda addon=addon: self._install("-i", addon))
            self._prove("no lot, quant or ticket has changed", self._digest() == before)
        self._prove(
            "no lot is a device yet",
            self._query("SELECT count(*) FROM stock_lot WHERE is_device") == "0",
        )
        self._prove("helpdesk's stages keep their names", self._query(STAGES) == stages)
        self._prove_tickets()
        self._receive_part(before)
        flagged = self._step("flag the product (with start of Odoo)", lambda: self._shell(FLAG))
        say(f"  flagging alone: {flagged['seconds']:.1f} s")
        for state, origin, count, placed, conflicts in flagged["rows"]:
            say(f"  {state:12} {origin:10} {count:8} lots, {placed} placed, {conflicts} to review")
        counts = {row[0]: row for row in flagged["rows"]}
        self._prove(
            "every lot is a device with its first event",
            sum(row[2] for row in flagged["rows"]) == self.lots + 1 == flagged["events"],
        )
        self._prove("twins await review", sum(r[4] for r in flagged["rows"]) == self.lots // 100)
        self._prove(
            "states follow from stock",
            set(counts) == {"in_stock", "shipped", "in_service"}
            and counts["shipped"][2] == counts["shipped"][3]
            and counts["in_service"][1] == "legacy",
        )
        self._prove(
            "names and quants are untouched",
            self._digest() == before | {"lots": before["lots"] + 1},
        )
        self._prove_asked()
        received = self._step("validate the open receipt", lambda: self._shell(RECEIVE))
        say(
            f"  receipt {received['seconds']:.2f} s; list of 80 {received['list_ms']} ms,"
            f" exact serial {received['serial_ms']} ms, part of one {received['part_ms']} ms"
        )
        self._prove("the open receipt is done", received["state"] == "done")
        self._prove("its twin awaits review", received["conflicts"] == ["r-000010"])
        self._update()
        self._prove_tickets()
        for addon in reversed(ADDONS):
            self.known["addon"] = addon
            done = self._step(f"uninstall {addon}", lambda: self._shell(UNINSTALL))
            self._prove_refusals(addon, done["refusals"])
            self._prove(
                "uninstalling leaves core's lots and helpdesk's tickets",
                self._digest() == before | {"lots": before["lots"] + 3},
            )
            self._prove(
                "an employee reads the ticket that they follow",
                self._shell(READ)["names"] == ["Old ticket 1"],
            )
        self._prove("helpdesk's stages are what they were", self._query(STAGES) == stages)
        left = self._query(
            "SELECT count(*) FROM information_schema.columns WHERE (table_name = 'stock_lot'"
            " AND column_name IN ('is_device', 'device_state', 'normalised_serial'))"
            " OR (table_name IN ('helpdesk_ticket', 'helpdesk_ticket_stage')"
            " AND column_name IN ('service_state', 'lot_id', 'done_at'))"
        )
        self._prove("nothing of ours is left on lots and tickets", left == "0")
        self._step("install again", lambda: self._install("-i", *ADDONS))
        self._prove(
            "a second installation starts from nothing",
            self._query("SELECT count(*) FROM stock_lot WHERE is_device") == "0",
        )
        self._prove_tickets()

    def _receive_part(self, before):
        """Until a product is flagged, a receipt is validated as ever: nobody is asked anything."""
        part = self._step("receive a part, nothing flagged", lambda: self._shell(PART))
        self._prove(
            "as shipped, what is not flagged is received by a clerk without a role of ours",
            (part["state"], part["lots"]) == ("done", ["R-NEW-1"]),
        )
        self.known["rest"] = part["rest"]
        self._prove(
            "and nothing else has changed", self._digest() == before | {"lots": before["lots"] + 1}
        )

    def _prove_asked(self):
        """Once it is flagged, the refusals name the receipt, what is missing and the way out."""
        asked = self._step("validate the rest as shipped", lambda: self._shell(ASKED))
        self._prove("the settings are as shipped", asked["settings"] == ["required", "block"])
        text, action, button = asked["inspection"][:3]
        say(f"  {text} [{button}]")
        self._prove(
            "it asks for the inspection, by name and with a button to it",
            asked["name"] in text
            and asked["product"] in text
            and action["res_model"] == "meddev.incoming.inspection",
        )
        (text,) = asked["papers"]
        say("  " + text.replace("\n", "\n  "))
        self._prove(
            "where no inspection is asked for, it asks for the papers and tells who may do without",
            asked["name"] in text and "ask a quality specialist" in text,
        )

    def _update(self):
        """Every migration runs over the data that an installation of the first version left."""
        names = addons.names()
        listed = "', '".join(names)
        installed = self._query(
            f"SELECT string_agg(name, ',') FROM ir_module_module WHERE name IN ('{listed}')"
            " AND state = 'installed'"
        ).split(",")
        self.known |= {
            key: int(self._query(f"SELECT res_id FROM ir_model_data WHERE name = '{name}'"))
            for key, name in (
                ("rule", "helpdesk_ticket_rule_internal_user"),
                ("patients", "audit_trail_rule_ticket_patient"),
            )
        }
        before = json.loads(self._query(OURS % self.known))
        for statement in AGE.values():
            self._query(statement % self.known)
        aged = json.loads(self._query(OURS % self.known))
        self._prove(
            "the data are those of the first version",
            {key for key in before if before[key] != aged[key]} == set(AGE),
        )
        self._query(
            f"UPDATE ir_module_module SET latest_version = '{FIRST_VERSION}'"
            f" WHERE name IN ('{listed}') AND state = 'installed'"
        )
        log = paths.LOG / f"{DATABASE}.log"
        start = log.stat().st_size
        self._step("update from the first version", lambda: self._install("-u", *installed))
        with log.open(errors="replace") as lines:
            lines.seek(start)
            ran = lines.read().count("Running migration ")
        scripts = [
            script
            for script in paths.ADDONS.glob("*/migrations/*/*.py")
            if script.parts[-4] in installed
        ]
        self._prove(f"all {len(scripts)} migrations have run", ran == len(scripts) > 0)
        after = json.loads(self._query(OURS % self.known))
        changed = sorted(key for key in before if before[key] != after[key])
        self._prove(f"and the data are as of today {changed or ''}".strip(), not changed)

    def _prove_refusals(self, addon, refusals):
        """What holds no data goes at once; the rest asks for an export, then for an anchor."""
        if addon == addons.APPLICATION:
            self._prove("it was not refused: it keeps no data", refusals == [None])
            return
        for refusal in filter(None, refusals):
            say(f"  {refusal}")
        # An export made for one addon may hold all that the next one keeps.
        expected = (EXPORT_MISSING, ANCHOR_MISSING)
        if self.known.setdefault("exported_for", addon) != addon and len(refusals) == 2:
            expected = (refusals[0], ANCHOR_MISSING)
        self._prove(
            "it was refused without an export, and without an anchor",
            len(refusals) == 2
            and all(
                words in (refusal or "") for words, refusal in zip(expected, refusals, strict=True)
            ),
        )

    def _prove_tickets(self):
        """Each ticket has the state of its stage, stamped with the day that is known."""
        rows = json.loads(self._query(TICKETS))
        counts = {}
        for row in rows:
            counts[row["state"]] = counts.get(row["state"], 0) + row["tickets"]
        say("  tickets: " + ", ".join(f"{count} {state}" for state, count in counts.items()))
        self._prove(
            "every ticket has the state of its stage",
            {row["stage"]: row["state"] for row in rows} == STATE_OF_STAGE
            and sum(row["tickets"] for row in rows) == self.lots
            and all(row["stage_state"] in (row["state"], None) for row in rows),
        )
        self._prove(
            "and the stamps of that state alone",
            all(
                row["received"] == row["received_by"] == row["tickets"]
                and all(
                    row[state] == (row["tickets"] if row["state"] == state else 0)
                    for state in ("in_progress", "waiting", "done")
                )
                and row["dated"] == (0 if row["state"] == "received" else row["tickets"])
                for row in rows
            ),
        )

    def close(self):
        if self.cluster:
            self.cluster.drop(DATABASE)

    def _step(self, name, call):
        start = time.monotonic()
        result = call()
        say(f"{name}: {time.monotonic() - start:.1f} s")
        return result

    def _prove(self, fact, is_true):
        say(f"  {'ok' if is_true else 'WRONG'}: {fact}")
        if not is_true:
            raise SystemExit(f"rehearsal: not true: {fact}")

    def _install(self, option, *addons):
        options = () if option == "-i" else (option, ",".join(addons))
        odoo.install(self.cluster, self.configuration, DATABASE, addons, DATABASE, *options)

    def _digest(self):
        return json.loads(self._query(DIGEST % self.known))

    def _query(self, statement):
        return self.cluster.query(DATABASE, statement).strip()

    def _shell(self, script):
        head = (
            "import json, time\nclock = time.monotonic\n"
            f"LOTS = {self.lots}\nKNOWN = {self.known!r}\nADDON = KNOWN.get('addon')\n"
            "def answer(**values): print('ANSWER ' + json.dumps(values))\n"
        )
        done = subprocess.run(
            [
                *map(str, odoo.command(self.configuration)[:3]),
                "shell",
                "--config",
                str(self.configuration),
                "--no-http",
                "-d",
                DATABASE,
            ],
            input=head + script + "\n",
            env=odoo.environment(self.cluster),
            cwd=CHECKOUT,
            text=True,
            capture_output=True,
        )
        lines = [line for line in done.stdout.splitlines() if "ANSWER " in line]
        if done.returncode or not lines:
            output = done.stdout[-2000:] + done.stderr[-6000:]
            raise SystemExit(f"rehearsal: the step failed\n{output}")
        return json.loads(lines[-1].split("ANSWER ", 1)[1])


def say(text):
    print(text, flush=True)


def main(arguments):
    numbers = [argument for argument in arguments if argument.isdigit()]
    rehearsal = Rehearsal(int(numbers[0]) if numbers else 2000)
    try:
        rehearsal.run()
    finally:
        if "--keep" not in arguments:
            rehearsal.close()
    say("rehearsal: all steps hold")


if __name__ == "__main__":
    main(sys.argv[1:])
