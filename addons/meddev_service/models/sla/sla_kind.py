"""What a service level agreement measures, and what stops it."""

from odoo.addons.meddev_base.tools import service_clock as clock

KIND_RESPONSE = "response"
KIND_DIAGNOSIS = "diagnosis"
KIND_ON_SITE = "on_site"
KIND_REPAIR = "repair"
KIND_RESOLUTION = "resolution"

TARGET_KINDS = [
    (KIND_RESPONSE, "Response"),
    (KIND_DIAGNOSIS, "Diagnosis"),
    (KIND_ON_SITE, "On Site"),
    (KIND_REPAIR, "Repair"),
    (KIND_RESOLUTION, "Resolution"),
]
ALL_KINDS = tuple(kind for kind, _label in TARGET_KINDS)

EVENT_KINDS = [
    (clock.START, "Start"),
    (clock.PAUSE, "Pause"),
    (clock.RESUME, "Resume"),
    (clock.STOP, "Stop"),
    (clock.POLICY, "Policy"),
    (clock.REOPEN, "Go On"),
    (clock.VOID, "Void"),
]

CLOCK_STATUSES = [
    (clock.RUNNING, "Running"),
    (clock.PAUSED, "Paused"),
    (clock.STOPPED, "Stopped"),
    (clock.VOIDED, "Void"),
]

# What happens to a ticket, and which clocks that stops. Being answered is the first word to the
# customer; whoever is on site has answered as well, and what is solved was found and repaired.
MILESTONE_ANSWERED = "answered"
MILESTONE_DIAGNOSED = "diagnosed"
MILESTONE_ON_SITE = "on_site"
MILESTONE_REPAIRED = "repaired"
MILESTONE_SOLVED = "solved"
MILESTONES = {
    MILESTONE_ANSWERED: (KIND_RESPONSE,),
    MILESTONE_DIAGNOSED: (KIND_RESPONSE, KIND_DIAGNOSIS),
    MILESTONE_ON_SITE: (KIND_RESPONSE, KIND_ON_SITE),
    MILESTONE_REPAIRED: (KIND_RESPONSE, KIND_DIAGNOSIS, KIND_REPAIR),
    MILESTONE_SOLVED: (KIND_RESPONSE, KIND_DIAGNOSIS, KIND_REPAIR, KIND_RESOLUTION),
}
#: What goes on when a solved ticket is opened again: the customer was answered before.
REOPENED_KINDS = (KIND_REPAIR, KIND_RESOLUTION)
