-- Numbers that a full outbox gave up undelivered. They are in `stored` too, so that receipts go on; `stored - given_up`
-- is what was truly delivered. docs/decisions/0007-a-full-outbox-says-what-it-gave-up.md

ALTER TABLE outbox_stream ADD COLUMN given_up int8multirange NOT NULL DEFAULT '{}';
