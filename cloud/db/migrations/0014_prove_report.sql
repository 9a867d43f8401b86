-- What installers proved in homes, as gateways signed it, and since when a home counts as live.

CREATE TABLE prove_report (
    prove_report_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gateway_id  text NOT NULL REFERENCES gateway,
    ended_at    timestamptz NOT NULL,              -- by the gateway's clock
    stored_at   timestamptz NOT NULL,              -- by the wall's clock here
    passed      boolean NOT NULL,
    body        text NOT NULL,                     -- protocols.enrolment.reports.ProofReport, as it was signed
    said_at     text NOT NULL,                     -- what else was signed: the moment of the request
    signature   bytea NOT NULL,
    certificate text NOT NULL,                     -- PEM, with whose key
    digest      bytea NOT NULL UNIQUE              -- SHA-256 of gateway and body: the same report again is this one
);
CREATE INDEX prove_report_by_gateway ON prove_report (gateway_id, stored_at DESC);

-- A machine that was enrolled since has proven nothing. `facts` are told at enrolments only, not at renewals; a
-- certificate begins an hour before it was made.
CREATE VIEW proven_gateway WITH (security_invoker = true) AS
    SELECT gateway_id, max(stored_at) AS proven_at
    FROM prove_report
    WHERE passed AND stored_at > coalesce(
        (SELECT max(begins_at) + interval '1 hour' FROM gateway_certificate
         WHERE gateway_certificate.gateway_id = prove_report.gateway_id AND facts <> '{}'), '-infinity')
    GROUP BY gateway_id;
