"""Rules of every test run, whoever starts it."""

import os
import re
import shutil
from contextlib import contextmanager
from unittest import mock

import pytest
import pytest_odoo

import odoo

# How Odoo and pytest-odoo word a skip for want of a program that `make test` provides.
MISSING_TOOL = re.compile(
    r"chrome|chromium|websocket-client|wkhtmltopdf|--odoo-http|could not import", re.IGNORECASE
)


@contextmanager
def _own_filestore(original_name, name):
    """A worker's own files beside its own database.

    pytest-odoo lets all workers share one folder: there, one worker's clean-up takes files away
    that the databases of the others still name, and their browsers get no scripts.
    """
    source = odoo.tools.config.filestore(original_name)
    if name == original_name:
        yield
        return
    own = f"{source}-{os.environ['PYTEST_XDIST_WORKER']}"
    shutil.rmtree(own, ignore_errors=True)
    if os.path.isdir(source):
        # Files of the store are never changed in place, so links are as good as copies.
        shutil.copytree(source, own, copy_function=os.link)
    with mock.patch.object(odoo.tools.config, "filestore", return_value=own):
        yield
    shutil.rmtree(own, ignore_errors=True)


def pytest_configure(config):
    pytest_odoo._shared_filestore = _own_filestore


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
