"""Rules of every test run, whoever starts it."""

import re

import pytest

# How Odoo and pytest-odoo word a skip for want of a program that `make test` provides.
MISSING_TOOL = re.compile(
    r"chrome|chromium|websocket-client|wkhtmltopdf|--odoo-http|could not import", re.IGNORECASE
)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that cannot run because a tool is missing has failed, not been skipped."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[-1]
        if MISSING_TOOL.search(reason):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} needs what is missing here: {reason}"
    return report
