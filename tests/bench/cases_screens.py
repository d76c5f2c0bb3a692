"""(a) The screens that people open all day, with few and with many devices and tickets."""

import bench_screens as screens
from bench_machine import transaction
from bench_measure import Case, Variant

LIMIT = 1.3
DEVICE_ACTION = "meddev_device.device_action"
TICKET_ACTIONS = ("meddev_service.helpdesk_ticket_action", "helpdesk_mgmt.helpdesk_ticket_action")


class Screen:
    """One model's screens for one user in one database, specified by its real views."""

    def __init__(self, database, login, action_xmlid):
        self.database = database
        with transaction(database) as env:
            self.user_id = env["res.users"].search([("login", "=", login)]).id
        with transaction(database, self.user_id) as env:
            action = screens.action_of(env, action_xmlid)
            self.model = action["model"]
            views = screens.views(env, self.model, ("list", "form", "search"), action)
            self.context = screens.opening_context(env, action)
            self.list_spec = screens.specification(views["list"])
            self.form_spec = screens.specification(views["form"])
            self.order = screens.default_order(views["list"]["arch"])
            self.count_limit = screens.count_limit(views["list"]["arch"])
            self.search_arch = views["search"]["arch"]
            self.domain = screens.opening_domain(env, action, self.search_arch)
            self.bare_domain = screens.opening_domain(env, {**action, "context": "{}"}, None)
            records = env[self.model].search(self.bare_domain, limit=2000)
            # Records from all over the table, the same share of it in every database.
            self.ids = records.ids[:: max(1, len(records) // 40)]
            self.serials = env["stock.lot"].search_read(
                [("is_device", "=", True)], ["name"], limit=40, order="name desc"
            )
        self.position = 0

    def next(self, values):
        self.position += 1
        return values[self.position % len(values)]

    def open(self):
        return transaction(self.database, self.user_id, self.context)

    def list(self, domain=None, offset=0):
        with self.open() as env:
            domain = self.domain if domain is None else domain
            answer = screens.read_list(
                env, self.model, self.list_spec, domain, self.order, offset, self.count_limit
            )
            return answer, env.cr.sql_log_count

    def form(self):
        with self.open() as env:
            record = self.next(self.ids)
            return screens.read_form(env, self.model, record, self.form_spec)

    def lookup(self):
        """A scanner or a script that knows the serial."""
        serial = self.next(self.serials)["name"]
        with self.open() as env:
            found = env["stock.lot"].search_read(
                [("normalised_serial", "=", serial)], ["name", "product_id", "device_state"]
            )
            assert found, serial

    def search_box(self):
        """A person who types the serial into the search box of the list."""
        serial = self.next(self.serials)["name"]
        typed = screens.search_box_domain(self.search_arch, serial)
        answer, _ = self.list([*self.bare_domain, *typed])
        assert answer["length"], serial

    def name_search(self):
        """A person who types the serial into a device field, such as a ticket's."""
        serial = self.next(self.serials)["name"]
        with self.open() as env:
            found = env["stock.lot"].name_search(serial, limit=8)
            assert found, serial


def cases(small, large, roles=("engineer", "intake")):
    """:param small, large: (database, label)."""
    found = []
    for role in roles:
        login = {"engineer": "bench_engineer_0"}.get(role, f"bench_{role}")
        devices = {size: Screen(size[0], login, DEVICE_ACTION) for size in (small, large)}
        tickets = {size: Screen(size[0], login, ticket_action(small[0])) for size in (small, large)}
        wanted = (
            ("device list", devices, lambda screen: screen.list()),
            ("device list, page 20", devices, lambda screen: screen.list(offset=1520)),
            ("device form", devices, lambda screen: screen.form()),
            ("serial lookup, exact", devices, lambda screen: screen.lookup()),
            ("serial in the search box", devices, lambda screen: screen.search_box()),
            ("serial in a device field", devices, lambda screen: screen.name_search()),
            ("ticket list, as it opens", tickets, lambda screen: screen.list()),
            ("ticket list, all", tickets, lambda screen: screen.list(screen.bare_domain)),
            ("ticket form", tickets, lambda screen: screen.form()),
        )
        for name, by_size, run in wanted:
            variants = [
                Variant(label, lambda run=run, screen=by_size[size]: run(screen) and None)
                for size in (large, small)
                for label in [size[1]]
            ]
            case = Case(f"{name} ({role})", variants, large[1], small[1], LIMIT)
            found.append(case)
    return found


def ticket_action(database):
    with transaction(database) as env:
        return next(xmlid for xmlid in TICKET_ACTIONS if env.ref(xmlid, raise_if_not_found=False))
