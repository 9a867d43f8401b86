-- What proves that nothing is missing or changed, and which copy of the database this is.
-- docs/decisions/0008-a-chain-over-readings.md

CREATE TABLE chain_head (                          -- the running hash, as gateways told it with their messages
    gateway_id  text NOT NULL,
    epoch       bigint NOT NULL,
    number      bigint NOT NULL,                   -- over all readings up to this one
    link        bytea NOT NULL CHECK (octet_length(link) = 32),
    told_at     timestamptz NOT NULL,
    disputed    bytea,                             -- another hash that was told of the same number
    PRIMARY KEY (gateway_id, epoch, number)
);

CREATE TABLE chain_reading (                       -- readings whose digest cannot be made of a row
    gateway_id  text NOT NULL,
    epoch       bigint NOT NULL,
    number      bigint NOT NULL,
    digest      bytea NOT NULL CHECK (octet_length(digest) = 32),  -- of the reading as it was sent
    row_digest  bytea,                             -- of its row, where that differs; NULL: this number has no row
    why         text NOT NULL CHECK (why IN ('duplicate', 'altered', 'refused', 'thinned')),
    PRIMARY KEY (gateway_id, epoch, number)
);

CREATE TABLE store_generation (                    -- one row; grows whenever an older copy was restored
    generation  bigint NOT NULL
);
INSERT INTO store_generation SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint;

CREATE FUNCTION netstring(said text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    octet_length(said) || ':' || said || ',';

-- The same as protocols.telemetry.chain.digest_of.
CREATE FUNCTION reading_digest(device text, metric text, value double precision, measured_at timestamptz,
                               received_at timestamptz, device_time timestamp, clock_offset_s double precision,
                               sequence integer, user_slot integer, meal text, flags text[])
RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE RETURN
    sha256(convert_to(
        netstring(device) || netstring(metric) || netstring(encode(float8send(value), 'hex'))
        || netstring((extract(epoch FROM measured_at) * 1000000)::bigint::text)
        || netstring((extract(epoch FROM received_at) * 1000000)::bigint::text)
        || netstring(coalesce((extract(epoch FROM device_time) * 1000000)::bigint::text, ''))
        || netstring(coalesce(encode(float8send(clock_offset_s), 'hex'), ''))
        || netstring(coalesce(sequence::text, '')) || netstring(coalesce(user_slot::text, ''))
        || netstring(coalesce(meal, ''))
        || CASE WHEN cardinality(flags) = 0 THEN '' ELSE
               (SELECT string_agg(netstring(flag), '' ORDER BY place) FROM unnest(flags) WITH ORDINALITY AS f (flag, place))
           END, 'UTF8'));
