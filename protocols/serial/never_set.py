"""What stands for the time of a record whose meter had no time, so that the record stays itself when it is read again.

Such a record carries `Flag.DEVICE_TIME_FAULT`; the year alone makes the gateway flag it as CLOCK_RESET too.
"""

from datetime import datetime

NEVER_SET = datetime(2000, 1, 1)  # noqa: DTZ001 - meters' clocks have no zone
