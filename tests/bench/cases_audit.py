"""(e) What the audit trail costs, and how fast it is read and verified."""

import itertools
import json
import threading
import time
from contextlib import closing

import bench_measure
import bench_story
from bench_machine import connect, execute, switch_trail, transaction
from bench_measure import Case, Variant
from cases_tickets import BATCH, PASSWORD, connect_client, ticket_vals, world_of

WRITE_LIMIT = 1.10
CREATE_LIMIT = 1.10
BATCH_LIMIT = 1.25
VERIFIED = "entries verified per second, whole verify()"
HISTORY = "history of a record, ms"
#: Fact -> (smallest, largest) value that reaches the goal.
FACT_LIMITS = {VERIFIED: (300_000, None), HISTORY: (None, 10)}
ENTRIES = 1_000_000
WRITERS = 4
WRITERS_GAIN = 3.5
WRITER_SECONDS = 2
#: A transaction lasts so long after its write, as a request of Odoo does; what queues, queues then.
WRITER_HOLD_SECONDS = 0.02
TABLES = ("helpdesk_ticket", "meddev_device_event", "stock_lot", "res_partner")
numbers = itertools.count(1)


def tracked(database, is_on):
    """Switch the row triggers of the tables that a ticket touches."""
    switch_trail(database, is_on, TABLES)


def cases(database):
    world = world_of(database, "bench_intake")
    with transaction(database) as env:
        tickets = env["helpdesk.ticket"].search([("service_state", "=", "received")], limit=20).ids

    def write_one(env, ticket_id):
        env["helpdesk.ticket"].browse(ticket_id).device_reference = f"Reference {next(numbers)}"
        env.cr.commit()

    def write(is_on):
        """A transaction per write, on one connection: what a write costs a request at work."""

        def run():
            tracked(database, is_on)
            with transaction(database, world["user"]) as env:
                # Switching makes PostgreSQL plan anew; that is not the trail's cost.
                write_one(env, tickets[0])
                started = time.perf_counter()
                for ticket_id in tickets:
                    write_one(env, ticket_id)
                return time.perf_counter() - started

        return run

    def write_apart(is_on):
        """A connection taken from the pool per write, as the first write of a request does.

        Odoo discards a connection's plans when it hands it on, so all is planned anew here.
        """

        def run():
            tracked(database, is_on)
            with transaction(database, world["user"]) as env:
                write_one(env, tickets[0])
            started = time.perf_counter()
            for ticket_id in tickets:
                with transaction(database, world["user"]) as env:
                    write_one(env, ticket_id)
            return time.perf_counter() - started

        return run

    def create_some(count):
        with transaction(database, world["user"]) as env:
            env["helpdesk.ticket"].create(list(ticket_vals(world, count)))
            env.cr.commit()

    def create(is_on, count, times):
        def run():
            tracked(database, is_on)
            create_some(1)
            started = time.perf_counter()
            for _ in range(times):
                create_some(count)
            return time.perf_counter() - started

        return run

    def pair(name, make, per, limit):
        variants = [Variant("tracked", make(True), per), Variant("untracked", make(False), per)]
        return Case(name, variants, "tracked", "untracked", limit, repeats=2)

    return [
        pair("audit: one field of a ticket", write, len(tickets), WRITE_LIMIT),
        pair(
            "audit: one field of a ticket, first write of a request",
            write_apart,
            len(tickets),
            WRITE_LIMIT,
        ),
        pair("audit: one new ticket", lambda on: create(on, 1, 10), 10, CREATE_LIMIT),
        pair(
            f"audit: {BATCH} new tickets",
            lambda on: create(on, BATCH, 1),
            BATCH,
            BATCH_LIMIT,
        ),
    ]


def cases_over_http(database, url, apis=("xmlrpc", "json2")):
    """The write of one field as a partner's system sees it, whole requests of a real server."""
    world = world_of(database, "bench_intake")
    with transaction(database) as env:
        tickets = env["helpdesk.ticket"].search([("service_state", "=", "received")], limit=20).ids

    def write(client, is_on):
        def write_one(ticket_id):
            values = {"device_reference": f"Reference {next(numbers)}"}
            client.call("helpdesk.ticket", "write", [ticket_id], vals=values)

        def run():
            tracked(database, is_on)
            # Each of the server's connections plans anew after the switch.
            for ticket_id in tickets[:4]:
                write_one(ticket_id)
            started = time.perf_counter()
            for ticket_id in tickets:
                write_one(ticket_id)
            return time.perf_counter() - started

        return run

    found = []
    for api in apis:
        client = connect_client(api, url, database, world["login"], PASSWORD)
        variants = [
            Variant("tracked", write(client, True), len(tickets)),
            Variant("untracked", write(client, False), len(tickets)),
        ]
        name = f"audit: one field of a ticket over {api}"
        found.append(Case(name, variants, "tracked", "untracked", WRITE_LIMIT, repeats=2))
    return found


def peer_cases(database):
    """The same single writes and new tickets under OCA's auditlog, on bare helpdesk_mgmt."""
    world = world_of(database, "bench_intake")
    with transaction(database) as env:
        tickets = env["helpdesk.ticket"].create(list(ticket_vals(world, 20))).ids
        rule = env["auditlog.rule"].create(
            {
                "name": "Tickets",
                "model_id": env["ir.model"]._get_id("helpdesk.ticket"),
                "log_type": "full",
            }
        )
        rule_id = rule.id
        env.cr.commit()

    def subscribed(is_on):
        with transaction(database) as env:
            rule = env["auditlog.rule"].browse(rule_id)
            rule.set_to_confirmed() if is_on else rule.set_to_draft()
            env.cr.commit()

    def write(is_on):
        def run():
            subscribed(is_on)
            started = time.perf_counter()
            for ticket_id in tickets:
                with transaction(database, world["user"]) as env:
                    ticket = env["helpdesk.ticket"].browse(ticket_id)
                    ticket.partner_name = f"Caller {next(numbers)}"
                    env.cr.commit()
            return time.perf_counter() - started

        return run

    def create(is_on):
        def run():
            subscribed(is_on)
            started = time.perf_counter()
            for _ in range(10):
                with transaction(database, world["user"]) as env:
                    env["helpdesk.ticket"].create(list(ticket_vals(world, 1)))
                    env.cr.commit()
            return time.perf_counter() - started

        return run

    def pair(name, make, per):
        variants = [Variant("auditlog", make(True), per), Variant("without", make(False), per)]
        return Case(name, variants, "auditlog", "without", None, repeats=2)

    return [
        pair("auditlog: one field of a ticket", write, len(tickets)),
        pair("auditlog: one new ticket", create, 10),
    ]


def writers(database, rounds):
    """Writers side by side: what four of them write in a second against what one does.

    Statements as Odoo sends them, without Odoo, whose work on two cores would hide a queue in the
    trail: each transaction stays open for a while after its write, which costs no processor.
    """
    world = world_of(database, "bench_intake")
    with transaction(database, world["user"]) as env:
        ids = env["helpdesk.ticket"].search([], limit=WRITERS * 10).ids
        from odoo.addons.audit_trail.models.announcement import announce

        announce(env)
        env.cr.execute(
            "SELECT current_setting('audit_trail.key'), current_setting('audit_trail.context')"
        )
        key, context = env.cr.fetchone()

    def write_for_a_while(place, results):
        own = ids[place * 10 : place * 10 + 10]
        with closing(connect(database)) as connection, connection.cursor() as cursor:
            connection.autocommit = False
            count, end = 0, time.perf_counter() + WRITER_SECONDS
            while time.perf_counter() < end:
                cursor.execute(
                    "SELECT set_config('audit_trail.key', %s, TRUE),"
                    " set_config('audit_trail.context', %s, TRUE)",
                    [key, context],
                )
                cursor.execute(
                    "UPDATE helpdesk_ticket SET device_reference = %s WHERE id = %s",
                    [f"Writer {place} {count}", own[count % len(own)]],
                )
                time.sleep(WRITER_HOLD_SECONDS)
                connection.commit()
                count += 1
        results.append(count)

    def side_by_side(number):
        def run():
            results = []
            threads = [
                threading.Thread(target=write_for_a_while, args=(place, results))
                for place in range(number)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            # Seconds per write, all writers together.
            return WRITER_SECONDS / sum(results)

        return run

    found = []
    for is_on, label in ((True, "tracked"), (False, "untracked")):
        tracked(database, is_on)
        one = Variant("one writer", side_by_side(1))
        four = Variant(f"{WRITERS} writers", side_by_side(WRITERS))
        limit = 1 / WRITERS_GAIN if is_on else None
        case = Case(
            f"audit: writers side by side, {label}", [four, one], four.name, one.name, limit
        )
        case.repeats = 1
        bench_measure.measure([case], rounds, warm_up=False)
        found.append(case)
    tracked(database, True)
    return found


def verification(database, entries=ENTRIES, say=print):
    """Seal and verify many entries, and read one record's history among them.

    :return: facts, as a dictionary; not comparisons, for there is no peer that verifies. Limits:
        ``FACT_LIMITS``, judged by ``missed_facts``.
    """
    facts = {}
    tracked(database, True)
    with transaction(database) as env:
        from odoo.addons.audit_trail.models.announcement import announce

        auditor = _auditor(env)
        env.cr.commit()
        (present,) = execute(database, "SELECT COUNT(*) FROM audit_trail_entry")[0]
        missing = max(0, entries - present)
        started = time.perf_counter()
        for start in range(0, missing, 50_000):
            announce(env)
            env.cr.execute(
                """
                INSERT INTO audit_trail_entry (kind, res_model, res_id, res_name, details)
                     SELECT 'read', 'stock.lot', 1 + number %% 20000, 'SN' || number,
                            jsonb_build_object('fields', '["name", "device_state"]'::jsonb)
                       FROM generate_series(%s, %s) number
                """,
                [start + 1, min(start + 50_000, missing)],
            )
            env.cr.commit()
        if missing:
            facts["events written per second"] = _rate(missing, started)
        before = _count_sealed(env)
        started = time.perf_counter()
        seals = env["audit.trail.seal"]._seal()
        env.cr.commit()
        seconds = time.perf_counter() - started
        sealed = _count_sealed(env) - before
        facts["seals made"] = seals
        facts["entries sealed"] = sealed
        facts["entries sealed per second"] = round(sealed / seconds)
        env.cr.execute("ANALYZE audit_trail_entry")
        started = time.perf_counter()
        result = env["audit.trail.entry"].with_user(auditor).verify()
        facts[VERIFIED] = _rate(result["checked"], started)
        facts["entries verified"] = result["checked"]
        facts["findings of verify()"] = result["problem_count"]
        started = time.perf_counter()
        checked, findings = env["audit.trail.entry"]._verify_chain()
        facts["entries verified per second, chain alone"] = _rate(checked, started)
        facts["findings in the chain"] = len(findings)
        started = time.perf_counter()
        records, _differences = env["audit.trail.entry"]._verify_records()
        facts["records compared per second"] = _rate(records, started)
        times = []
        for number in range(20):
            started = time.perf_counter()
            env["audit.trail.entry"].get_history("stock.lot", 100 + number)
            times.append(time.perf_counter() - started)
        facts[HISTORY] = round(sorted(times)[10] * 1000, 2)
    facts["limits"] = FACT_LIMITS
    facts["limits not reached"] = missed_facts(facts)
    say(json.dumps(facts, indent=1))
    return facts


def missed_facts(facts):
    """Names of the facts that do not reach their limit, as the bench tells them."""
    return [
        f"audit: {name}"
        for name, (smallest, largest) in FACT_LIMITS.items()
        if name in facts
        and (
            (smallest is not None and facts[name] < smallest)
            or (largest is not None and facts[name] > largest)
        )
    ]


def _auditor(env):
    login = "bench_auditor"
    found = env["res.users"].search([("login", "=", login)])
    return found or bench_story.user(env, login, "audit_trail.group_auditor")


def _count_sealed(env):
    env.cr.execute("SELECT COALESCE(SUM(entry_count), 0) FROM audit_trail_seal")
    return int(env.cr.fetchone()[0])


def _rate(number, started):
    return round(number / max(time.perf_counter() - started, 1e-6))
