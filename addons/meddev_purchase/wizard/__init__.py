from . import (
    meddev_incoming_capture,
    meddev_legal_hold,
    meddev_paper_waive,
    meddev_quarantine_decide,
)
