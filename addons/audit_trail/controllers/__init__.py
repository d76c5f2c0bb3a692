from . import home, public_key
