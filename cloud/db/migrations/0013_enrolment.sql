-- Claims that make a machine a home's gateway, and the certificates that gateways hold.

CREATE TABLE claim (
    locator       text PRIMARY KEY,                -- the code's first characters, which find it
    gateway_id    text NOT NULL REFERENCES gateway,
    verifier      bytea NOT NULL,                  -- scrypt of the code's secret: protocols.enrolment.code
    made_at       timestamptz NOT NULL,
    ends_at       timestamptz NOT NULL,
    attempts_left integer NOT NULL CHECK (attempts_left >= 0),
    used_at       timestamptz,
    key_digest    bytea                            -- of the public key that used it: who lost the answer may ask again
);
CREATE INDEX claim_gateway ON claim (gateway_id);

CREATE TABLE gateway_certificate (
    serial      text PRIMARY KEY,                  -- hexadecimal, as in the certificate
    gateway_id  text NOT NULL REFERENCES gateway,
    key_digest  bytea NOT NULL,                    -- SHA-256 of the public key (SubjectPublicKeyInfo, DER)
    begins_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    facts       jsonb NOT NULL DEFAULT '{}',       -- what the machine said of itself at its enrolment
    revoked_at  timestamptz,
    revoked_why text NOT NULL DEFAULT ''
);
CREATE INDEX gateway_certificate_gateway ON gateway_certificate (gateway_id, ends_at);
