from . import meddev_device_transition
from . import meddev_device_origin
from . import meddev_device_as_of
from . import meddev_component_swap
from . import meddev_serial_resolve
from . import meddev_device_import
