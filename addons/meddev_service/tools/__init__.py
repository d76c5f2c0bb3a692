from . import service_clock
