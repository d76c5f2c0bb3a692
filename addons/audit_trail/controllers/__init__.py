from . import public_key
