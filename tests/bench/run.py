#!/usr/bin/env python3
"""The bench: how fast, compared with what. ``make bench`` calls it; it is never a test.

Ratios count, not milliseconds: every comparison is made in one run, in interleaved rounds, and
told as medians. Databases are built once (SQL, minutes) and kept; --rebuild makes them anew.
The result goes to the console and to .meddev/bench/last.json; docs/bench.md keeps a reference.
"""

import argparse
import json
import os
import platform
import sys
import time
from contextlib import closing

import bench_machine as machine
import bench_measure
import bench_story
from bench_machine import BARE_MODULES, SUITE_MODULES, BenchError, say, step

GROUPS = ("screens", "tickets", "receipt", "audit", "rules")
PRODUCTS = 1000
TEMPLATE = "bench_template"
BARE = "bench_bare"
CREATE = "bench_create"
PEER = "bench_auditlog"
CREATE_DEVICES = 1000
PASSWORD = "bench-only"


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", type=int, default=10_000, help="devices (default 10,000)")
    parser.add_argument("--large", type=int, default=1_000_000, help="devices (default 1,000,000)")
    parser.add_argument("--quick", action="store_true", help="10,000 against 50,000; 1,000 serials")
    parser.add_argument("--serials", type=int, default=5000, help="of the receipt (default 5,000)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=GROUPS, action="append", help="repeatable")
    parser.add_argument("--rebuild", action="store_true", help="make all databases anew")
    parser.add_argument("--update", action="store_true", help="update our addons in the databases")
    parser.add_argument("--drop", action="store_true", help="drop the bench's databases and stop")
    options = parser.parse_args(arguments)
    if options.quick:
        options.large, options.serials, options.rounds = 50_000, 1000, 3
    wanted = options.only or GROUPS
    try:
        return bench(options, wanted)
    except BenchError as error:
        say(f"bench: {error}")
        return 1


def bench(options, wanted):
    if options.drop:
        for database in machine.databases():
            machine.drop(database)
        return 0
    started = time.time()
    has_peer = "audit" in wanted and machine.fetch_peer()
    machine.start_odoo_here()
    sizes = build(options, wanted)
    cases = []

    def keep(found):
        # Told at once: a later group that fails takes nothing with it.
        say()
        say(bench_measure.table(found))
        cases.extend(found)

    if "screens" in wanted:
        keep(screens(sizes, options.rounds))
    if "tickets" in wanted:
        keep(tickets(options.rounds))
    if "receipt" in wanted:
        keep(receipt(options.serials, max(2, options.rounds // 2)))
    facts = {}
    if "audit" in wanted:
        found, facts = audit(options, has_peer)
        keep(found)
    if "rules" in wanted:
        keep(rules(sizes, min(3, options.rounds)))
    say()
    for case in cases:
        for name, steps in (case.note or {}).items():
            say(f"{name}: {steps}")
    result = describe(options, started) | {"cases": [case.as_dict() for case in cases]}
    result["audit trail"] = facts
    path = machine.FOLDER / "last.json"
    path.write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    missed = [case.name for case in cases if case.reached is False]
    missed += facts.get("limits not reached", [])
    say()
    say(f"{result['machine']}; PostgreSQL {result['postgresql']}, {result['extensions']}")
    say(f"limits not reached: {', '.join(missed) or 'none'}; result: {path}")
    return 0


# Databases


def build(options, wanted):
    """Make what is missing; return the databases of both sizes with their labels."""
    sizes = [
        (f"bench_{number // 1000}k", number, f"{number:,}")
        for number in (options.small, options.large)
    ]
    if options.rebuild:
        for database in machine.databases():
            machine.drop(database)
    now = machine.fingerprint()
    needed = {"screens": [name for name, _, _ in sizes], "tickets": [CREATE, BARE]}
    needed["receipt"] = needed["tickets"]
    needed["audit"] = needed["tickets"]
    needed["rules"] = needed["screens"][-1:]
    missing = [
        name
        for group in wanted
        for name in needed[group]
        if not (machine.comment_of(name) or "").startswith("bench")
    ]
    if missing:
        say(f"databases to build: {', '.join(dict.fromkeys(missing))}")
    template = machine.comment_of(TEMPLATE) or ""
    if set(missing) - {BARE} and not template.startswith("bench"):
        build_template(now)
        template = f"bench {now}"
    made_from = template.removeprefix("bench ")
    for name, number, _ in [*sizes, (CREATE, CREATE_DEVICES, "")]:
        if name in missing:
            fill(name, number, made_from)
    if BARE in missing:
        build_bare()
    ours = {name for group in wanted for name in needed[group]} - {BARE}
    for name in sorted(ours):
        if machine.comment_of(name) != f"bench {now}":
            if options.update:
                with step(f"update {name}"):
                    machine.update(name)
                    machine.mark(name, f"bench {now}")
            else:
                say(f"  {name} was built from other sources of the addons; see --update")
    return [(name, label) for name, _, label in sizes]


def build_template(now):
    with step(f"install {', '.join(SUITE_MODULES)}"):
        machine.install(TEMPLATE, SUITE_MODULES)
    with step("tell the story through Odoo"), closing(machine.registry(TEMPLATE).cursor()) as cr:
        import cases_tickets

        from odoo import api

        env = api.Environment(cr, 1, {})
        world = bench_story.prepare(env, PRODUCTS)
        policies = ("meddev_order_paper_policy", "meddev_receipt_paper_policy")
        env.company.write(dict.fromkeys(policies, "warn"))
        story = bench_story.tell(env, world)
        cases_tickets.make_trivial_model(env)
        env["res.users"].search([("login", "=", "bench_intake")]).password = PASSWORD
        cr.commit()
    (machine.FOLDER / "story.json").write_text(json.dumps({"world": world, "story": story}))
    machine.close(TEMPLATE)
    machine.mark(TEMPLATE, f"bench {now}")


def fill(name, devices, now):
    saved = json.loads((machine.FOLDER / "story.json").read_text())
    say(f"  {name}: {devices:,} devices")
    started = time.perf_counter()
    machine.copy(TEMPLATE, name)
    with closing(machine.connect(name)) as connection, connection.cursor() as cursor:
        # What SQL makes up here is no evidence; a trail of it would only take time and room.
        switch_tracking(cursor, "DISABLE")
        written = bench_story.multiply(cursor, saved["world"], saved["story"], devices)
        switch_tracking(cursor, "ENABLE ALWAYS")
        cursor.execute("VACUUM ANALYZE")
    rows = sum(written.values())
    largest = sorted(written.items(), key=lambda item: -item[1])[:8]
    say(
        f"    {rows:,} rows in {time.perf_counter() - started:.0f} s: "
        + ", ".join(f"{table} {number:,}" for table, number in largest)
    )
    machine.mark(name, f"bench {now}")


def switch_tracking(cursor, state):
    cursor.execute("SELECT table_name FROM audit_trail_tracked")
    for (table,) in cursor.fetchall():
        cursor.execute(f'ALTER TABLE "{table}" {state} TRIGGER audit_trail_record')


def build_bare():
    """Core and helpdesk_mgmt alone, with the same kind of users, customers and products."""
    with step(f"install {', '.join(BARE_MODULES)}"):
        machine.install(BARE, BARE_MODULES)
    with step("customers, products and users"), closing(machine.registry(BARE).cursor()) as cr:
        import cases_tickets

        from odoo import api

        env = api.Environment(cr, 1, {})
        intake = bench_story.user(env, "bench_intake", "helpdesk_mgmt.group_helpdesk_user")
        intake.password = PASSWORD
        bench_story.user(env, "bench_parts", "stock.group_stock_user")
        company = {"is_company": True}
        env["res.partner"].create(
            [
                {"name": f"Hospital {number:08}", "email": f"h{number}@example.com", **company}
                for number in range(100)
            ]
        )
        env["res.partner"].create({"name": "Maker 0", **company})
        env["product.template"].create(
            {
                "name": "Monitor 0000",
                "default_code": "M-0000",
                "type": "consu",
                "is_storable": True,
                "tracking": "serial",
            }
        )
        cases_tickets.make_trivial_model(env)
        cr.commit()
    machine.close(BARE)
    machine.mark(BARE, "bench bare")


# Measuring


def screens(sizes, rounds):
    import cases_screens

    say("screens")
    small, large = sizes
    cases = cases_screens.cases(small, large)
    bench_measure.measure(cases, rounds, tell=lambda text: say(f"  {text}"))
    return cases


def tickets(rounds):
    import cases_tickets

    say("tickets")
    cases = cases_tickets.cases_in_process(CREATE, BARE)
    bench_measure.measure(cases, rounds, tell=lambda text: say(f"  in process, {text}"))
    cases += [cases_tickets.own_share(case) for case in cases]
    with machine.server() as url:
        over_http = cases_tickets.cases_over_http(CREATE, BARE, url)
        bench_measure.measure(over_http, rounds, tell=lambda text: say(f"  over HTTP, {text}"))
    return cases + over_http


def receipt(quantity, rounds):
    import cases_receipt

    say("receipt")
    cases = cases_receipt.cases(CREATE, BARE, quantity)
    bench_measure.measure(
        cases, rounds, warm_up=False, tell=lambda text: say(f"  {quantity:,} serials, {text}")
    )
    return cases + [cases_receipt.own_share(case) for case in cases]


def rules(sizes, rounds):
    import cases_rules

    say("record rules")
    database, label = sizes[-1]
    cases = cases_rules.cases(database, label)
    bench_measure.measure(cases, rounds, tell=lambda text: say(f"  {text}"))
    return cases


def audit(options, has_peer):
    import cases_audit

    say("audit trail")
    cases = cases_audit.cases(CREATE)
    if has_peer:
        machine.copy(BARE, PEER)
        with step("install auditlog, the peer"):
            machine.odoo_command(PEER, "-i", "auditlog")
        cases += cases_audit.peer_cases(PEER)
    bench_measure.measure(cases, options.rounds, tell=lambda text: say(f"  {text}"))
    with machine.server() as url:
        over_http = cases_audit.cases_over_http(CREATE, url)
        bench_measure.measure(
            over_http, options.rounds, tell=lambda text: say(f"  over HTTP, {text}")
        )
    cases += over_http
    cases += cases_audit.writers(CREATE, options.rounds)
    return cases, cases_audit.verification(CREATE, options.large, say)


def describe(options, started):
    import odoo.release

    version = machine.execute("postgres", "SHOW server_version")[0][0]
    settings = ("fsync", "shared_buffers", "work_mem", "jit")
    shown = {name: machine.execute("postgres", f"SHOW {name}")[0][0] for name in settings}
    any_database = next(iter(sorted(machine.databases())), "postgres")
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
        "seconds": round(time.time() - started),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python "
        f"{platform.python_version()}, Odoo {odoo.release.version}",
        "postgresql": version,
        "settings": shown,
        "extensions": ", ".join(machine.extensions(any_database)),
        "addons": machine.fingerprint(),
        "small": options.small,
        "large": options.large,
        "rounds": options.rounds,
    }


if __name__ == "__main__":
    sys.exit(main())
