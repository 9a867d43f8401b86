-- A home with a key for texts sends a test text from time to time. Since when one is waited for where none came yet:
ALTER TABLE sms_key ADD COLUMN made_at timestamptz NOT NULL DEFAULT now();
