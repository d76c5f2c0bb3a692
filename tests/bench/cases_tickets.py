"""(b) Opening tickets, ours against bare helpdesk_mgmt, and (d) a trivial model as the floor."""

import itertools
import sys
from pathlib import Path

from bench_machine import connect, transaction, without_trail
from bench_measure import Case, Variant

sys.path.append(str(Path(__file__).resolve().parents[1] / "journeys"))
from clients import connect as connect_client  # noqa: E402 (the path above comes first)

SINGLE_LIMIT = 1.2
BATCH_LIMIT = 0.8
BATCH = 100
DESCRIPTION = "<p>The screen went dark during use and came back after a restart.</p>"
PASSWORD = "bench-only"
OWN_SHARE = "ours, trail off"
numbers = itertools.count(1)


def ticket_vals(world, count):
    """Tickets of a customer, and of a device where there is one."""
    for _ in range(count):
        number = next(numbers)
        vals = {
            "name": f"Screen dark {number}",
            "description": DESCRIPTION,
            "partner_id": world["customers"][number % len(world["customers"])],
        }
        if world["lots"]:
            lot, customer = world["lots"][number % len(world["lots"])]
            vals |= {"lot_id": lot, "partner_id": customer}
        yield vals


def trivial_vals(world, count):
    for _ in range(count):
        number = next(numbers)
        yield {
            "x_name": f"Record {number}",
            "x_text": DESCRIPTION,
            "x_number": number,
            "x_flag": True,
            "x_date": "2026-01-01",
            "x_float": 1.5,
            "x_partner_id": world["customers"][0],
            "x_kind": "plain",
        }


MODELS = {"helpdesk.ticket": ticket_vals, "x_bench_trivial": trivial_vals}


def make_trivial_model(env):
    """Eight plain fields, no mail: what any create costs at least."""
    kinds = {
        "x_name": "char",
        "x_text": "text",
        "x_number": "integer",
        "x_flag": "boolean",
        "x_date": "date",
        "x_float": "float",
        "x_kind": "char",
    }
    fields = [
        (0, 0, {"name": name, "ttype": kind, "field_description": name})
        for name, kind in kinds.items()
    ]
    partner = {"name": "x_partner_id", "ttype": "many2one", "relation": "res.partner"}
    fields.append((0, 0, partner | {"field_description": "partner"}))
    model = env["ir.model"].create(
        {"name": "Trivial", "model": "x_bench_trivial", "field_id": fields}
    )
    env["ir.model.access"].create(
        {
            "name": "trivial",
            "model_id": model.id,
            "group_id": env.ref("base.group_user").id,
            "perm_read": True,
            "perm_create": True,
        }
    )


def world_of(database, login):
    with transaction(database) as env:
        user = env["res.users"].search([("login", "=", login)])
        lots = []
        if "is_device" in env["stock.lot"]._fields:
            domain = [("is_device", "=", True), ("customer_id", "!=", False)]
            lots = [
                (lot.id, lot.customer_id.id) for lot in env["stock.lot"].search(domain, limit=50)
            ]
        domain = [("is_company", "=", True), ("name", "like", "Hospital %")]
        customers = env["res.partner"].search(domain, limit=50).ids
        return {"user": user.id, "login": login, "customers": customers, "lots": lots}


def in_process(database, world, model, count):
    """Create inside one process, with everything that a commit triggers but the commit."""

    def run():
        with transaction(database, world["user"]) as env:
            env[model].create(list(MODELS[model](world, count)))
            env.cr.flush()

    return run


def over(client, world, model, count):
    def run():
        client.create(model, list(MODELS[model](world, count)))

    return run


def cases_in_process(ours, bare):
    sides = (("ours", ours, world_of(ours, "bench_intake")),)
    sides += (("helpdesk_mgmt", bare, world_of(bare, "bench_intake")),)
    return [
        case(
            f"ticket, {label}, in process",
            [
                *[
                    Variant(name, in_process(database, world, "helpdesk.ticket", count), count)
                    for name, database, world in sides
                ],
                Variant(
                    "trivial model",
                    in_process(bare, sides[1][2], "x_bench_trivial", count),
                    count,
                ),
                Variant(
                    OWN_SHARE,
                    without_trail(
                        ours,
                        in_process(ours, sides[0][2], "helpdesk.ticket", count),
                        in_process(ours, sides[0][2], "helpdesk.ticket", 1),
                    ),
                    count,
                ),
            ],
            limit,
            repeats,
        )
        for label, count, limit, repeats in sizes()
    ]


def own_share(case):
    """The same measurements once more: what the addons cost without the audit trail."""
    variants = [case.variant(OWN_SHARE), case.variant("helpdesk_mgmt")]
    return Case(f"{case.name}, without the trail", variants, OWN_SHARE, "helpdesk_mgmt", case.limit)


def cases_over_http(ours, bare, url, apis=("xmlrpc", "json2")):
    sides = []
    for name, database in (("ours", ours), ("helpdesk_mgmt", bare)):
        sides.append((name, database, world_of(database, "bench_intake")))
    found = []
    for api in apis:
        clients = {
            database: connect_client(api, url, database, "bench_intake", PASSWORD)
            for _, database, _ in sides
        }
        for label, count, limit, repeats in sizes():
            variants = [
                Variant(name, over(clients[database], world, "helpdesk.ticket", count), count)
                for name, database, world in sides
            ]
            floor = over(clients[bare], sides[1][2], "x_bench_trivial", count)
            variants.append(Variant("trivial model", floor, count))
            found.append(case(f"ticket, {label}, {api}", variants, limit, repeats))
    return found


def sizes():
    return (
        ("one at a time", 1, SINGLE_LIMIT, 10),
        (f"{BATCH} at a time", BATCH, BATCH_LIMIT, 2),
    )


def case(name, variants, limit, repeats):
    return Case(name, variants, "ours", "helpdesk_mgmt", limit, repeats=repeats)


def tidy(*databases):
    """Delete what the calls over HTTP have committed, so that the next run starts alike."""
    for database in databases:
        connection = connect(database)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE helpdesk_ticket")
        connection.close()
