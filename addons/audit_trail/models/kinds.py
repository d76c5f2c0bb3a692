"""What an entry tells of; addons add kinds of their own with ``selection_add``."""

KIND_INSERT = "insert"
KIND_UPDATE = "update"
KIND_DELETE = "delete"
KIND_LINK = "link"
KIND_UNLINK = "unlink"
KIND_BASELINE = "baseline"
KIND_READ = "read"
KIND_EXPORT = "export"
KIND_PRINT = "print"
KIND_LOGIN = "login"
KIND_LOGIN_FAILED = "login_failed"
KIND_REFUSED = "refused"
KIND_TRACKING = "tracking"
KIND_REPAIR = "repair"
KIND_PURGE = "purge"
KIND_ANCHOR = "anchor"
KIND_UNINSTALL = "uninstall"
KIND_ACKNOWLEDGED = "acknowledged"
KIND_KEY = "key"
KIND_RUN = "run"
KIND_SUPERUSER = "superuser"

ROW_KINDS = (KIND_INSERT, KIND_UPDATE, KIND_DELETE)
RELATION_KINDS = (KIND_LINK, KIND_UNLINK)
#: Nothing is counted, verified or allowed by them: all that the method ``_log_event`` accepts.
PLAIN_KINDS = (KIND_READ, KIND_PRINT)
