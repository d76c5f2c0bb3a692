from . import code_file, service_clock, working_time
