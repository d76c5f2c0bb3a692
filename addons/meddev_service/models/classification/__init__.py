from . import (
    meddev_request_nature,
    helpdesk_ticket_classification,
)
