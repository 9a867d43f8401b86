-- A digest that is made several times sooner, and the starts of gateways' programs.

-- A function of SQL whose argument stands in it twice is called, and not unfolded into the query; each call costs more
-- than what it does. So the netstrings are written out, and only flags, which few readings have, are made by a call.
CREATE FUNCTION netstrings(said text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN
    (SELECT string_agg(netstring(word), '' ORDER BY place) FROM unnest(said) WITH ORDINALITY AS part (word, place));

-- The same as protocols.telemetry.chain.digest_of. What is NULL is an empty word to concat.
CREATE OR REPLACE FUNCTION reading_digest(
    device text, metric text, value double precision, measured_at timestamptz, received_at timestamptz,
    device_time timestamp, clock_offset_s double precision, sequence integer, user_slot integer, meal text, flags text[])
RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE RETURN
    sha256(convert_to(concat(
        octet_length(device), ':', device, ',', octet_length(metric), ':', metric, ',',
        '16:', encode(float8send(value), 'hex'), ',',
        length((extract(epoch FROM measured_at) * 1000000)::bigint::text), ':',
        (extract(epoch FROM measured_at) * 1000000)::bigint, ',',
        length((extract(epoch FROM received_at) * 1000000)::bigint::text), ':',
        (extract(epoch FROM received_at) * 1000000)::bigint, ',',
        coalesce(length((extract(epoch FROM device_time) * 1000000)::bigint::text), 0), ':',
        (extract(epoch FROM device_time) * 1000000)::bigint, ',',
        CASE WHEN clock_offset_s IS NULL THEN 0 ELSE 16 END, ':', encode(float8send(clock_offset_s), 'hex'), ',',
        coalesce(length(sequence::text), 0), ':', sequence, ',',
        coalesce(length(user_slot::text), 0), ':', user_slot, ',',
        coalesce(octet_length(meal), 0), ':', meal, ',',
        CASE WHEN cardinality(flags) = 0 THEN '' ELSE netstrings(flags) END), 'UTF8'));

-- Each start draws a number, and heartbeats tell it. One that comes back after another was heard means that two live.
CREATE TABLE gateway_run (
    gateway_id  text NOT NULL REFERENCES gateway,
    run         bigint NOT NULL,
    heard_at    timestamptz NOT NULL,              -- wall time, as all in this table
    returns     integer NOT NULL DEFAULT 0,
    since       timestamptz,                       -- of the first return of those that go on
    returned_at timestamptz,                       -- of the last
    PRIMARY KEY (gateway_id, run)
);
CREATE INDEX gateway_run_returned ON gateway_run (returned_at) WHERE returns > 0;

ALTER TABLE gateway_run ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON gateway_run USING (web.sees_gateway(gateway_id));

-- By their outboxes, where both measure; by their starts, where they only throw each other off the broker. A heartbeat
-- of the start before that was held up on its way is a return as well, so there it takes more of them.
CREATE OR REPLACE VIEW two_gateways WITH (security_invoker = true) AS
SELECT gateway_id, min(since) AS since
FROM (SELECT gateway_id, min(since) AS since FROM left_outbox
      WHERE returned_at > now() - INTERVAL '15 minutes' GROUP BY gateway_id HAVING sum(returns) >= 3
      UNION ALL
      SELECT gateway_id, min(since) FROM gateway_run
      WHERE returned_at > now() - INTERVAL '15 minutes' GROUP BY gateway_id HAVING sum(returns) >= 6) AS seen
GROUP BY gateway_id;
