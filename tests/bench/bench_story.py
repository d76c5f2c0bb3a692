"""The story that the bench copies: made through Odoo, by the addons themselves.

One copy of the story is ten devices of one product at one hospital, half of them delivered from
stock by a real picking and half sold before go-live, each with its timeline and one ticket. Of ten
tickets five are archived, one is done and four are open: every list has something to leave out.
"""

from bench_data import Copier

DEVICES = 10
COPIES_PER_HOSPITAL = 10
TEAMS = 10
ENGINEERS = 50
MAKERS = 20
TICKET_PATHS = (
    (),
    ("dispatched",),
    ("dispatched", "in_progress"),
    ("dispatched", "in_progress", "waiting"),
    ("dispatched", "in_progress", "done"),
    *[("dispatched", "in_progress", "done", "archived")] * 5,
)
ROLE_GROUPS = (
    "service_manager",
    "intake_agent",
    "dispatcher",
    "field_engineer",
    "parts_keeper",
    "quality_specialist",
)
TEXT = "<p>The screen went dark during use and came back after a restart.</p>"
# Models of the story with followers.
THREADS = {
    "helpdesk.ticket": "helpdesk_ticket",
    "stock.lot": "stock_lot",
    "stock.picking": "stock_picking",
}
FOLLOWED = ("stock_lot", "helpdesk_ticket", "stock_picking", "stock_move")


def user(env, login, *groups):
    group_ids = [env.ref(group).id for group in ("base.group_user", *groups)]
    vals = {"name": login, "login": login, "email": f"{login}@example.com"}
    return env["res.users"].create(vals | {"group_ids": [(6, 0, group_ids)]})


def gtin(number):
    """A GTIN-14 of the range that GS1 keeps for examples, with its check digit."""
    body = f"0952{number:09}"
    total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(body))
    return f"{body}{-total % 10}"


def prepare(env, products):
    """Everything that is there once, however many devices there are.

    :return: dictionary with the ids that the copies are spread over.
    """
    stock = "stock.group_stock_manager"
    everyone = [f"meddev_base.group_{role}" for role in ROLE_GROUPS]
    author = user(env, "bench_author", stock, "product.group_product_manager", *everyone)
    intake = user(env, "bench_intake", "meddev_base.group_intake_agent")
    engineers = [
        user(env, f"bench_engineer_{number}", "meddev_base.group_field_engineer")
        for number in range(ENGINEERS)
    ]
    user(env, "bench_parts", "meddev_base.group_parts_keeper", "stock.group_stock_user")
    teams = env["helpdesk.ticket.team"].create(
        [
            {
                "name": f"Team {number}",
                "user_ids": [(6, 0, [engineer.id for engineer in engineers[number::TEAMS]])],
            }
            for number in range(TEAMS)
        ]
    )
    makers = env["res.partner"].create(
        [
            {"name": f"Maker {number}", "is_company": True, "is_manufacturer": True}
            for number in range(MAKERS)
        ]
    )
    # The product of the story comes first; the copies are spread over all of them.
    templates = env["product.template"].create(
        [
            {
                "name": f"Monitor {number:04}",
                "default_code": f"M-{number:04}",
                "type": "consu",
                "is_storable": True,
                "tracking": "serial",
                "is_medical_device": True,
                "device_class": "2",
                "manufacturer_id": makers[number % MAKERS].id,
            }
            for number in range(products - products % MAKERS or MAKERS)
        ]
    )
    env["meddev.udi.di"].create(
        [
            {"product_tmpl_id": template.id, "di": gtin(number), "issuer": "gs1"}
            for number, template in enumerate(templates)
        ]
    )
    env.flush_all()
    return {
        "author": author.id,
        "intake": intake.id,
        "engineers": [engineer.id for engineer in engineers],
        "engineer_partners": [engineer.partner_id.id for engineer in engineers],
        "teams": teams.ids,
        "makers": makers.ids,
        "products": templates.product_variant_id.ids,
    }


def tell(env, world):
    """Tell the story once, as a user who holds every role; return the ids of its records."""
    env = env(user=world["author"], context={"tracking_disable": False, "lang": "en_US"})
    partners = hospital(env)
    product = env["product.product"].browse(world["products"][0])
    lots = devices(env, product, partners)
    picking = deliver(env, product, lots[DEVICES // 2 :], partners["hospital"])
    env["meddev.device.alias"].create(
        [
            {"lot_id": lot.id, "value": f"ZC{number:04}", "partner_id": partners["hospital"].id}
            for number, lot in enumerate(lots[:3])
        ]
    )
    tickets(env, lots, partners, world)
    env.flush_all()
    env.cr.precommit.run()
    return {
        "partners": [partner.id for partner in partners["all"]],
        "lots": lots.ids,
        "picking": picking.id,
    }


def hospital(env):
    new = env["res.partner"].create
    place = {"is_company": True}
    top = new({"name": "Hospital 00000000", "facility_level": "hospital", **place})
    departments = new(
        [
            {"name": name, "facility_level": "department", "parent_id": top.id, **place}
            for name in ("检验科", "手术室", "重症医学科")
        ]
    )
    rooms = new(
        [
            {"name": "Room 1", "facility_level": "room", "parent_id": department.id, **place}
            for department in departments
        ]
    )
    contact = new({"name": "王工", "parent_id": top.id, "email": "contact@example.com"})
    found = {"hospital": top, "departments": departments, "rooms": rooms, "contact": contact}
    return found | {"all": top | departments | rooms | contact}


def devices(env, product, partners):
    lots = env["stock.lot"]
    for number in range(DEVICES):
        vals = {"name": f"SN0000000{number}", "product_id": product.id}
        vals["company_id"] = env.company.id
        if number < DEVICES // 2:
            position = number % 3
            vals |= {
                "origin": "legacy",
                "device_state": "in_service",
                "customer_id": partners["hospital"].id,
                "department_id": partners["departments"][position].id,
                "room_id": partners["rooms"][position].id,
            }
        else:
            vals |= {"origin": "own_stock"}
        lots |= env["stock.lot"].create(vals)
    return lots


def deliver(env, product, lots, customer):
    """Have the lots in stock, then deliver all but two of them with one picking."""
    warehouse = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
    location = warehouse.lot_stock_id
    for lot in lots:
        env["stock.quant"]._update_available_quantity(product, location, 1, lot_id=lot)
    delivered = lots[:-2]
    picking = env["stock.picking"].create(
        {
            "picking_type_id": warehouse.out_type_id.id,
            "partner_id": customer.id,
            "location_id": location.id,
            "location_dest_id": env.ref("stock.stock_location_customers").id,
            "move_ids": [
                (
                    0,
                    0,
                    {
                        "product_id": product.id,
                        "product_uom_qty": 1,
                        "location_id": location.id,
                        "location_dest_id": env.ref("stock.stock_location_customers").id,
                        "move_line_ids": [
                            (
                                0,
                                0,
                                {
                                    "product_id": product.id,
                                    "lot_id": lot.id,
                                    "quantity": 1,
                                    "location_id": location.id,
                                    "location_dest_id": env.ref(
                                        "stock.stock_location_customers"
                                    ).id,
                                },
                            )
                        ],
                        "picked": True,
                    },
                )
                for lot in delivered
            ],
        }
    )
    picking.action_confirm()
    picking.move_ids.picked = True
    picking.with_context(skip_backorder=True).button_validate()
    if picking.state != "done":
        raise AssertionError(f"the delivery of the story is {picking.state}, not done")
    return picking


def tickets(env, lots, partners, world):
    for lot, path in zip(lots, TICKET_PATHS, strict=True):
        ticket = env["helpdesk.ticket"].create(
            {
                "name": f"Screen dark on {lot.name}",
                "description": TEXT,
                "lot_id": lot.id,
                "partner_id": partners["hospital"].id,
                "contact_id": partners["contact"].id,
                "team_id": world["teams"][0],
            }
        )
        if path:
            ticket.user_id = world["engineers"][0]
        for state in path:
            ticket.move_to(state)


def multiply(cr, world, story, devices, say=None):
    """Copy the story until there are so many devices; return rows written per table.

    :param cr: psycopg2 cursor of a superuser, autocommit.
    """
    copies = devices // DEVICES - 1
    copier = Copier(cr, copies, say)
    hospitals = f"('Hospital ' || lpad((1 + g / {COPIES_PER_HOSPITAL})::text, 8, '0'))"
    copier.add(
        "res_partner",
        story["partners"],
        slower=COPIES_PER_HOSPITAL,
        **{
            name: f"replace(src.{name}, 'Hospital 00000000', {hospitals})"
            for name in ("name", "complete_name", "facility_path")
        },
    )
    copier.add("stock_lot", story["lots"])
    copier.add("stock_picking", [story["picking"]])
    copier.collect(*[table for table in FOLLOWED if table in copier.parts])
    copier.collect("stock_picking")
    copier.collect_soft(THREADS)
    copier.links.update(partner_links(copier))

    def pick(values):
        array = ",".join(str(value) for value in values)
        return f"(ARRAY[{array}]::int[])[1 + g % {len(values)}]"

    count = f"(10000000 + g * {DEVICES} + src.own_rank)"
    serial = f"'SN' || {count}"
    everywhere = {
        "product_id": pick(world["products"]),
        "manufacturer_id": pick(world["makers"]),
    }
    particular = {
        "stock_lot": {"name": serial, "normalised_serial": serial},
        "stock_picking": {"name": "'WH/OUT/B' || lpad(g::text, 8, '0')"},
        "stock_move": {"reference": "'WH/OUT/B' || lpad(g::text, 8, '0')"},
        "meddev_device_alias": dict.fromkeys(
            ("value", "normalised_value"), f"'ZC' || (10000000 + g * {DEVICES} + src.own_rank)"
        ),
        "helpdesk_ticket": {
            "number": f"'HT' || {count}",
            "name": f"'Screen dark on SN' || {count}",
            "team_id": pick(world["teams"]),
            "user_id": "CASE WHEN src.user_id IS NULL THEN NULL ELSE "
            + pick(world["engineers"])
            + " END",
            "access_token": "NULL",
        },
        "mail_followers": {
            # An engineer follows the tickets that are assigned to them, not all of the story's.
            "partner_id": f"CASE WHEN src.partner_id = {world['engineer_partners'][0]} THEN "
            + pick(world["engineer_partners"])
            + " ELSE {general} END",
        },
        "meddev_device_token": {"token": "md5(src.token || g)"},
    }
    for part in copier.parts.values():
        if part.table == "res_partner":
            continue
        columns = copier.columns(part.table)
        for name, expression in {**everywhere, **particular.get(part.table, {})}.items():
            if name in columns:
                part.overrides[name] = expression
    return copier.run()


def partner_links(copier):
    """Relations between partners alone, such as the facilities above a room."""
    found = {}
    for table, column in copier.tables_pointing_to("res_partner"):
        if not copier.has_id(table) and "ancestor" in table:
            found.setdefault(table, {})[column] = "res_partner"
    return found
