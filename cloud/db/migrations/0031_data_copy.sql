-- A copy of what is kept of an elder, made when they ask on their page, fetched once by whoever asked, and then gone.

CREATE TABLE data_copy (
    copy_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    elder_id    integer NOT NULL REFERENCES elder ON DELETE CASCADE,
    staff_id    integer REFERENCES staff,          -- who of staff asked; NULL: it was asked by a link
    relative_id integer REFERENCES relative ON DELETE CASCADE,  -- whose link; NULL beside no staff: the elder's own
    purposes    text[] NOT NULL DEFAULT '{}',      -- of one of the family: what the elder agreed to when it was made
    asked_at    timestamptz NOT NULL,              -- wall time, as all of these
    begun_at    timestamptz,                       -- somebody makes it since then
    made_at     timestamptz,
    failed_at   timestamptz,
    fetched_at  timestamptz,
    ends_at     timestamptz NOT NULL,              -- it cannot be fetched afterwards, and its parts go
    size_bytes  bigint,
    CHECK (staff_id IS NULL OR relative_id IS NULL),
    CHECK (fetched_at IS NULL OR made_at IS NOT NULL)
);
CREATE INDEX data_copy_by_elder ON data_copy (elder_id, asked_at DESC);
CREATE INDEX data_copy_by_end ON data_copy (ends_at);
CREATE UNIQUE INDEX data_copy_one_waits ON data_copy (elder_id, coalesce(staff_id, 0), coalesce(relative_id, 0))
    WHERE made_at IS NULL AND failed_at IS NULL;

CREATE TABLE data_copy_part (
    copy_id     bigint NOT NULL REFERENCES data_copy ON DELETE CASCADE,
    place       integer NOT NULL,
    sealed      bytea NOT NULL,                    -- by the key that lies beside the database
    PRIMARY KEY (copy_id, place)
);

-- Whoever asked sees it, and nobody else.
ALTER TABLE data_copy ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON data_copy USING (
    staff_id = (SELECT web.staff_id())
    OR staff_id IS NULL AND (SELECT web.role()) = 'link' AND web.sees_elder(elder_id));
ALTER TABLE data_copy_part ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON data_copy_part USING (
    EXISTS (SELECT FROM data_copy c WHERE c.copy_id = data_copy_part.copy_id));

-- Before each line of the audit the same one of lately is looked for.
CREATE INDEX audit_by_staff ON audit (staff_id, at DESC);

-- Doctors are of another house: they see who agreed to that, and a forgotten question after it shows them nobody else.
CREATE OR REPLACE FUNCTION web.sees_elder(elder integer) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    CASE web.role()
        WHEN 'nurse', 'desk', 'administrator' THEN
            RETURN EXISTS (SELECT FROM public.elder e JOIN public.home h USING (home_id)
                           WHERE e.elder_id = elder AND h.region_id = ANY (web.regions()));
        WHEN 'doctor' THEN
            RETURN EXISTS (SELECT FROM public.elder e JOIN public.home h USING (home_id)
                           JOIN public.consent c USING (elder_id)
                           WHERE e.elder_id = elder AND h.region_id = ANY (web.regions())
                             AND c.purpose = 'institutions' AND c.withdrawn_at IS NULL);
        WHEN 'link' THEN RETURN coalesce(elder = web.link_elder(), false);
        WHEN 'centre' THEN RETURN true;            -- the web's own memory, which shows each person their part
        ELSE RETURN false;
    END CASE;
END $$;
