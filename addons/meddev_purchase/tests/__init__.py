from . import (
    test_attack_purchase,
    test_capture,
    test_inspection,
    test_install,
    test_performance,
    test_quarantine,
    test_remind_papers,
    test_report,
    test_rpc,
    test_security,
    test_supplier_paper,
    test_tools,
)
