"""A moment as people read it on a signature."""

from datetime import UTC
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def write_moment(moment, timezone):
    """``2026-03-01 16:05:09 (Asia/Shanghai, UTC+08:00)``.

    :param moment: naive UTC datetime.
    :param timezone: name of a zone; UTC where it is none.
    """
    try:
        zone = ZoneInfo(timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # A row that somebody forged; it must not keep the auditor from the list.
        timezone, zone = None, UTC
    local = moment.replace(tzinfo=UTC).astimezone(zone)
    offset = local.strftime("%z")
    return f"{local:%Y-%m-%d %H:%M:%S} ({timezone or 'UTC'}, UTC{offset[:3]}:{offset[3:5]})"
