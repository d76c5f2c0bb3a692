import threading
from contextlib import contextmanager

from odoo import models

from .announcement import ensure_writing
from .events import log_event
from .kinds import KIND_PRINT

#: The prints that go on in this thread, outermost first. Not in a context, which clients send, nor
#: on the cursor, which server actions reach.
_going_on = threading.local()


class IrActionsReport(models.Model):
    """Every print of a tracked record is told once, whichever of core's ways makes it.

    Core's routes, the portal and mail templates call the method of the format, which may call
    another one (a PDF is made of HTML).
    """

    _inherit = "ir.actions.report"

    def _render(self, report_ref, res_ids, data=None):
        kind = self._get_report(report_ref).report_type
        with _told(self, report_ref, res_ids, kind):
            return super()._render(report_ref, res_ids, data=data)

    def _render_qweb_pdf(self, report_ref, res_ids=None, data=None):
        with _told(self, report_ref, res_ids, "qweb-pdf"):
            return super()._render_qweb_pdf(report_ref, res_ids=res_ids, data=data)

    def _pre_render_qweb_pdf(self, report_ref, res_ids=None, data=None):
        with _told(self, report_ref, res_ids, "qweb-pdf"):
            return super()._pre_render_qweb_pdf(report_ref, res_ids=res_ids, data=data)

    def _render_qweb_html(self, report_ref, docids, data=None):
        with _told(self, report_ref, docids, "qweb-html"):
            return super()._render_qweb_html(report_ref, docids, data=data)

    def _render_qweb_text(self, report_ref, docids, data=None):
        with _told(self, report_ref, docids, "qweb-text"):
            return super()._render_qweb_text(report_ref, docids, data=data)


@contextmanager
def _told(reports, report_ref, res_ids, print_format):
    """Within it a report is made; afterwards it is told, unless it is part of another print.

    A function: server actions reach every method.
    """
    report = reports._get_report(report_ref)
    model = reports.env.get(report.model)
    if model is None or not model._audit_trail_rule():
        yield
        return
    ids = [res_ids] if isinstance(res_ids, int) else list(res_ids or ())
    prints = _going_on.__dict__.setdefault("prints", [])
    if any(report.id == outer and set(ids) <= whole for outer, whole in prints):
        yield
        return
    # Before the work is done, which would be done twice.
    ensure_writing(reports.env)
    prints.append((report.id, set(ids)))
    try:
        yield
    finally:
        prints.pop()
    log_event(
        reports.env,
        KIND_PRINT,
        model.browse(ids if len(ids) == 1 else ()),
        details={
            "report": report.report_name,
            "format": print_format.removeprefix("qweb-"),
            "ids": ids[:1000],
            "count": len(ids),
        },
    )
