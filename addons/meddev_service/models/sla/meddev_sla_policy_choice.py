from datetime import timedelta
from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL, ormcache

from odoo.addons.meddev_base.models.meddev_versioned_mixin import STATE_ACTIVE


class Choice(NamedTuple):
    """An active policy as it is compared with tickets; held in the cache of the registry."""

    id: int
    company_id: int
    effective_from: object
    effective_to: object
    level_ids: frozenset
    nature_ids: frozenset
    category_ids: frozenset
    priorities: tuple
    criticalities: tuple
    #: kind -> ``{"seconds", "schedule_id", "steps": [[step id, percent]]}``
    targets: dict

    def is_in_force(self, moment):
        return self.effective_from <= moment and (
            not self.effective_to or moment < self.effective_to
        )

    def find_conditions(self, facts):
        """The conditions that these facts fulfil, or None when one of them is not fulfilled."""
        conditions = (
            ("service_level", self.level_ids, facts.level_id),
            ("nature", self.nature_ids, facts.nature_id),
            ("category", self.category_ids, facts.category_id),
            ("priority", self.priorities, facts.priority),
            ("criticality", self.criticalities, facts.criticality),
        )
        if all(not allowed or value in allowed for _name, allowed, value in conditions):
            return [name for name, allowed, _value in conditions if allowed]
        return None


class Facts(NamedTuple):
    """What a policy is chosen by."""

    company_id: int
    level_id: int | bool
    #: Where the service level comes from: model and id.
    level_source: tuple
    nature_id: int | bool
    category_id: int | bool
    priority: str
    criticality: str | bool


class MeddevSlaPolicy(models.Model):
    """Which policy a ticket has, and why."""

    _inherit = "meddev.sla.policy"

    @api.model
    def _choose(self, facts, moment):
        """The policy for these facts.

        :param facts: ``Facts``; :param moment: naive UTC.
        :return: ``Choice`` or None, and the reasons (JSON) that are shown for it.
        """
        for choice in self._get_choices():
            if not choice.is_in_force(moment):
                continue
            if choice.company_id and choice.company_id != facts.company_id:
                continue
            conditions = choice.find_conditions(facts)
            if conditions is not None:
                return choice, self._prepare_reasons(facts, conditions)
        return None, self._prepare_reasons(facts, [])

    @api.model
    def _prepare_reasons(self, facts, conditions):
        return {
            "conditions": conditions,
            "service_level": facts.level_id,
            "level_source": list(facts.level_source),
            "nature": facts.nature_id,
            "category": facts.category_id,
            "priority": facts.priority,
            "criticality": facts.criticality,
        }

    @api.model
    def _forget_choices(self):
        self.env.registry.clear_cache()

    @api.model
    @ormcache()
    def _get_choices(self):
        # sudo: which policy a ticket has does not hang on who opens it.
        policies = self.sudo().search([("state", "=", STATE_ACTIVE)])
        return tuple(policy._prepare_choice() for policy in policies)

    def _prepare_choice(self):
        categories = self.env["helpdesk.ticket.category"].with_context(active_test=False)
        below = categories.search([("id", "child_of", self.category_ids.ids)])
        return Choice(
            id=self.id,
            company_id=self.company_id.id,
            effective_from=self.effective_from,
            effective_to=self.effective_to,
            level_ids=frozenset(self.service_level_ids.ids),
            nature_ids=frozenset(self.nature_ids.ids),
            category_ids=frozenset(below.ids),
            priorities=self._get_values_from("min_priority"),
            criticalities=self._get_values_from("min_criticality"),
            targets=self._prepare_targets(),
        )

    def _get_values_from(self, name):
        """The values of an ordered selection from the given one upwards; none for no limit."""
        values = self._fields[name].get_values(self.env)
        return tuple(values[values.index(self[name]) :]) if self[name] else ()

    def _prepare_targets(self):
        return {
            target.kind: {
                "seconds": round(timedelta(hours=target.hours).total_seconds()),
                "schedule_id": target.schedule_id.id,
                "steps": [
                    [step.id, step.percent]
                    for step in self.step_ids
                    if step.kind in (False, target.kind)
                ],
            }
            for target in self.target_ids
        }


class HelpdeskTicket(models.Model):
    """The facts of a ticket that its policy is chosen by."""

    _inherit = "helpdesk.ticket"

    def _get_policy_facts(self):
        """:return: ``Facts`` by ticket, also for tickets that are about to be created."""
        # sudo: what was agreed for a place holds whoever opens the ticket.
        tickets = self.sudo()
        levels = tickets._find_levels_of_places()
        return {
            ticket: Facts(
                company_id=ticket.company_id.id,
                **ticket._find_service_level(levels),
                nature_id=ticket.nature_id.id,
                category_id=ticket.category_id.id,
                priority=ticket.priority or "1",
                criticality=ticket.lot_id.product_id.device_criticality or "standard",
            )
            for ticket in tickets
        }

    def _find_service_level(self, levels):
        """What is nearest to the device counts; contracts answer before, by this hook.

        :param levels: service level and facility by place, see ``_find_levels_of_places``.
        """
        if level := self.lot_id.service_level_id:
            return {"level_id": level.id, "level_source": ("stock.lot", self.lot_id.id)}
        if self.place_id.id in levels:
            level_id, facility_id = levels[self.place_id.id]
            return {"level_id": level_id, "level_source": ("res.partner", facility_id)}
        for partner in (self.partner_id, self.partner_id.commercial_partner_id):
            if level := partner.service_level_id:
                return {"level_id": level.id, "level_source": ("res.partner", partner.id)}
        return {"level_id": False, "level_source": ()}

    def _find_levels_of_places(self):
        """:return: ``(service level id, id of the facility that has it)`` by id of the place."""
        place_ids = tuple(self.place_id.ids)
        if not place_ids:
            return {}
        self.env["res.partner"].flush_model(
            ["service_level_id", "facility_level", "facility_ancestor_ids"]
        )
        # One statement for the batch: the ORM would read every facility above every place.
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (rel.partner_id)
                       rel.partner_id, facility.service_level_id, facility.id
                  FROM meddev_facility_ancestor_rel rel
                  JOIN res_partner facility ON facility.id = rel.facility_id
                 WHERE rel.partner_id IN %s AND facility.service_level_id IS NOT NULL
              ORDER BY rel.partner_id,
                       array_position(ARRAY['room', 'department', 'campus', 'hospital']::varchar[],
                                      facility.facility_level)
                """,
                place_ids,
            )
        )
        return {place_id: (level_id, facility_id) for place_id, level_id, facility_id in rows}
