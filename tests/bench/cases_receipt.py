"""(c) Receiving thousands of serials: with UDI and inspection, against core's own receipt."""

import itertools
import time

from bench_machine import transaction, without_trail
from bench_measure import Case, Variant

LIMIT = 1.2
OURS, ALONE = "inspection with UDI", "core alone"
INSTALLED, OWN_SHARE = "core's way, ours installed", "inspection with UDI, trail off"
batch_numbers = itertools.count(1)


def order_and_receipt(env, product, supplier, quantity):
    """A confirmed purchase order of one serial-tracked product, and its receipt."""
    order = env["purchase.order"].create(
        {
            "partner_id": supplier.id,
            "order_line": [
                (
                    0,
                    0,
                    {
                        "product_id": product.id,
                        "product_qty": quantity,
                        "price_unit": 1.0,
                    },
                )
            ],
        }
    )
    if "paper_reason" in order._fields:
        # The suite asks why, where a supplier's papers are missing; its check is part of the cost.
        order.paper_reason = "Measured without papers"
    order.button_confirm()
    if "paper_reason" in order.picking_ids._fields:
        order.picking_ids.paper_reason = "Measured without papers"
    return order.picking_ids


def serials(count):
    batch = next(batch_numbers)
    return [f"R{batch:03}X{number:06}" for number in range(count)]


def core_way(database, login, quantity, steps):
    """As core's screens do it: import the serials into the operation, save, validate."""

    def run():
        with transaction(database) as env:
            if "meddev_inspection_policy" in env.company._fields:
                env.company.meddev_inspection_policy = "optional"
            picking = set_up(env, quantity)
            user_id = env["res.users"].search([("login", "=", login)]).id
            picking = picking.with_user(user_id)
            names = serials(quantity)
            with Steps(env, steps) as clock:
                move = picking.move_ids
                lines = move.action_generate_lot_line_vals(
                    {
                        "default_product_id": move.product_id.id,
                        "default_tracking": "serial",
                        "default_quantity": quantity,
                        "default_location_id": move.location_id.id,
                        "default_location_dest_id": move.location_dest_id.id,
                        "default_picking_id": picking.id,
                        "default_company_id": picking.company_id.id,
                    },
                    "import",
                    False,
                    0,
                    "\n".join(names),
                )
                clock.lap("read serials")
                new = [(0, 0, line_vals(line, move)) for line in lines]
                move.write({"move_line_ids": [(5, 0, 0), *new], "picked": True})
                env.flush_all()
                clock.lap("write lines")
                answer = picking.button_validate()
                env.cr.flush()
                clock.lap("validate")
            finished(picking, answer, quantity)
            return clock.total

    return run


def line_vals(line, move):
    return {
        "lot_name": line["lot_name"],
        "quantity": line["quantity"],
        "product_id": move.product_id.id,
        "picking_id": move.picking_id.id,
        "location_id": move.location_id.id,
        "location_dest_id": move.location_dest_id.id,
        "picked": True,
    }


def inspected(database, login, quantity, steps):
    """As our screens do it: paste the UDIs into the inspection, confirm."""

    def run():
        with transaction(database) as env:
            picking = set_up(env, quantity)
            user_id = env["res.users"].search([("login", "=", login)]).id
            di = env["meddev.udi.di"].search(
                [("product_tmpl_id", "=", picking.move_ids.product_id.product_tmpl_id.id)], limit=1
            )
            text = "\n".join(f"(01){di.di}(21){serial}" for serial in serials(quantity))
            env = env(user=user_id)
            inspection = env["meddev.incoming.inspection"].create(
                {"picking_id": picking.id, "paper_reason": "Measured without papers"}
            )
            env.flush_all()
            with Steps(env, steps) as clock:
                answer = inspection.capture(text)
                env.flush_all()
                clock.lap("capture")
                if answer["captured"] != quantity:
                    wrong = [row for row in answer["rows"] if row["error"]][:3]
                    raise AssertionError(f"the inspection refused rows: {wrong}")
                answer = inspection.action_confirm()
                env.cr.flush()
                clock.lap("confirm")
            finished(picking, answer, quantity)
            return clock.total

    return run


def set_up(env, quantity):
    product = env["product.product"].search([("default_code", "=", "M-0000")], limit=1)
    supplier = env["res.partner"].search([("name", "=", "Maker 0")], limit=1)
    env = env(user=env.ref("base.user_admin").id)
    picking = order_and_receipt(env, product.with_env(env), supplier.with_env(env), quantity)
    env.flush_all()
    env.invalidate_all()
    return picking


def finished(picking, answer, quantity):
    if picking.state != "done" or len(picking.move_line_ids.lot_id) != quantity:
        raise AssertionError(f"the receipt is {picking.state}: {str(answer)[:300]}")


class Steps:
    """Seconds of the steps of one run; collected over the runs of a variant."""

    def __init__(self, env, collected):
        self.collected = collected
        self.cr = env.cr

    def __enter__(self):
        self.started = self.last = time.perf_counter()
        self.queries = self.cr.sql_log_count
        return self

    def lap(self, name):
        now = time.perf_counter()
        self.collected.setdefault(name, []).append(round(now - self.last, 2))
        self.last = now

    def __exit__(self, *_):
        self.total = time.perf_counter() - self.started
        self.collected["queries"] = self.cr.sql_log_count - self.queries


def cases(ours, bare, quantity):
    names = (OURS, ALONE, INSTALLED, OWN_SHARE)
    notes = {name: {} for name in names}
    variants = [
        Variant(
            OURS,
            inspected(ours, "bench_parts", quantity, notes[OURS]),
        ),
        Variant(ALONE, core_way(bare, "bench_parts", quantity, notes[ALONE])),
        Variant(
            INSTALLED,
            core_way(ours, "bench_parts", quantity, notes[INSTALLED]),
        ),
        Variant(
            OWN_SHARE,
            without_trail(ours, inspected(ours, "bench_parts", quantity, notes[OWN_SHARE])),
        ),
    ]
    case = Case(
        f"receipt of {quantity:,} serials",
        variants,
        OURS,
        ALONE,
        LIMIT,
        repeats=1,
    )
    case.note = notes
    return [case]


def own_share(case):
    """The same measurements once more: what the addons cost without the audit trail."""
    variants = [case.variant(OWN_SHARE), case.variant(ALONE)]
    return Case(f"{case.name}, without the trail", variants, OWN_SHARE, ALONE, LIMIT)
