from . import code_file, working_time
