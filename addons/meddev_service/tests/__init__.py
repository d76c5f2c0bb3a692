from . import (
    test_attack_service,
    test_ticket_archive,
    test_ticket_create,
    test_ticket_flow,
    test_ticket_install,
    test_ticket_mail,
    test_ticket_portal,
    test_ticket_remote,
    test_ticket_security,
    test_ticket_stage,
    test_tours,
    test_translations,
)
