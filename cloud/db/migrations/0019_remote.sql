-- What the centre changes in the configuration of gateways: each change a version, the newest is in force where it fits.

CREATE TABLE gateway_configuration (
    gateway_id text NOT NULL REFERENCES gateway,
    version    bigint NOT NULL CHECK (version > 0),
    document   text NOT NULL,                      -- JSON of protocols.remote.signed.HomeConfiguration, as it is signed
    made_at    timestamptz NOT NULL,
    staff_id   integer REFERENCES staff,           -- who changed it on a page; null: by a command
    told_at    timestamptz,                        -- when the broker was last given it
    PRIMARY KEY (gateway_id, version)
);
CREATE INDEX gateway_configuration_untold ON gateway_configuration (gateway_id) WHERE told_at IS NULL;

-- It holds telephone numbers: an administrator of the region sees it.
DO $$
BEGIN
    IF to_regclass('web.gateway_seen') IS NOT NULL THEN
        ALTER TABLE gateway_configuration ENABLE ROW LEVEL SECURITY;
        CREATE POLICY seen ON gateway_configuration USING (
            web.role() = 'administrator' AND gateway_id IN (SELECT gateway_id FROM web.gateway_seen));
    END IF;
END $$;
