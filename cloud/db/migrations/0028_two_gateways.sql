-- Outboxes that a gateway had left for another, as its heartbeats tell. One that is left comes back only where two
-- gateways have one identity: a copied card, or a copied configuration.

CREATE TABLE left_outbox (
    gateway_id  text NOT NULL REFERENCES gateway,
    epoch       bigint NOT NULL,
    returns     integer NOT NULL DEFAULT 0,
    since       timestamptz,                       -- wall time in both: of the first return of those that go on
    returned_at timestamptz,                       -- of the last
    PRIMARY KEY (gateway_id, epoch)
);
CREATE INDEX left_outbox_returned ON left_outbox (returned_at) WHERE returns > 0;

ALTER TABLE left_outbox ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON left_outbox USING (web.sees_gateway(gateway_id));

-- Gateways of which two are alive now, and since when.
CREATE VIEW two_gateways WITH (security_invoker = true) AS
SELECT gateway_id, min(since) AS since FROM left_outbox
WHERE returned_at > now() - INTERVAL '15 minutes'
GROUP BY gateway_id HAVING sum(returns) >= 3;
