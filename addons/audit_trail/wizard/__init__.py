from . import audit_trail_check
from . import base_partner_merge
