"""Bluetooth devices of a home, each speaking its real wire protocol over a bumble Device on a `Radio`."""
