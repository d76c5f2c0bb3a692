from . import meddev_access_explain, meddev_code_import
