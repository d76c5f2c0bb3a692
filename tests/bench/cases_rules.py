"""(f) What record rules cost: each role's lists against the superuser's of the same records."""

from bench_machine import registry, transaction
from bench_measure import Case, Variant

PAGE_LIMIT = 1.3
COUNT_LIMIT = 2.0
PAGE = 80
MODELS = ("stock.lot", "helpdesk.ticket")
STAFF = (
    "service_manager",
    "intake_agent",
    "dispatcher",
    "field_engineer",
    "parts_keeper",
    "quality_specialist",
    "knowledge_manager",
    "analyst",
    "compliance_auditor",
)
PORTAL = ("portal_hospital", "portal_dealer", "integration")


def prepare(database):
    """One user per role, kept in the database; who they serve is taken from the story.

    :return: role -> user id.
    """
    from odoo import api

    cr = registry(database).cursor()
    try:
        env = api.Environment(cr, 1, {})
        users = {role: _make_user(env, role) for role in (*STAFF, *PORTAL)}
        cr.commit()
        cr.execute("ANALYZE res_users")
        cr.commit()
        return users
    finally:
        cr.close()


def _make_user(env, role):
    login = f"bench_rule_{role}"
    known = env["res.users"].search([("login", "=", login)])
    if known:
        return known.id
    if role == "field_engineer":
        # One who has work: the story's engineers share the teams and tickets.
        return env["res.users"].search([("login", "=", "bench_engineer_0")]).id
    vals = {
        "name": login,
        "login": login,
        "email": f"{login}@example.com",
        "group_ids": [(6, 0, env.ref(f"meddev_base.group_{role}").ids)],
    }
    place = env["stock.lot"].search([("place_id", "!=", False)], limit=1).place_id
    hospital = place.facility_ancestor_ids.filtered(lambda one: one.facility_level == "hospital")
    if role == "portal_hospital":
        vals["partner_id"] = (
            env["res.partner"].create({"name": login, "parent_id": (hospital or place)[:1].id}).id
        )
    if role == "portal_dealer":
        dealer = env["res.partner"].create(
            {"name": "Bench Dealer", "is_company": True, "is_dealer": True}
        )
        env["meddev.dealer.assignment"].create(
            {
                "dealer_id": dealer.id,
                "facility_id": (hospital or place)[:1].id,
                "date_from": "2020-01-01",
            }
        )
        contact = env["res.partner"].create({"name": login, "parent_id": dealer.id})
        vals["partner_id"] = contact.id
    if role == "integration":
        vals["integration_customer_ids"] = [(6, 0, (hospital or place)[:1].ids)]
    return env["res.users"].with_context(no_reset_password=True).create(vals).id


def cases(database, label):
    users = prepare(database)
    found = []
    for model in MODELS:
        for role, user_id in users.items():
            if not _may_read(database, user_id, model):
                continue
            domain = _explicit_domain(database, user_id, model)
            for name, run, limit in (
                ("list", _page, PAGE_LIMIT),
                ("count, unlimited", _count, COUNT_LIMIT),
            ):
                variants = [
                    Variant("under rules", _as_user(database, user_id, model, run)),
                    Variant("explicit domain", _as_superuser(database, model, domain, run)),
                ]
                title = f"{model} {name}: {role} at {label}"
                found.append(
                    Case(title, variants, "under rules", "explicit domain", limit, repeats=2)
                )
    return found


def _may_read(database, user_id, model):
    with transaction(database, user_id) as env:
        return env[model].has_access("read")


def _explicit_domain(database, user_id, model):
    """The records of a role as the role matrix writes them, not as the rules do."""
    with transaction(database) as env:
        user = env["res.users"].browse(user_id)
        return env["meddev.role.right"]._get_expected_domain(user, model, "read")


def _page(records, domain):
    from odoo.fields import Domain

    found = records.search(domain, limit=PAGE)
    # A specific question too: the newest of a state, as a filter of the list asks.
    name = "device_state" if "device_state" in records._fields else "service_state"
    state = "in_service" if name == "device_state" else "in_progress"
    records.search(Domain(domain) & Domain(name, "=", state), limit=PAGE)
    return found


def _count(records, domain):
    return records.search_count(domain)


def _as_user(database, user_id, model, run):
    def timed():
        from odoo.fields import Domain

        with transaction(database, user_id) as env:
            run(env[model], Domain.TRUE)

    return timed


def _as_superuser(database, model, domain, run):
    def timed():
        with transaction(database) as env:
            run(env[model].sudo(), domain)

    return timed
