"""What the web client asks for: specifications from the real views, reads as it does them."""

import json
from ast import literal_eval

from lxml import etree

LIST_LIMIT = 80
# relational_model.js, DEFAULT_COUNT_LIMIT; a list may say another one.
COUNT_LIMIT = 10_000
X2MANY = ("one2many", "many2many")


def views(env, model, kinds, action=None):
    """The views and fields that the client gets, for the views of an action where one is given."""
    wanted = dict.fromkeys(kinds, False)
    if action:
        wanted |= {kind: view for view, kind in action["views"] if kind in wanted}
        wanted["search"] = action["search_view"]
    pairs = [(view, kind) for kind, view in wanted.items()]
    answer = env[model].get_views(pairs, {"load_filters": "search" in kinds})
    return {
        kind: {
            "arch": etree.fromstring(answer["views"][kind]["arch"]),
            "fields": answer["models"],
            "model": model,
        }
        for kind in kinds
    }


def specification(view):
    """``specification`` of ``web_read`` for one view: its fields, and those of its sub-lists."""
    return node_specification(view["arch"], view["model"], view["fields"])


def node_specification(root, model, models, depth=0):
    spec = {}
    fields = models[model]["fields"]
    for node in own_field_nodes(root):
        name = node.get("name")
        if name not in fields:
            continue
        found = spec.setdefault(name, {})
        kind = fields[name]["type"]
        if kind in ("many2one", "reference"):
            found.setdefault("fields", {})["display_name"] = {}
        elif kind in X2MANY and node.get("invisible") not in ("1", "True"):
            add_lines(found, node, fields[name], models, depth)
    return spec


def add_lines(found, node, field, models, depth):
    """A sub-list is read with its own fields; tags read names and colours; else ids only."""
    comodel = field["relation"]
    lists = [child for child in node if child.tag in ("list", "kanban", "form")]
    if lists and comodel in models and depth < 2:
        shown = next((child for child in lists if child.tag != "form"), None)
        if shown is not None:
            inner = node_specification(shown, comodel, models, depth + 1)
            found.setdefault("fields", {}).update(inner)
            found["limit"] = int(shown.get("limit") or 40)
            if shown.get("default_order"):
                found["order"] = shown.get("default_order")
    elif node.get("widget", "").startswith("many2many") or field["type"] == "many2many":
        found.setdefault("fields", {})["display_name"] = {}


def own_field_nodes(root):
    """Field nodes of this view, without those of the sub-views in it."""
    for child in root:
        if not isinstance(child.tag, str):
            continue
        if child.tag == "field":
            yield child
        else:
            yield from own_field_nodes(child)


def action_of(env, xmlid):
    """An action as the client loads it, and the filters that its context switches on."""
    action = env["ir.actions.act_window"].browse(env.ref(xmlid).id).sudo().read()[0]
    view_list = [(view, kind) for view, kind in action["views"]]
    return {
        "model": action["res_model"],
        "views": view_list,
        "search_view": action["search_view_id"] and action["search_view_id"][0],
        "domain": action["domain"] or "[]",
        "context": action["context"] or "{}",
        "xmlid": xmlid,
    }


def opening_context(env, action):
    """The action's context, without the filters that it switches on."""
    from odoo.tools.safe_eval import safe_eval

    context = safe_eval(action["context"], evaluation_names(env))
    user_context = {"lang": env.user.lang, "tz": env.user.tz or "UTC", "uid": env.uid}
    own = {key: value for key, value in context.items() if not key.startswith("search_default_")}
    return user_context | {"allowed_company_ids": env.companies.ids} | own


def opening_domain(env, action, search_arch):
    """The domain with which the screen opens: the action's, and its default filters."""
    from odoo.fields import Domain
    from odoo.tools.safe_eval import safe_eval

    names = evaluation_names(env)
    context = safe_eval(action["context"], dict(names))
    domain = Domain(safe_eval(action["domain"], dict(names)))
    nodes = () if search_arch is None else search_arch.iter("filter")
    filters = {node.get("name"): node for node in nodes}
    for key, value in context.items():
        if key.startswith("search_default_") and value:
            node = filters.get(key.removeprefix("search_default_"))
            if node is not None and node.get("domain"):
                domain &= Domain(safe_eval(node.get("domain"), dict(names)))
    return list(domain)


def evaluation_names(env):
    import datetime

    from dateutil.relativedelta import relativedelta

    from odoo.tools.safe_eval import wrap_module

    return {
        "uid": env.uid,
        "active_id": False,
        "active_ids": [],
        "context": dict(env.context),
        "context_today": datetime.datetime.now,
        "time": wrap_module(__import__("time"), ["strftime"]),
        "datetime": wrap_module(datetime, ["datetime", "date", "timedelta"]),
        "relativedelta": relativedelta,
        "allowed_company_ids": env.companies.ids,
    }


def search_box_domain(search_arch, text):
    """The domain of typing a text into the search box and pressing Enter: its first field."""
    node = next(search_arch.iter("field"))
    if node.get("filter_domain"):
        source = node.get("filter_domain").replace("self", json.dumps(text, ensure_ascii=False))
        return literal_eval(source)
    return [(node.get("name"), node.get("operator") or "ilike", text)]


def default_order(list_arch):
    return list_arch.get("default_order") or None


def count_limit(list_arch):
    return int(list_arch.get("count_limit") or COUNT_LIMIT)


def read_list(env, model, spec, domain, order=None, offset=0, limit=COUNT_LIMIT):
    """One page of a list, with the capped count that the pager shows."""
    count = max(limit, offset + LIST_LIMIT) + 1
    return env[model].web_search_read(
        domain, spec, offset=offset, limit=LIST_LIMIT, order=order, count_limit=count
    )


def read_form(env, model, record_id, spec):
    return env[model].browse(record_id).web_read(spec)
