-- People: more roles, second factors, tokens of programs, tries that are counted.

ALTER TABLE staff DROP CONSTRAINT staff_role_check;
ALTER TABLE staff ADD CONSTRAINT staff_role_check
    CHECK (role IN ('nurse', 'desk', 'installer', 'doctor', 'administrator'));

ALTER TABLE session ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now();  -- to within a minute
ALTER TABLE session ADD COLUMN second_factor boolean NOT NULL DEFAULT false; -- whether one was shown at the sign-in
CREATE INDEX session_by_staff ON session (staff_id);

CREATE TABLE try (                                 -- tries at passwords and codes, until they succeed or are forgotten
    try_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key         bytea NOT NULL,                    -- SHA-256 of what is tried: a login, an address, a link
    tried_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX try_by_key ON try (key, tried_at);
CREATE INDEX try_by_time ON try (tried_at);

CREATE TABLE half_session (                        -- the password was right; the code is still to come
    token_hash  bytea PRIMARY KEY,
    staff_id    integer NOT NULL REFERENCES staff ON DELETE CASCADE,
    ends_at     timestamptz NOT NULL
);

CREATE TABLE totp (                                -- RFC 6238
    staff_id    integer PRIMARY KEY REFERENCES staff ON DELETE CASCADE,
    secret      bytea NOT NULL,                    -- sealed by the centre's key, which is in no back-up of the database
    confirmed_at timestamptz,                      -- NULL: shown, and no code was entered yet
    last_step   bigint NOT NULL DEFAULT 0          -- newest 30 s step whose code was taken: none opens twice
);

CREATE TABLE passkey (                             -- WebAuthn
    credential_id bytea PRIMARY KEY,
    staff_id    integer NOT NULL REFERENCES staff ON DELETE CASCADE,
    public_key  bytea NOT NULL,                    -- COSE
    sign_count  bigint NOT NULL,
    name        text NOT NULL,
    added_at    timestamptz NOT NULL,
    used_at     timestamptz
);
CREATE INDEX passkey_by_staff ON passkey (staff_id);

CREATE TABLE challenge (                           -- of passkeys; each is answered once
    digest      bytea PRIMARY KEY,                 -- SHA-256 of the challenge
    staff_id    integer REFERENCES staff ON DELETE CASCADE,  -- who adds a passkey; NULL: somebody signs in
    ends_at     timestamptz NOT NULL
);

CREATE TABLE api_token (                           -- a program acts for a person, within scopes
    api_token_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_hash  bytea NOT NULL UNIQUE,
    staff_id    integer NOT NULL REFERENCES staff ON DELETE CASCADE,
    name        text NOT NULL,
    scopes      text[] NOT NULL,
    made_at     timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    used_at     timestamptz,                       -- to within a minute
    revoked_at  timestamptz
);
