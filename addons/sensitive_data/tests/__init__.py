from . import test_masking
from . import test_fields
from . import test_keys
from . import test_reveal
from . import test_rules
from . import test_export
from . import test_leaks
