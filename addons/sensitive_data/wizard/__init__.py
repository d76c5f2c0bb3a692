from . import sensitive_erase
