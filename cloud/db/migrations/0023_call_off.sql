-- Whoever was pushed that somebody calls hears by push that somebody has it: nobody runs twice.

ALTER TABLE notice ADD COLUMN calls_off boolean NOT NULL DEFAULT false;  -- it says that nobody else need go
CREATE UNIQUE INDEX notice_calls_off ON notice (subject_id, subscription_id) WHERE calls_off;
CREATE INDEX notice_pushed ON notice (sent_at) WHERE way = 'push' AND NOT calls_off;
