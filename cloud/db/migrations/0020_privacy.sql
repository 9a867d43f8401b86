-- Consents, the way in of elders and their families, erasures that survive restores, and an audit that may be shortened.

ALTER TABLE elder ADD COLUMN link_code text;       -- hash of the short code beside their link; NULL: the link alone opens

CREATE TABLE relative (                            -- somebody of an elder's family, who looks by a link of their own
    relative_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    elder_id    integer NOT NULL REFERENCES elder ON DELETE CASCADE,
    name        text NOT NULL CHECK (name <> ''),
    relation    text NOT NULL,
    link_hash   bytea NOT NULL UNIQUE,             -- SHA-256 of the token in their link
    link_code   text NOT NULL,                     -- hash of the short code beside it
    invited_by  integer NOT NULL REFERENCES staff,
    invited_at  timestamptz NOT NULL,
    link_ends_at timestamptz NOT NULL,             -- a new link is drawn for them then
    ended_at    timestamptz                        -- the elder, or somebody for them, took the way in back
);
CREATE INDEX relative_by_elder ON relative (elder_id);

CREATE TABLE link_session (                        -- a browser that showed a link and its code
    token_hash  bytea PRIMARY KEY,                 -- SHA-256 of the cookie's token
    link_hash   bytea NOT NULL,                    -- of the link it opens: it ends with that link
    elder_id    integer NOT NULL REFERENCES elder ON DELETE CASCADE,
    relative_id integer REFERENCES relative ON DELETE CASCADE,  -- NULL: it is the elder's own
    began_at    timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,              -- to within a minute
    ends_at     timestamptz NOT NULL
);
CREATE INDEX link_session_by_elder ON link_session (elder_id);

CREATE TABLE consent (                             -- never changed but for its end; who agrees again gets a new line
    consent_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    elder_id    integer NOT NULL REFERENCES elder ON DELETE CASCADE,
    purpose     text NOT NULL CHECK (purpose IN ('care', 'family_readings', 'family_visits', 'family_alarms',
                                                 'institutions', 'research', 'photos', 'voice')),
    relative_id integer REFERENCES relative ON DELETE CASCADE,  -- for whom, where it is for one of the family
    given_by    text NOT NULL CHECK (given_by IN ('elder', 'guardian')),
    guardian    text NOT NULL DEFAULT '',          -- the name, where somebody else decides for them
    how         text NOT NULL CHECK (how IN ('spoken', 'signed')),
    witness     text NOT NULL DEFAULT '',          -- who heard it, beside who wrote it down
    staff_id    integer NOT NULL REFERENCES staff, -- who wrote it down
    given_at    timestamptz NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_with integer REFERENCES staff,       -- who wrote that down; NULL: they did it on their own page
    CHECK ((purpose LIKE 'family%') = (relative_id IS NOT NULL)),
    CHECK ((given_by = 'guardian') = (guardian <> '')),
    CHECK (how = 'signed' OR witness <> '')
);
CREATE UNIQUE INDEX consent_one_stands ON consent (elder_id, purpose, coalesce(relative_id, 0))
    WHERE withdrawn_at IS NULL;

CREATE TABLE privacy_request (                     -- what an elder asked of us; answered within 15 days (PIPL) or a month (GDPR)
    request_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    elder_id    integer NOT NULL REFERENCES elder ON DELETE CASCADE,
    what        text NOT NULL CHECK (what IN ('export', 'erase')),
    asked_at    timestamptz NOT NULL,
    done_at     timestamptz
);
CREATE UNIQUE INDEX privacy_request_one_open ON privacy_request (elder_id, what) WHERE done_at IS NULL;

CREATE TABLE erasure (                             -- the same lines stand in a file beside the database, for restores
    digest      bytea PRIMARY KEY CHECK (octet_length(digest) = 32),  -- keyed, of the elder's code and number
    code_digest bytea NOT NULL CHECK (octet_length(code_digest) = 32), -- keyed, of the code alone
    erased_at   timestamptz NOT NULL
);

-- A row that an erasure took is told apart from one that is missing.
ALTER TABLE chain_reading DROP CONSTRAINT chain_reading_why_check;
ALTER TABLE chain_reading ADD CONSTRAINT chain_reading_why_check
    CHECK (why IN ('duplicate', 'altered', 'refused', 'thinned', 'erased'));

-- The oldest lines of the audit may go once they are old enough: where it begins since then stands here, and is added to,
-- never changed, as the audit itself.
CREATE TABLE audit_start (
    audit_id    bigint PRIMARY KEY,                -- the last line that went
    digest      bytea NOT NULL CHECK (octet_length(digest) = 32),  -- of that line: the next one holds it
    until       timestamptz NOT NULL,              -- all that went is older
    at          timestamptz NOT NULL DEFAULT now()
);
REVOKE UPDATE, DELETE, TRUNCATE ON audit_start FROM PUBLIC;

CREATE OR REPLACE FUNCTION audit_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last_id bigint;
    last_digest bytea;
BEGIN
    PERFORM pg_advisory_xact_lock(223344016);      -- one line after the other
    SELECT audit_id, digest INTO last_id, last_digest FROM audit ORDER BY audit_id DESC LIMIT 1;
    IF NOT FOUND THEN
        SELECT audit_id, digest INTO last_id, last_digest FROM audit_start ORDER BY audit_id DESC LIMIT 1;
    END IF;
    NEW.audit_id := coalesce(last_id, 0) + 1;
    NEW.previous := coalesce(last_digest, '\x'::bytea);
    NEW.digest := sha256(NEW.previous || convert_to(jsonb_build_array(
        NEW.audit_id, (extract(epoch FROM NEW.at) * 1000000)::bigint, NEW.staff_id, NEW.api_token_id, NEW.elder_id,
        NEW.what, NEW.subject)::text, 'UTF8'));
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'audit' THEN
        IF EXISTS (SELECT FROM audit_start WHERE audit_id >= OLD.audit_id AND until > OLD.at) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit is added to, never changed' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_start_is_kept BEFORE UPDATE OR DELETE ON audit_start FOR EACH ROW EXECUTE FUNCTION audit_is_kept();
CREATE TRIGGER audit_start_is_whole BEFORE TRUNCATE ON audit_start
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept();

CREATE FUNCTION audit_starts_old() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.until > NEW.at - INTERVAL '180 days' THEN
        RAISE EXCEPTION 'lines of the audit are kept for half a year at least' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_starts_old BEFORE INSERT ON audit_start FOR EACH ROW EXECUTE FUNCTION audit_starts_old();
