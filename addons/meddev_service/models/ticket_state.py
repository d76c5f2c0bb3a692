"""The ticket's life cycle: one table, read by buttons, stage drag, RPC, import and portal alike."""

from typing import NamedTuple

STATE_RECEIVED = "received"
STATE_DISPATCHED = "dispatched"
STATE_IN_PROGRESS = "in_progress"
STATE_WAITING = "waiting"
STATE_DONE = "done"
STATE_ARCHIVED = "archived"

TICKET_STATES = [
    (STATE_RECEIVED, "Received"),
    (STATE_DISPATCHED, "Dispatched"),
    (STATE_IN_PROGRESS, "In Progress"),
    (STATE_WAITING, "Waiting for Customer"),
    (STATE_DONE, "Done"),
    (STATE_ARCHIVED, "Archived"),
]

#: Work is still to be done.
OPEN_STATES = (STATE_RECEIVED, STATE_DISPATCHED, STATE_IN_PROGRESS, STATE_WAITING)
CLOSED_STATES = (STATE_DONE, STATE_ARCHIVED)

MANAGER = "meddev_base.group_service_manager"
INTAKE = "meddev_base.group_intake_agent"
DISPATCHER = "meddev_base.group_dispatcher"
ENGINEER = "meddev_base.group_field_engineer"
QUALITY = "meddev_base.group_quality_specialist"
#: Not a group: the customer of this very ticket, in the portal or by e-mail.
CUSTOMER = "customer"

#: These roles move only the tickets that are assigned to them.
OWN_TICKET_ROLES = (ENGINEER,)


class Transition(NamedTuple):
    """One legal move: who may make it, and whether the person must say why."""

    roles: tuple
    needs_reason: bool = False


TRANSITIONS = {
    (STATE_RECEIVED, STATE_DISPATCHED): Transition((MANAGER, INTAKE, DISPATCHER)),
    # Answered at the desk, withdrawn, duplicate.
    (STATE_RECEIVED, STATE_DONE): Transition((MANAGER, INTAKE, DISPATCHER, CUSTOMER), True),
    (STATE_DISPATCHED, STATE_RECEIVED): Transition((MANAGER, DISPATCHER), True),
    (STATE_DISPATCHED, STATE_IN_PROGRESS): Transition((MANAGER, ENGINEER)),
    (STATE_DISPATCHED, STATE_DONE): Transition((MANAGER, DISPATCHER, CUSTOMER), True),
    (STATE_IN_PROGRESS, STATE_DISPATCHED): Transition((MANAGER, DISPATCHER, ENGINEER), True),
    # Without a reason the ticket waits, but its clocks go on.
    (STATE_IN_PROGRESS, STATE_WAITING): Transition((MANAGER, ENGINEER)),
    (STATE_IN_PROGRESS, STATE_DONE): Transition((MANAGER, ENGINEER)),
    (STATE_WAITING, STATE_IN_PROGRESS): Transition(
        (MANAGER, INTAKE, DISPATCHER, ENGINEER, CUSTOMER)
    ),
    (STATE_WAITING, STATE_DONE): Transition((MANAGER, ENGINEER, CUSTOMER)),
    # Reopened. There is no way back from archived.
    (STATE_DONE, STATE_IN_PROGRESS): Transition(
        (MANAGER, INTAKE, DISPATCHER, ENGINEER, CUSTOMER), True
    ),
    (STATE_DONE, STATE_ARCHIVED): Transition((MANAGER, QUALITY)),
}

#: State -> name of the boolean on the ticket that a button reads.
BUTTON_FIELDS = {
    STATE_RECEIVED: "can_be_sent_back",
    STATE_DISPATCHED: "can_be_dispatched",
    STATE_IN_PROGRESS: "can_be_started",
    STATE_WAITING: "can_be_set_waiting",
    STATE_DONE: "can_be_finished",
    STATE_ARCHIVED: "can_be_put_on_file",
}

#: Stamps of every state: (moment, person).
STAMP_FIELDS = {state: (f"{state}_at", f"{state}_by_id") for state, _label in TICKET_STATES}
PROTECTED_FIELDS = frozenset(
    ["service_state", *(name for names in STAMP_FIELDS.values() for name in names)]
)
#: What no write changes: the above, and the number under which the ticket is known.
FIXED_FIELDS = PROTECTED_FIELDS | {"number"}


class GuardedState(str):
    """A state that comes from the transition method: ``write`` takes no other.

    The value itself carries the permission. RPC and import carry plain text and server actions
    cannot import this class; unlike a context key it reaches nothing that runs inside the write.
    """

    __slots__ = ()
