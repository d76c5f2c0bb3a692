from odoo.http import request, route
from odoo.orm.utils import SUPERUSER_ID

from odoo.addons.web.controllers.home import Home

from ..models.announcement import PERSON_KEY
from ..models.events import log_event
from ..models.kinds import KIND_SUPERUSER


class AuditTrailHome(Home):
    """Who becomes the superuser is told, and stays known for as long as the session lasts."""

    @route()
    def switch_to_admin(self):
        user = request.env.user
        if user._is_system() and user.id != SUPERUSER_ID:
            # First: the request is repeated if its cursor may not write.
            log_event(request.env, KIND_SUPERUSER, user)
            request.session[PERSON_KEY] = user.id
        return super().switch_to_admin()
