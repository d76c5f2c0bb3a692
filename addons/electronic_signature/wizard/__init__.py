from . import electronic_signature_check
from . import electronic_signature_sign
