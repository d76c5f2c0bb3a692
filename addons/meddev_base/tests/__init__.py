from . import (
    test_access,
    test_attack_base,
    test_code_file,
    test_code_import,
    test_code_list,
    test_dealer_access,
    test_facility,
    test_junk_arguments,
    test_landing,
    test_regions_teams,
    test_working_time,
    test_working_calendar,
)
