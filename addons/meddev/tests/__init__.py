from . import test_roles
from . import test_statements_audit
from . import test_statements_company
from . import test_statements_device
from . import test_statements_escalation
from . import test_statements_portal
from . import test_statements_purchase
from . import test_statements_staff
