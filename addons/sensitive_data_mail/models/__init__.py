from . import mail_activity_mixin, mail_render_mixin, mail_thread
