#!/usr/bin/env python3
"""Rehearse installing, updating and uninstalling on a database that already lives.

    python addons/meddev_device/tests/rehearsal/install_on_existing.py [LOTS] [--keep]

Fills a private database, which never heard of us, with LOTS serial numbers (2,000 unless
told; a quarter in stock, a quarter delivered, one in a hundred a twin in another spelling) and an
open receipt; then installs this addon, flags the product as a medical device, validates the
receipt, updates, uninstalls, and proves after each step that core's lots are what they were.
Prints the seconds of each step.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[4]
sys.path.insert(0, str(CHECKOUT / "config"))

from tool import odoo, odoo_source, python_env, templates  # noqa: E402 (the path above comes first)
from tool.postgres import Cluster  # noqa: E402

DATABASE = "rehearsal_device"
ADDON = "meddev_device"

PREPARE = """
supplier = env["res.partner"].create({"name": "Rehearsal Supplier"})
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
env.cr.commit()
cr.execute("ANALYZE")
answer(product=product.id, template=product.product_tmpl_id.id, receipt=receipt.id,
       customer=buyer.id)
"""

FLAG = """
start = clock()
env["product.template"].browse(KNOWN["template"]).is_medical_device = True
env.flush_all()
flagged = clock() - start
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

RECEIVE = """
receipt = env["stock.picking"].browse(KNOWN["receipt"])
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
env["ir.module.module"].search([("name", "=", "meddev_device")]).button_immediate_uninstall()
env.cr.commit()
answer()
"""

DIGEST = """
SELECT json_build_object(
    'lots', (SELECT count(*) FROM stock_lot),
    'names', (SELECT md5(string_agg(md5(id || name || product_id), '' ORDER BY id))
                FROM stock_lot WHERE id <= %(last)s),
    'quants', (SELECT sum(quantity) FROM stock_quant WHERE lot_id <= %(last)s))
"""


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
        before = self._digest()
        self._step("install", lambda: self._install("-i"))
        self._prove("install touches no lot", self._digest() == before)
        self._prove(
            "no lot is a device yet",
            self._query("SELECT count(*) FROM stock_lot WHERE is_device") == "0",
        )
        flagged = self._step("flag the product (with start of Odoo)", lambda: self._shell(FLAG))
        say(f"  flagging alone: {flagged['seconds']:.1f} s")
        for state, origin, count, placed, conflicts in flagged["rows"]:
            say(f"  {state:12} {origin:10} {count:8} lots, {placed} placed, {conflicts} to review")
        counts = {row[0]: row for row in flagged["rows"]}
        self._prove(
            "every lot is a device with its first event",
            sum(row[2] for row in flagged["rows"]) == self.lots == flagged["events"],
        )
        self._prove("twins await review", sum(r[4] for r in flagged["rows"]) == self.lots // 100)
        self._prove(
            "states follow from stock",
            set(counts) == {"in_stock", "shipped", "in_service"}
            and counts["shipped"][2] == counts["shipped"][3]
            and counts["in_service"][1] == "legacy",
        )
        self._prove("names and quants are untouched", self._digest() == before)
        received = self._step("validate the open receipt", lambda: self._shell(RECEIVE))
        say(
            f"  receipt {received['seconds']:.2f} s; list of 80 {received['list_ms']} ms,"
            f" exact serial {received['serial_ms']} ms, part of one {received['part_ms']} ms"
        )
        self._prove("the open receipt is done", received["state"] == "done")
        self._prove("its twin awaits review", received["conflicts"] == ["r-000010"])
        devices = self._query("SELECT count(*) FROM stock_lot WHERE is_device")
        self._step("update", lambda: self._install("-u"))
        self._prove(
            "update changes no device",
            self._query("SELECT count(*) FROM stock_lot WHERE is_device") == devices,
        )
        self._step("uninstall", lambda: self._shell(UNINSTALL))
        after = self._digest()
        self._prove(
            "uninstalling leaves core's lots",
            after["names"] == before["names"]
            and after["quants"] == before["quants"]
            and after["lots"] == before["lots"] + 3,
        )
        left = self._query(
            "SELECT count(*) FROM information_schema.columns WHERE table_name = 'stock_lot'"
            " AND column_name IN ('is_device', 'device_state', 'normalised_serial')"
        )
        self._prove("nothing of ours is left on the lots", left == "0")
        self._step("install again", lambda: self._install("-i"))
        self._prove(
            "a second installation starts from nothing",
            self._query("SELECT count(*) FROM stock_lot WHERE is_device") == "0",
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

    def _install(self, option):
        odoo.install(self.cluster, self.configuration, DATABASE, [ADDON], DATABASE, option, ADDON)

    def _digest(self):
        return json.loads(self._query(DIGEST % self.known))

    def _query(self, statement):
        return self.cluster.query(DATABASE, statement).strip()

    def _shell(self, script):
        head = (
            "import json, time\nclock = time.monotonic\n"
            f"LOTS = {self.lots}\nKNOWN = {self.known!r}\n"
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
