"""The MQTT contract between home and centre: topics and messages, versioned."""
