from . import test_totp_mail
