"""The device's life cycle: one table, read by the buttons, the server, RPC and import alike."""

from typing import NamedTuple

STATE_IN_STOCK = "in_stock"
STATE_SHIPPED = "shipped"
STATE_INSTALLED = "installed"
STATE_IN_SERVICE = "in_service"
STATE_QUARANTINED = "quarantined"
STATE_UNDER_REPAIR = "under_repair"
STATE_ON_LOAN = "on_loan"
STATE_RECALLED = "recalled"
STATE_RETIRED = "retired"
STATE_SCRAPPED = "scrapped"
STATE_LOST = "lost"

DEVICE_STATES = [
    (STATE_IN_STOCK, "In Stock"),
    (STATE_SHIPPED, "Shipped"),
    (STATE_INSTALLED, "Installed"),
    (STATE_IN_SERVICE, "In Service"),
    (STATE_QUARANTINED, "Quarantined"),
    (STATE_UNDER_REPAIR, "Under Repair"),
    (STATE_ON_LOAN, "On Loan"),
    (STATE_RECALLED, "Recalled"),
    (STATE_RETIRED, "Retired"),
    (STATE_SCRAPPED, "Scrapped"),
    (STATE_LOST, "Lost"),
]

ORIGIN_OWN_STOCK = "own_stock"
ORIGIN_LEGACY = "legacy"
ORIGIN_THIRD_PARTY = "third_party"

ORIGINS = [
    (ORIGIN_OWN_STOCK, "Own Stock"),
    (ORIGIN_LEGACY, "Sold Before Go-Live"),
    (ORIGIN_THIRD_PARTY, "Third-Party Make"),
]

#: States in which a device may be entered, per origin; everything else is reached by a move.
INITIAL_STATES = {
    ORIGIN_OWN_STOCK: (STATE_IN_STOCK,),
    ORIGIN_LEGACY: (
        STATE_IN_SERVICE,
        STATE_INSTALLED,
        STATE_SHIPPED,
        STATE_IN_STOCK,
        STATE_QUARANTINED,
        STATE_UNDER_REPAIR,
        STATE_ON_LOAN,
        STATE_RETIRED,
    ),
    ORIGIN_THIRD_PARTY: (
        STATE_IN_SERVICE,
        STATE_INSTALLED,
        STATE_IN_STOCK,
        STATE_QUARANTINED,
        STATE_UNDER_REPAIR,
        STATE_RETIRED,
    ),
}

#: A device in one of these must not be delivered to a customer.
UNDELIVERABLE_STATES = (
    STATE_QUARANTINED,
    STATE_RECALLED,
    STATE_RETIRED,
    STATE_SCRAPPED,
)
#: The device has left our stock and stands (or travels) somewhere.
FIELD_STATES = (STATE_SHIPPED, STATE_INSTALLED, STATE_IN_SERVICE, STATE_ON_LOAN)

MANAGER = "meddev_base.group_service_manager"
ENGINEER = "meddev_base.group_field_engineer"
PARTS = "meddev_base.group_parts_keeper"
QUALITY = "meddev_base.group_quality_specialist"


class Transition(NamedTuple):
    """One legal move: who may make it, and whether the person must say why."""

    roles: tuple
    needs_reason: bool = False


_STORE = Transition((MANAGER, PARTS))
_STORE_WITH_REASON = Transition((MANAGER, PARTS, QUALITY), True)
_FIELD = Transition((MANAGER, ENGINEER))
_REPAIR = Transition((MANAGER, ENGINEER, PARTS))
_QUARANTINE = Transition((MANAGER, QUALITY, ENGINEER, PARTS), True)
_RELEASE = Transition((QUALITY,), True)
#: Devices are recalled by the table, batches beside it, both by the same role.
RECALL = Transition((QUALITY,), True)
#: Who may correct how a device came to us.
ORIGIN_CORRECTION = Transition((QUALITY,), True)
_END = Transition((MANAGER, QUALITY), True)
_LOSS = Transition((MANAGER, PARTS, QUALITY, ENGINEER), True)
_FOUND = Transition((MANAGER, QUALITY, PARTS), True)

TRANSITIONS = {
    # in stock
    (STATE_IN_STOCK, STATE_SHIPPED): _STORE,
    (STATE_IN_STOCK, STATE_ON_LOAN): _STORE,
    (STATE_IN_STOCK, STATE_UNDER_REPAIR): _REPAIR,
    (STATE_IN_STOCK, STATE_QUARANTINED): _QUARANTINE,
    (STATE_IN_STOCK, STATE_RECALLED): RECALL,
    (STATE_IN_STOCK, STATE_SCRAPPED): _STORE_WITH_REASON,
    (STATE_IN_STOCK, STATE_LOST): _LOSS,
    # shipped
    (STATE_SHIPPED, STATE_INSTALLED): _FIELD,
    (STATE_SHIPPED, STATE_IN_STOCK): _STORE_WITH_REASON,
    (STATE_SHIPPED, STATE_QUARANTINED): _QUARANTINE,
    (STATE_SHIPPED, STATE_UNDER_REPAIR): _REPAIR,
    (STATE_SHIPPED, STATE_RECALLED): RECALL,
    (STATE_SHIPPED, STATE_LOST): _LOSS,
    # installed
    (STATE_INSTALLED, STATE_IN_SERVICE): _FIELD,
    (STATE_INSTALLED, STATE_UNDER_REPAIR): _REPAIR,
    (STATE_INSTALLED, STATE_QUARANTINED): _QUARANTINE,
    (STATE_INSTALLED, STATE_RECALLED): RECALL,
    (STATE_INSTALLED, STATE_RETIRED): _END,
    (STATE_INSTALLED, STATE_LOST): _LOSS,
    # in service
    (STATE_IN_SERVICE, STATE_UNDER_REPAIR): _REPAIR,
    (STATE_IN_SERVICE, STATE_QUARANTINED): _QUARANTINE,
    (STATE_IN_SERVICE, STATE_RECALLED): RECALL,
    (STATE_IN_SERVICE, STATE_RETIRED): _END,
    (STATE_IN_SERVICE, STATE_LOST): _LOSS,
    # quarantined: only quality releases
    (STATE_QUARANTINED, STATE_IN_STOCK): _RELEASE,
    (STATE_QUARANTINED, STATE_INSTALLED): _RELEASE,
    (STATE_QUARANTINED, STATE_IN_SERVICE): _RELEASE,
    (STATE_QUARANTINED, STATE_UNDER_REPAIR): Transition((QUALITY, MANAGER), True),
    (STATE_QUARANTINED, STATE_RECALLED): RECALL,
    (STATE_QUARANTINED, STATE_RETIRED): _END,
    (STATE_QUARANTINED, STATE_SCRAPPED): _END,
    # under repair
    (STATE_UNDER_REPAIR, STATE_IN_SERVICE): _FIELD,
    (STATE_UNDER_REPAIR, STATE_INSTALLED): _FIELD,
    (STATE_UNDER_REPAIR, STATE_SHIPPED): _STORE,
    (STATE_UNDER_REPAIR, STATE_IN_STOCK): _STORE,
    (STATE_UNDER_REPAIR, STATE_QUARANTINED): _QUARANTINE,
    (STATE_UNDER_REPAIR, STATE_RECALLED): RECALL,
    (STATE_UNDER_REPAIR, STATE_RETIRED): _END,
    (STATE_UNDER_REPAIR, STATE_SCRAPPED): _END,
    (STATE_UNDER_REPAIR, STATE_LOST): _LOSS,
    # on loan
    (STATE_ON_LOAN, STATE_IN_STOCK): Transition((MANAGER, PARTS, ENGINEER)),
    (STATE_ON_LOAN, STATE_UNDER_REPAIR): _REPAIR,
    (STATE_ON_LOAN, STATE_QUARANTINED): _QUARANTINE,
    (STATE_ON_LOAN, STATE_RECALLED): RECALL,
    (STATE_ON_LOAN, STATE_LOST): _LOSS,
    # recalled: only quality ends a recall for a device
    (STATE_RECALLED, STATE_IN_STOCK): _RELEASE,
    (STATE_RECALLED, STATE_INSTALLED): _RELEASE,
    (STATE_RECALLED, STATE_IN_SERVICE): _RELEASE,
    (STATE_RECALLED, STATE_QUARANTINED): _RELEASE,
    (STATE_RECALLED, STATE_UNDER_REPAIR): _RELEASE,
    (STATE_RECALLED, STATE_RETIRED): _RELEASE,
    (STATE_RECALLED, STATE_SCRAPPED): _RELEASE,
    # retired
    (STATE_RETIRED, STATE_IN_SERVICE): _END,
    (STATE_RETIRED, STATE_QUARANTINED): _QUARANTINE,
    (STATE_RETIRED, STATE_RECALLED): RECALL,
    (STATE_RETIRED, STATE_SCRAPPED): _END,
    # lost and found; scrapped is final
    (STATE_LOST, STATE_IN_STOCK): _FOUND,
    (STATE_LOST, STATE_IN_SERVICE): _FOUND,
    (STATE_LOST, STATE_QUARANTINED): _FOUND,
    (STATE_LOST, STATE_RETIRED): _END,
}

#: State -> name of the boolean on the device that a button reads.
BUTTON_FIELDS = {
    STATE_IN_STOCK: "can_be_returned_to_stock",
    STATE_SHIPPED: "can_be_shipped",
    STATE_INSTALLED: "can_be_installed",
    STATE_IN_SERVICE: "can_be_put_in_service",
    STATE_QUARANTINED: "can_be_quarantined",
    STATE_UNDER_REPAIR: "can_be_sent_to_repair",
    STATE_ON_LOAN: "can_be_lent",
    STATE_RECALLED: "can_be_recalled",
    STATE_RETIRED: "can_be_retired",
    STATE_SCRAPPED: "can_be_scrapped",
    STATE_LOST: "can_be_reported_lost",
}


def legal_targets(state):
    """States that a device in ``state`` may reach in one move, in life-cycle order."""
    return [to for to, _label in DEVICE_STATES if (state, to) in TRANSITIONS]
