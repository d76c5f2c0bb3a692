from . import (
    base_partner_merge,
    helpdesk_ticket_duplicate_wizard,
    helpdesk_ticket_move,
    mail_compose_message,
)
