from . import (
    meddev_role,
    meddev_region,
    meddev_team,
    meddev_dealer_assignment,
    res_partner,
    res_users,
    meddev_holiday_calendar,
    resource_calendar,
    meddev_code,
    ir_http,
    ir_ui_menu,
)
