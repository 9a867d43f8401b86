"""Releases of Doorstep for gateways: made and signed where the key is, kept here, handed on by the enrolment."""
