from . import audit_trail_check
