"""Second factors: codes of an app (TOTP) and passkeys (WebAuthn)."""
