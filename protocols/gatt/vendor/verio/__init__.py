"""LifeScan OneTouch meters with Bluetooth: Verio Flex, Verio Reflect, Select Plus Flex, Ultra Plus Flex."""
