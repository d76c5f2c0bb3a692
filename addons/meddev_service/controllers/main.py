import base64
from pathlib import PurePath

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request
from odoo.tools import plaintext2html
from odoo.tools.mimetypes import guess_mimetype

from odoo.addons.helpdesk_mgmt.controllers.main import HelpdeskTicketController
from odoo.addons.portal.controllers.portal import CustomerPortal

from ..models.ticket_state import CUSTOMER, STATE_DONE, TRANSITIONS

MAX_FILES = 10
MAX_FILE_MB_PARAMETER = "meddev_service.portal_max_file_mb"
DEFAULT_MAX_FILE_MB = 20
# What a hospital sends with a fault report. Nothing that a browser would run.
ALLOWED_SUFFIXES = frozenset(
    (
        *(".bmp", ".gif", ".heic", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"),
        *(".m4a", ".mov", ".mp3", ".mp4", ".wav"),
        *(
            ".csv",
            ".doc",
            ".docx",
            ".odt",
            ".pdf",
            ".ppt",
            ".pptx",
            ".rtf",
            ".txt",
            ".xls",
            ".xlsx",
        ),
        *(".dcm", ".log", ".zip"),
    )
)
FORBIDDEN_CONTENT = frozenset(
    [
        "application/javascript",
        "application/x-dosexec",
        "application/x-msdownload",
        "application/xhtml+xml",
        "application/xml",
        "image/svg+xml",
        "text/html",
        "text/javascript",
        "text/xml",
    ]
)


class MeddevTicketController(HelpdeskTicketController):
    """helpdesk_mgmt's routes for customers: POST only, own tickets only, checked uploads."""

    @http.route(
        "/ticket/close", type="http", auth="user", methods=["POST"], csrf=True, website=True
    )
    def support_ticket_close(self, **kw):
        """Let a customer close a ticket that they may see, in a stage that is meant for it."""
        try:
            ticket_id, stage_id = int(kw.get("ticket_id", 0)), int(kw.get("stage_id", 0))
            ticket = CustomerPortal._document_check_access(self, "helpdesk.ticket", ticket_id)
        except (AccessError, MissingError, ValueError):
            return request.redirect("/my")
        # sudo: access to this ticket was checked just above; the mover stays the customer.
        ticket = ticket.with_user(request.env.user).sudo()
        stage = self._get_closing_stages(ticket).filtered(lambda stage: stage.id == stage_id)
        if stage:
            reason = request.env._("The customer closed the ticket: %s", stage.name)
            ticket._move(STATE_DONE, reason, stage=stage, by_customer=True)
        return request.redirect(f"/my/ticket/{ticket.id}")

    def _get_closing_stages(self, ticket):
        """Stages in which the customer may close this ticket now."""
        transition = TRANSITIONS.get((ticket.service_state, STATE_DONE))
        stages = request.env["helpdesk.ticket.stage"]._get_stages_by_state(STATE_DONE)
        if not transition or CUSTOMER not in transition.roles:
            return stages.browse()
        return stages.filtered(
            lambda stage: (
                stage.close_from_portal and stage._pick_for(ticket.team_id, ticket.company_id)
            )
        )

    def _get_create_new_ticket_values(self, **kw):
        values = super()._get_create_new_ticket_values(**kw)
        previous = self._get_previous_ticket(kw.get("previous"))
        return values | {
            "previous_ticket": previous,
            "device_reference": kw.get("device")
            or (previous.lot_id.name if previous.lot_id else ""),
            "subject": kw.get("subject", ""),
            "description": kw.get("description", ""),
            "upload_error": kw.get("upload_error"),
            "max_upload_size": self._get_max_file_bytes(),
            "accept": ",".join(sorted(ALLOWED_SUFFIXES)),
            "page_name": "ticket",
        }

    @http.route(
        "/submitted/ticket", type="http", auth="user", methods=["POST"], csrf=True, website=True
    )
    def submit_ticket(self, **kw):
        """Open a ticket from the portal's form; files are checked before anything is stored."""
        kw = {
            name: value.replace("\x00", "") if isinstance(value, str) else value
            for name, value in kw.items()
        }
        try:
            files = self._read_files(request.httprequest.files.getlist("attachment"))
            vals = self._prepare_submit_ticket_vals(**kw)
        except UserError as error:
            kw = {name: value for name, value in kw.items() if isinstance(value, str)}
            values = self._get_create_new_ticket_values(**kw, upload_error=str(error))
            return request.render("helpdesk_mgmt.portal_create_ticket", values)
        # sudo: portal users have no create right on tickets; every value above comes from this
        # controller, the place from their own contact.
        ticket = request.env["helpdesk.ticket"].sudo().create(vals)
        ticket.message_subscribe(partner_ids=request.env.user.partner_id.ids)
        # sudo: as above, on the ticket just made.
        request.env["ir.attachment"].sudo().create(
            [
                {
                    "name": name,
                    "datas": base64.b64encode(content),
                    "res_model": "helpdesk.ticket",
                    "res_id": ticket.id,
                }
                for name, content in files
            ]
        )
        return request.redirect(f"/my/ticket/{ticket.id}")

    def _prepare_submit_ticket_vals(self, **kw):
        for name in ("category", "team"):
            if kw.get(name) and not str(kw[name]).isdigit():
                kw[name] = ""
        subject = (kw.get("subject") or "").strip()[:250]
        if not subject or not (kw.get("description") or "").strip():
            raise UserError(request.env._("Fill in the subject and the description."))
        vals = super()._prepare_submit_ticket_vals(**kw)
        del vals["attachment_ids"]
        vals |= {
            "name": subject,
            "description": plaintext2html(kw["description"][:100_000]),
            "device_reference": (kw.get("device") or "").strip()[:250],
        }
        if previous := self._get_previous_ticket(kw.get("previous")):
            vals["previous_ticket_id"] = previous.id
        vals |= self._prepare_device_vals(vals["device_reference"], previous)
        # The guard picks the stage; helpdesk_mgmt's first one need not be Received.
        vals.pop("stage_id", None)
        return vals

    def _prepare_device_vals(self, text, previous):
        """The device that the customer names, if it is one that this customer has."""
        if not text:
            return {}
        tickets = request.env["helpdesk.ticket"]
        if previous and previous.lot_id.name == text:
            devices = previous.lot_id
        else:
            # sudo: customers name a device by the number on it; the domain below keeps it to
            # those at their own place, and nothing is shown.
            devices = tickets.sudo()._find_devices(text)
        # sudo: the place of the user who is logged in.
        own_places = request.env.user.partner_id.sudo().facility_ancestor_ids
        customer = tickets._get_customer(request.env.user.partner_id.sudo())
        devices = devices.filtered(
            lambda lot: (
                tickets._get_customer(lot.customer_id) == customer
                or lot.place_id.facility_ancestor_ids & own_places
            )
        )
        return {"lot_id": devices.id} if len(devices) == 1 else {}

    def _get_previous_ticket(self, ticket_id):
        """The ticket that this one follows up on, if this customer may see it."""
        tickets = request.env["helpdesk.ticket"]
        if not str(ticket_id or "").isdigit():
            return tickets
        ticket = tickets.browse(int(ticket_id)).exists()
        # sudo: read access is checked first; the device of an own ticket may be named.
        return ticket.sudo() if ticket and ticket.has_access("read") else tickets

    def _get_max_file_bytes(self):
        # sudo: a setting, no secret.
        parameters = request.env["ir.config_parameter"].sudo()
        try:
            megabytes = int(parameters.get_param(MAX_FILE_MB_PARAMETER, DEFAULT_MAX_FILE_MB))
        except ValueError:
            megabytes = DEFAULT_MAX_FILE_MB
        return megabytes * 1024 * 1024

    def _read_files(self, uploads):
        """Name and content of each uploaded file.

        :raise UserError: too many, too large, or of a kind that a fault report does not need.
        """
        uploads = [upload for upload in uploads if upload.filename]
        limit = self._get_max_file_bytes()
        if len(uploads) > MAX_FILES:
            raise UserError(
                request.env._("Send at most %s files; put more into a second message.", MAX_FILES)
            )
        files = []
        for upload in uploads:
            name = PurePath(upload.filename.replace("\\", "/")).name
            content = upload.stream.read(limit + 1)
            if len(content) > limit:
                raise UserError(
                    request.env._(
                        "The file %(name)s is larger than %(limit)s MB. Send a smaller one.",
                        name=name,
                        limit=limit // 1024 // 1024,
                    )
                )
            suffix = PurePath(name).suffix.lower()
            if suffix not in ALLOWED_SUFFIXES or guess_mimetype(content) in FORBIDDEN_CONTENT:
                raise UserError(
                    request.env._(
                        "Files like %(name)s are not accepted. Send pictures, films, PDF, text,"
                        " office documents or a zip archive.",
                        name=name,
                    )
                )
            files.append((name, content))
        return files
