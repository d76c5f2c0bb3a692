#!/usr/bin/env python3
"""The main job on real input, from outside, as other systems and people's scripts do it.

    make journey ARGS='--api xmlrpc'

Loads makers, products, hospitals and devices, opens tickets from real narratives, finds each
one's device by nothing but the text, moves every ticket through all six states and its device
under repair and back, as the right roles, and reads the devices' timelines back. Run it twice:
nothing doubles.
"""

import argparse
import os
import re
import secrets
import sys
from pathlib import Path

import journey_data
from clients import APIS, ServerError, connect, is_installed
from journey_report import Report

HOME = Path(os.environ.get("MEDDEV_HOME") or journey_data.HERE.parents[1] / ".meddev")

# Whom the journey works as: the demo login of a role where there is one, else a user of its own.
ROLES = {
    "manager": "group_service_manager",
    "intake": "group_intake_agent",
    "dispatcher": "group_dispatcher",
    "engineer": "group_field_engineer",
}
BATCH = 100
ALL_APIS = "all"
# (step, role, state to reach, filter on the tickets that are due for it)
MOVES = (
    ("dispatched", "dispatcher", lambda ticket: ticket["service_state"] == "received"),
    ("in_progress", "engineer", lambda ticket: ticket["service_state"] == "dispatched"),
    (
        "waiting",
        "engineer",
        lambda ticket: ticket["service_state"] == "in_progress" and not ticket["waiting_at"],
    ),
    ("in_progress", "engineer", lambda ticket: ticket["service_state"] == "waiting"),
    (
        "done",
        "engineer",
        lambda ticket: ticket["service_state"] == "in_progress" and bool(ticket["waiting_at"]),
    ),
    ("archived", "manager", lambda ticket: ticket["service_state"] == "done"),
)
# Moves of the device that go with the ticket's: state reached by the ticket -> (from, to).
DEVICE_MOVES = {
    ("in_progress", "dispatched"): ("in_service", "under_repair"),
    ("done", "in_progress"): ("under_repair", "in_service"),
}
# received is the ticket's own opening; one event per move follows.
EVENTS_PER_TICKET = 1 + len(MOVES)
UDI_IN_TEXT = re.compile(r"UDI: (\S+)")
SERIAL_IN_TEXT = re.compile(r"S/N: (\S+)")


class Journey:
    """The whole way through. Every public method is a step and can be repeated."""

    def __init__(self, api, url, database, data, admin, headers=None, quiet=False):
        """
        :param data: a ``journey_data.Input``.
        :param admin: login and password of an administrator, for the users of the roles.
        :param headers: sent with every request.
        """
        self.api, self.url, self.database, self.headers = api, url, database, headers
        self.data = data
        self.report = Report(api, data.source, quiet=quiet)
        self.admin_login = admin
        self.clients = {}
        self.partners = {}
        self.products = {}
        self.devices = {}
        for step, row, subject, reason in data.refused:
            self.report.refuse(step, row, subject, reason)

    def run(self):
        self.sign_in()
        self.load_hospitals()
        self.load_makers()
        self.load_products()
        self.load_identifiers()
        self.load_devices()
        self.open_tickets()
        self.move_tickets()
        self.read_timelines()
        self.check()
        return self.report

    # People

    def sign_in(self):
        """A connection for the administrator and for each role."""
        login, password = self.admin_login
        admin = self.connect(login, password)
        with self.report.step("people", len(ROLES)) as step:
            for role in ROLES:
                if client := self.demo_login(admin, role):
                    self.clients[role] = client
            step.unchanged = len(self.clients)
            missing = [role for role in ROLES if role not in self.clients]
            if missing:
                password = self.own_logins(admin, missing, step)
            for role in missing:
                self.clients[role] = self.connect(own_login(role), password)

    def connect(self, login, password):
        return connect(self.api, self.url, self.database, login, password, self.headers)

    def demo_login(self, admin, role):
        """The demo user of a role, whose password is the login; None where there is none."""
        if not admin.call("res.users", "search_count", domain=[("login", "=", role)]):
            return None
        try:
            return self.connect(role, role)
        except ServerError:
            return None

    def own_logins(self, admin, roles, step):
        """Users of the journey's own, one role each; return the password, which nobody keeps."""
        password = secrets.token_urlsafe(24)
        domain = [("login", "in", [own_login(role) for role in roles])]
        known = {
            row["login"]: row["id"] for row in admin.search_read("res.users", domain, ["login"])
        }
        if known:
            admin.call("res.users", "write", ids=list(known.values()), vals={"password": password})
            step.unchanged += len(known)
        names = [ROLES[role] for role in roles]
        domain = [("module", "=", "meddev_base"), ("name", "in", names)]
        groups = {
            row["name"]: row["res_id"]
            for row in admin.search_read("ir.model.data", domain, ["name", "res_id"])
        }
        new = [
            {
                "name": f"Journey: {role}",
                "login": own_login(role),
                "password": password,
                "group_ids": [(6, 0, [groups[ROLES[role]]])],
            }
            for role in roles
            if own_login(role) not in known
        ]
        step.done += len(admin.create("res.users", new))
        return password

    # Places

    def load_hospitals(self):
        """Hospitals, the departments and the rooms in which the devices stand."""
        used = {
            (device.hospital, *path)
            for device in self.data.devices
            for path in ((), (device.department,), (device.department, device.room))
        }
        used |= {(name,) for name in self.data.hospitals}
        levels = ("hospital", "department", "room")
        for depth, level in enumerate(levels, 1):
            paths = sorted(path for path in used if len(path) == depth)
            with self.report.step(f"{level}s", len(paths)) as step:
                self.load_level(step, level, paths)

    def load_level(self, step, level, paths):
        manager = self.clients["manager"]
        fields = ["name", "parent_id"]
        names = sorted({path[-1] for path in paths})
        domain = [("facility_level", "=", level), ("name", "in", names)]
        known = {}
        for row in manager.search_read("res.partner", domain, fields):
            parent = row["parent_id"] and row["parent_id"][0]
            known[parent or False, row["name"]] = row["id"]
        new = []
        for path in paths:
            parent = self.partners.get(path[:-1], False) if len(path) > 1 else False
            if found := known.get((parent, path[-1])):
                self.partners[path] = found
                step.unchanged += 1
            elif parent or len(path) == 1:
                vals = {"name": path[-1], "facility_level": level, "is_company": True}
                if parent:
                    vals["parent_id"] = parent
                new.append((path, vals))
        for path, partner_id in self.create(step, manager, "res.partner", new, str):
            self.partners[path] = partner_id

    def load_makers(self):
        manager = self.clients["manager"]
        names = sorted({product.maker for product in self.data.products})
        with self.report.step("makers", len(names)) as step:
            domain = [("is_manufacturer", "=", True), ("name", "in", names)]
            for row in manager.search_read("res.partner", domain, ["name"]):
                self.partners["maker", row["name"]] = row["id"]
                step.unchanged += 1
            new = [
                (name, {"name": name, "is_company": True, "is_manufacturer": True})
                for name in names
                if ("maker", name) not in self.partners
            ]
            for name, partner_id in self.create(step, manager, "res.partner", new, str):
                self.partners["maker", name] = partner_id

    # Products

    def load_products(self):
        """One product per record, known by its reference, with its primary identifier."""
        manager = self.clients["manager"]
        with self.report.step("products", len(self.data.products)) as step:
            codes = [product.code for product in self.data.products]
            domain = [("default_code", "in", codes)]
            found = manager.search_read("product.product", domain, ["default_code"])
            self.products = {row["default_code"]: row["id"] for row in found}
            step.unchanged = len(self.products)
            new = [
                (product, self.prepare_product(product))
                for product in self.data.products
                if product.code not in self.products
            ]
            made = self.create(step, manager, "product.template", new, lambda p: p.di)
            if made:
                found = manager.search_read("product.product", domain, ["default_code"])
                self.products = {row["default_code"]: row["id"] for row in found}

    def prepare_product(self, product):
        return {
            "name": product.name,
            "default_code": product.code,
            "type": "consu",
            "is_storable": True,
            "tracking": "serial",
            "is_medical_device": True,
            "device_class": "2",
            "manufacturer_id": self.partners["maker", product.maker],
            "device_model": product.model,
            "specification": product.catalogue,
            "description_purchase": product.description,
        }

    def load_identifiers(self):
        """The primary identifier of every product, then those of its packages."""
        manager = self.clients["manager"]
        templates = {
            row["id"]: row["product_tmpl_id"][0]
            for row in manager.call(
                "product.product",
                "read",
                ids=sorted(self.products.values()),
                fields=["product_tmpl_id"],
            )
        }
        rows = []
        for product in self.data.products:
            if product.code in self.products:
                template = templates[self.products[product.code]]
                rows.append((product.row, template, product.di, product.issuer, "unit", 1, ""))
                rows += [
                    (product.row, template, p.di, p.issuer, p.level, p.quantity, p.contains)
                    for p in product.packages
                ]
        with self.report.step("identifiers (DI)", len(rows)) as step:
            known = self.read_identifiers(manager, [row[2] for row in rows])
            # What a package contains goes before the package.
            for wave in (
                [row for row in rows if not row[6]],
                [row for row in rows if row[6]],
            ):
                new = []
                for number, template, di, issuer, level, quantity, contains in wave:
                    if known.get(di, (0, 0))[1] == template:
                        step.unchanged += 1
                        continue
                    vals = {
                        "product_tmpl_id": template,
                        "di": di,
                        "issuer": issuer,
                        "packaging_level": level,
                        "contains_quantity": quantity,
                    }
                    if contains in known and known[contains][1] == template:
                        vals["child_di_id"] = known[contains][0]
                    new.append(((number, di), vals))
                made = self.create(
                    step,
                    manager,
                    "meddev.udi.di",
                    new,
                    lambda key: key[1],
                    lambda key: key[0],
                )
                for (_, di), identifier_id in made:
                    known[di] = (identifier_id, None)
                if made:
                    known |= self.read_identifiers(manager, [di for (_, di), _ in made])

    def read_identifiers(self, client, identifiers):
        fields = ["di", "product_tmpl_id"]
        rows = client.search_read("meddev.udi.di", [("di", "in", identifiers)], fields)
        return {row["di"]: (row["id"], row["product_tmpl_id"][0]) for row in rows}

    # Devices

    def load_devices(self):
        """Every serial, at its hospital, department and room, through the suite's batch import."""
        intake = self.clients["intake"]
        devices = [d for d in self.data.devices if d.product.code in self.products]
        with self.report.step("devices", len(devices)) as step:
            for batch in batches(devices, 500):
                rows = [self.prepare_device(device) for device in batch]
                results = intake.call("stock.lot", "load_devices", rows=rows)
                for device, result in zip(batch, results, strict=True):
                    if result["id"]:
                        self.devices[key_of(device)] = result["id"]
                    if result["status"] == "refused":
                        subject = f"{device.product.di} {device.serial}"
                        reason = f"{result['field']}: {result['error']}"
                        self.report.refuse("devices", device.product.row, subject, reason)
                    elif result["status"] == "unchanged":
                        step.unchanged += 1
                    else:
                        step.done += 1

    def prepare_device(self, device):
        row = {
            "row": device.product.row,
            "udi_di": device.product.di,
            "manufacturer": device.product.maker,
            "serial": device.serial,
            "origin": "legacy",
            "device_state": "in_service",
            "customer": device.hospital,
            "department": device.department,
            "room": device.room,
            "udi_carrier": device.carrier,
            "alias": device.alias,
        }
        return {key: value for key, value in row.items() if value}

    # Tickets

    def open_tickets(self):
        """Find each narrative's device by its text, then open the tickets."""
        intake = self.clients["intake"]
        tickets = self.data.tickets
        with self.report.step("tickets: device found", len(tickets)) as step:
            known = self.read_tickets(intake)
            for ticket in tickets:
                if ticket.title in known:
                    ticket.id = known[ticket.title]["id"]
                    ticket.found = (known[ticket.title]["lot_id"] or [0])[0]
                    step.unchanged += 1
                    continue
                self.find_device(intake, ticket)
                if ticket.found:
                    step.done += 1
                else:
                    self.report.refuse(step.name, ticket.row, ticket.key, ticket.refusal)
        with self.report.step("tickets: opened", len(tickets)) as step:
            step.unchanged = sum(bool(ticket.id) for ticket in tickets)
            new = [
                (ticket, self.prepare_ticket(ticket))
                for ticket in tickets
                if not ticket.id and ticket.found
            ]
            made = self.create(
                step, intake, "helpdesk.ticket", new, lambda t: t.key, lambda t: t.row
            )
            for ticket, ticket_id in made:
                ticket.id = ticket_id

    def read_tickets(self, client):
        known = {}
        fields = ["name", "lot_id", "service_state", "waiting_at"]
        for batch in batches([ticket.title for ticket in self.data.tickets], 500):
            for row in client.search_read("helpdesk.ticket", [("name", "in", batch)], fields):
                known[row["name"]] = row
        return known

    def find_device(self, client, ticket):
        """Find the device as the desk does: scan a UDI if there is one, else read the text."""
        candidates = []
        if match := UDI_IN_TEXT.search(ticket.text):
            answer = client.call("meddev.udi", "find", carrier=match[1])
            candidates = answer.get("devices") or []
        if not candidates:
            candidates = client.call("helpdesk.ticket", "find_devices", text=ticket.text)
        if len(candidates) > 1:
            # The same serial on several products: the caller named the product.
            candidates = self.narrow(client, ticket.text, candidates)
        if len(candidates) == 1:
            ticket.found = candidates[0]["id"]
        elif candidates:
            ticket.refusal = f"{len(candidates)} devices fit the text"
        else:
            ticket.refusal = "no device fits the text; the desk has to ask the caller"

    def narrow(self, client, text, candidates):
        ids = [candidate["id"] for candidate in candidates]
        rows = client.call("stock.lot", "read", ids=ids, fields=["name", "product_id"])
        serial = SERIAL_IN_TEXT.search(text)
        exact = [row for row in rows if serial and row["name"] == serial[1]] or rows
        named = [
            row
            for row in exact
            if re.sub(r"^\[[^\]]*\] ", "", row["product_id"][1]).casefold() in text.casefold()
        ]
        return named or exact

    def prepare_ticket(self, ticket):
        return {
            "name": ticket.title,
            "description": ticket.text.replace("\n", "<br/>"),
            "lot_id": ticket.found,
        }

    def move_tickets(self):
        """Every ticket through all six states, each move by the role whose job it is."""
        people = {
            row["login"]: row["id"]
            for row in self.clients["manager"].search_read(
                "res.users", [("login", "=", self.clients["engineer"].login)], ["login"]
            )
        }
        engineer_id = people[self.clients["engineer"].login]
        for state, role, is_due in MOVES:
            client = self.clients[role]
            tickets = {row["id"]: row for row in self.read_tickets(client).values()}
            due = sorted(number for number, row in tickets.items() if is_due(row))
            with self.report.step(f"tickets: {state} ({role})", len(due)) as step:
                for batch in batches(due, BATCH):
                    if state == "dispatched":
                        vals = {"user_id": engineer_id}
                        self.each(step, client, "helpdesk.ticket", "write", batch, vals=vals)
                    step.done += self.each(
                        step, client, "helpdesk.ticket", "move_to", batch, state=state
                    )
            self.move_devices(client, role, state, [tickets[number] for number in due])

    def move_devices(self, client, role, state, tickets):
        """The device goes under repair when work on it begins, and back when it is done."""
        for came_from in {ticket["service_state"] for ticket in tickets}:
            if (state, came_from) not in DEVICE_MOVES:
                continue
            before, after = DEVICE_MOVES[state, came_from]
            lots = {row["lot_id"][0] for row in tickets if row["lot_id"]}
            domain = [("id", "in", sorted(lots)), ("device_state", "=", before)]
            due = [row["id"] for row in client.search_read("stock.lot", domain, ["id"])]
            with self.report.step(f"devices: {after} ({role})", len(due)) as step:
                for batch in batches(due, BATCH):
                    step.done += self.each(
                        step, client, "stock.lot", "move_device_state", batch, state=after
                    )

    # Reading back

    def read_timelines(self):
        """Each device that got a ticket tells its story; every ticket must be on it, whole."""
        engineer = self.clients["engineer"]
        by_device = {}
        for ticket in self.data.tickets:
            if ticket.id and ticket.found:
                by_device.setdefault(ticket.found, []).append(ticket)
        with self.report.step("timelines", len(by_device)) as step:
            for lot_id, tickets in by_device.items():
                events = engineer.call("stock.lot", "get_timeline", ids=[lot_id], limit=1000)
                told = sum(event["kind"] == "ticket" for event in events)
                expected = EVENTS_PER_TICKET * len(tickets)
                if told == expected:
                    step.done += 1
                else:
                    reason = f"{told} ticket events, expected {expected}"
                    self.report.refuse("timelines", "", f"device {lot_id}", reason)

    def check(self):
        """Count what is there now: as much as was given and not refused, and nothing twice."""
        manager = self.clients["manager"]

        def count(model, domain):
            return manager.call(model, "search_count", domain=domain)

        codes = [product.code for product in self.data.products]
        titles = [ticket.title for ticket in self.data.tickets]
        hospitals = sorted(set(self.data.hospitals))
        lots = sorted(set(self.devices.values()))
        states = self.read_tickets(manager).values()
        self.report.checks = {
            "hospitals": (
                count(
                    "res.partner",
                    [("facility_level", "=", "hospital"), ("name", "in", hospitals)],
                ),
                len(hospitals),
            ),
            "makers": (
                count(
                    "res.partner",
                    [
                        ("is_manufacturer", "=", True),
                        ("name", "in", sorted({p.maker for p in self.data.products})),
                    ],
                ),
                len({product.maker for product in self.data.products}),
            ),
            "products": (
                count("product.template", [("default_code", "in", codes)]),
                len(set(codes)) - self.refused("products"),
            ),
            "devices": (
                count(
                    "stock.lot",
                    [("is_device", "=", True), ("product_id.default_code", "in", codes)],
                ),
                len(self.data.devices) - self.refused("devices"),
            ),
            "devices, counted by id": (len(lots), len(self.devices)),
            "devices in service": (
                count("stock.lot", [("id", "in", lots), ("device_state", "=", "in_service")]),
                len(lots),
            ),
            "aliases": (
                count("meddev.device.alias", [("lot_id", "in", lots)]),
                sum(bool(d.alias) for d in self.data.devices if key_of(d) in self.devices),
            ),
            "tickets": (
                count("helpdesk.ticket", [("name", "in", titles)]),
                len(set(titles))
                - self.refused("tickets: device found")
                - self.refused("tickets: opened"),
            ),
            "tickets archived": (
                sum(row["service_state"] == "archived" for row in states),
                sum(bool(ticket.id) for ticket in self.data.tickets),
            ),
        }

    def refused(self, step):
        return sum(row["step"] == step for row in self.report.refusals)

    @property
    def failures(self):
        """Checks whose count is not what was to be expected, and devices without their story."""
        wrong = [
            f"{name}: {found} found, {expected} expected"
            for name, (found, expected) in self.report.checks.items()
            if found != expected
        ]
        return wrong + [
            f"{row['step']}: {row['subject']}: {row['reason']}"
            for row in self.report.refusals
            if row["step"] == "timelines" or "(" in row["step"] and "tickets" in row["step"]
        ]

    # Batches

    def create(self, step, client, model, rows, subject, row_of=None):
        """Create records in batches; a batch that is refused is halved until the bad row stands
        alone, so that the good ones are kept.

        :param rows: pairs of the caller's key and the values.
        :return: pairs of key and id.
        """
        made = []
        open_batches = list(batches(rows, BATCH))
        while open_batches:
            batch = open_batches.pop(0)
            try:
                ids = client.create(model, [vals for _, vals in batch])
                made += zip((key for key, _ in batch), ids, strict=True)
            except ServerError as error:
                if len(batch) > 1:
                    middle = len(batch) // 2
                    open_batches[:0] = [batch[:middle], batch[middle:]]
                else:
                    ((key, _),) = batch
                    number = row_of(key) if row_of else getattr(key, "row", "")
                    self.report.refuse(step.name, number, subject(key), error.message)
        step.done += len(made)
        return made

    def each(self, step, client, model, method, ids, **kwargs):
        """Call a method on a batch of records; refused batches are halved as above.

        :return: the number of records that were taken.
        """
        taken = 0
        open_batches = [list(ids)]
        while open_batches:
            batch = open_batches.pop(0)
            try:
                client.call(model, method, ids=batch, **kwargs)
                taken += len(batch)
            except ServerError as error:
                if len(batch) > 1:
                    middle = len(batch) // 2
                    open_batches[:0] = [batch[:middle], batch[middle:]]
                else:
                    self.report.refuse(step.name, "", f"{model} {batch[0]}", error.message)
        return taken


def own_login(role):
    return f"journey_{role}"


def key_of(device):
    return device.product.code, device.serial


def batches(rows, size):
    return [rows[first : first + size] for first in range(0, len(rows), size)]


def main(arguments=None):
    parser = argparse.ArgumentParser(description="The main job on real input.")
    parser.add_argument("--url", default="http://127.0.0.1:8069")
    parser.add_argument("--db", default="meddev")
    parser.add_argument(
        "--api",
        choices=(*APIS, ALL_APIS),
        default="json2",
        help="all: one after the other, on the same database",
    )
    parser.add_argument("--admin", default="admin", help="login of an administrator")
    parser.add_argument(
        "--password",
        default=os.environ.get("MEDDEV_ADMIN_PASSWORD", "admin"),
        help="default: the environment's MEDDEV_ADMIN_PASSWORD, else admin",
    )
    parser.add_argument("--data", help="folder laid out like shared/data, or like sample/")
    parser.add_argument("--sample", action="store_true", help="take the built-in sample")
    parser.add_argument("--limit", type=int, help="at most so many products")
    parser.add_argument("--tickets", type=int, help="at most so many tickets")
    parser.add_argument("--twice", action="store_true", help="run twice: nothing may double")
    parser.add_argument("--report", type=Path, default=HOME / "journey", help="folder")
    options = parser.parse_args(arguments)

    folder = journey_data.SAMPLE if options.sample else options.data
    failures = []
    for number, (api, turn) in enumerate(plan_runs(options.api, options.twice)):
        data = journey_data.load(folder, options.limit, options.tickets)
        print(f"{'Again: the' if number else 'The'} main job over {api}, on {data.source}")
        try:
            journey = Journey(api, options.url, options.db, data, (options.admin, options.password))
            report = journey.run()
        except (ServerError, OSError) as error:
            sys.exit(f"journey: {options.url}, database {options.db}: {error}")
        report.show_refusals()
        report.api = journey_name(api, turn)
        print(f"  report: {report.write(options.report)}")
        failures += journey.failures
        # What came in over one API, the others find, like a second run over the same one.
        if number and (made := [step.name for step in report.steps[1:] if is_new(step)]):
            failures.append(f"{report.api} made something new in: {', '.join(made)}")
    for failure in failures:
        print(f"  WRONG: {failure}")
    if not failures:
        print("  everything was found again, and nothing twice")
    return 1 if failures else 0


def plan_runs(api, twice):
    """Pairs of API and turn (0, 1). ``all`` leaves out a client that is not installed."""
    apis = [api]
    if api == ALL_APIS:
        apis = [name for name in APIS if is_installed(name)]
        if missing := sorted(set(APIS) - set(apis)):
            print(f"left out, for the client is not installed: {', '.join(missing)}")
    return [(name, turn) for name in apis for turn in range(2 if twice else 1)]


def journey_name(api, number):
    return f"{api}-again" if number else api


def is_new(step):
    return step.done and step.name not in ("timelines",)


if __name__ == "__main__":
    sys.exit(main())
