from odoo import models

from .announcement import Job


class IrCron(models.Model):
    _inherit = "ir.cron"

    def _callback(self, cron_name, server_action_id):
        with Job(cron_name):
            return super()._callback(cron_name, server_action_id)
