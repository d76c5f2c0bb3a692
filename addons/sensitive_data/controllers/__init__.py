from . import export
from . import json
from . import pivot
from . import vcard
