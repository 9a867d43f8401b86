"""Services and characteristics that Doorstep reads, as 128-bit strings in lower case (Bluetooth Assigned Numbers)."""


def _assigned(number: int) -> str:
    return f"0000{number:04x}-0000-1000-8000-00805f9b34fb"


CURRENT_TIME_SERVICE = _assigned(0x1805)
GLUCOSE_SERVICE = _assigned(0x1808)
DEVICE_INFORMATION_SERVICE = _assigned(0x180A)
BATTERY_SERVICE = _assigned(0x180F)
BLOOD_PRESSURE_SERVICE = _assigned(0x1810)

DATE_TIME = _assigned(0x2A08)
GLUCOSE_MEASUREMENT = _assigned(0x2A18)
BATTERY_LEVEL = _assigned(0x2A19)
SYSTEM_ID = _assigned(0x2A23)
MODEL_NUMBER = _assigned(0x2A24)
SERIAL_NUMBER = _assigned(0x2A25)
FIRMWARE_REVISION = _assigned(0x2A26)
HARDWARE_REVISION = _assigned(0x2A27)
SOFTWARE_REVISION = _assigned(0x2A28)
MANUFACTURER_NAME = _assigned(0x2A29)
CURRENT_TIME = _assigned(0x2A2B)
GLUCOSE_MEASUREMENT_CONTEXT = _assigned(0x2A34)
BLOOD_PRESSURE_MEASUREMENT = _assigned(0x2A35)
INTERMEDIATE_CUFF_PRESSURE = _assigned(0x2A36)
BLOOD_PRESSURE_FEATURE = _assigned(0x2A49)
PNP_ID = _assigned(0x2A50)
GLUCOSE_FEATURE = _assigned(0x2A51)
RECORD_ACCESS_CONTROL_POINT = _assigned(0x2A52)

CLIENT_CHARACTERISTIC_CONFIGURATION = _assigned(0x2902)
"""The descriptor that switches notifications and indications on."""
