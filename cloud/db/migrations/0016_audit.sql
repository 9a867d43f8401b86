-- Who saw and changed what of whom. Lines are added, never changed; each holds the digest of the one before it.

CREATE TABLE audit (
    audit_id    bigint PRIMARY KEY,                -- 1, 2, 3 ... without a gap
    at          timestamptz NOT NULL,
    staff_id    integer NOT NULL,                  -- no reference: the line outlives whom it names
    api_token_id integer,                          -- a program did it for them
    elder_id    integer,                           -- of whom; NULL: of nobody in particular
    what        text NOT NULL CHECK (what ~ '^[a-z_]{1,40}$'),
    subject     text NOT NULL DEFAULT '',          -- such as visit:12
    previous    bytea NOT NULL,
    digest      bytea NOT NULL                     -- SHA-256 over previous and the line, as cloud.identity.audit.chain
);
CREATE INDEX audit_by_elder ON audit (elder_id, at DESC);

CREATE FUNCTION audit_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    tail audit%ROWTYPE;
BEGIN
    PERFORM pg_advisory_xact_lock(223344016);      -- one line after the other
    SELECT * INTO tail FROM audit ORDER BY audit_id DESC LIMIT 1;
    NEW.audit_id := coalesce(tail.audit_id, 0) + 1;
    NEW.previous := coalesce(tail.digest, '\x'::bytea);
    NEW.digest := sha256(NEW.previous || convert_to(jsonb_build_array(
        NEW.audit_id, (extract(epoch FROM NEW.at) * 1000000)::bigint, NEW.staff_id, NEW.api_token_id, NEW.elder_id,
        NEW.what, NEW.subject)::text, 'UTF8'));
    RETURN NEW;
END $$;

CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is added to, never changed' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_link BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_link();
CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_kept();
CREATE TRIGGER audit_is_whole BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept();
REVOKE UPDATE, DELETE, TRUNCATE ON audit FROM PUBLIC;
