from . import meddev_code_import
