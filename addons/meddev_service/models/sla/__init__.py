from . import (
    meddev_service_level,
    meddev_pause_reason,
    meddev_sla_policy,
    meddev_sla_policy_choice,
    meddev_sla_event,
    meddev_sla_clock,
    meddev_sla_notice,
    meddev_sla_watch,
    helpdesk_ticket_sla,
    res_partner,
    stock_lot,
)
