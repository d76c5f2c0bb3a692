from . import device_label
