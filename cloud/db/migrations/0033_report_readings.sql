-- What a nurse measured at the door is the elder's reading; photos and spoken words of visits; pushes that ask a nurse.

ALTER TABLE visit_report
    ADD COLUMN measured_at timestamptz,            -- when it was measured; NULL: nothing was, or when it was filed
    ADD COLUMN measured_with text NOT NULL DEFAULT 'own_meter'  -- the nurse's, or the elder's read by eye
        CHECK (measured_with IN ('own_meter', 'elders_meter'));

-- Readings of the device 0, which no gateway has: typed by a nurse. Their record is the visit, so that no report is told
-- twice; it lies where what is heard once does (protocols.reading.record_key). Who typed stands in the report.
-- A value that the elder's own meter told by itself is that reading already.
-- As the owner: the web may not write readings, and these come out of a report that it may write. So the function asks
-- by itself whether the web sees the visit for whom it works.
CREATE FUNCTION file_measured(visit bigint, arrived_at timestamptz) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    report visit_report%ROWTYPE;
    elder integer;
    at timestamptz;
    filed integer;
BEGIN
    IF 'doorstep_web' IN (session_user, current_setting('role')) AND NOT web.sees_visit(visit) THEN
        RETURN 0;
    END IF;
    SELECT r.* INTO report FROM visit_report r WHERE r.visit_id = visit;
    SELECT v.elder_id INTO elder FROM visit v WHERE v.visit_id = visit;
    at := coalesce(report.measured_at, report.filed_at);
    WITH typed AS (
        SELECT one ->> 'metric' AS metric, (one ->> 'value')::double precision AS value
        FROM jsonb_array_elements(coalesce(report.measured, '[]')) AS one),
    news AS (
        SELECT * FROM typed t WHERE report.measured_with = 'own_meter' OR NOT EXISTS (
            SELECT FROM reading r WHERE r.elder_id = elder AND r.metric = t.metric AND abs(r.value - t.value) < 1
              AND r.measured_at BETWEEN at - INTERVAL '15 minutes' AND at + INTERVAL '15 minutes')),
    known AS (
        INSERT INTO reading_identity (record_key, measured_at, device_id, metric)
        SELECT (1::bigint << 62) + visit, at, 0, metric FROM news ON CONFLICT DO NOTHING RETURNING metric)
    INSERT INTO reading (device_id, metric, record_key, measured_at, value, elder_id, flags, received_at, stored_at,
                         gateway_id, epoch, outbox_number)
    SELECT 0, metric, (1::bigint << 62) + visit, at, value, elder, '{by_nurse}', report.filed_at, arrived_at, '', 0, 0
    FROM news JOIN known USING (metric);
    GET DIAGNOSTICS filed = ROW_COUNT;
    IF filed > 0 THEN
        INSERT INTO detection_due (elder_id, since) VALUES (elder, at)
        ON CONFLICT (elder_id) DO UPDATE SET since = least(detection_due.since, excluded.since);
        PERFORM pg_notify('doorstep_reading', elder::text);
    END IF;
    RETURN filed;
END $$;

SELECT file_measured(visit_id, filed_at) FROM visit_report WHERE measured <> '[]';

-- A photo of a nurse, or a spoken word of the elder. Apart from the report, so that who reads reports has none of it.
CREATE TABLE visit_medium (
    medium_id   uuid PRIMARY KEY,                  -- drawn where it was taken: sent twice, it is kept once
    visit_id    bigint NOT NULL REFERENCES visit,
    kind        text NOT NULL CHECK (kind IN ('photo', 'voice')),
    staff_id    integer REFERENCES staff,          -- who took it; NULL: the elder
    media_type  text NOT NULL CHECK (media_type IN ('image/jpeg', 'audio/webm', 'audio/ogg', 'audio/mp4')),
    content     bytea NOT NULL CHECK (octet_length(content) BETWEEN 1 AND 1048576),
    taken_at    timestamptz NOT NULL,
    stored_at   timestamptz NOT NULL,
    CHECK ((kind = 'photo') = (staff_id IS NOT NULL))
);
CREATE INDEX visit_medium_by_visit ON visit_medium (visit_id, taken_at);
CREATE UNIQUE INDEX visit_medium_one_voice ON visit_medium (visit_id) WHERE kind = 'voice';
ALTER TABLE visit_medium ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON visit_medium USING (
    (SELECT web.role()) IN ('nurse', 'doctor', 'link', 'centre') AND web.sees_visit(visit_id));

-- Who takes back that photos or voices are kept takes back those that are.
CREATE FUNCTION forget_media() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM visit_medium m USING visit v
    WHERE v.visit_id = m.visit_id AND v.elder_id = NEW.elder_id
      AND m.kind = CASE NEW.purpose WHEN 'photos' THEN 'photo' ELSE 'voice' END;
    RETURN NULL;
END $$;
CREATE TRIGGER forget_media AFTER UPDATE OF withdrawn_at ON consent FOR EACH ROW
WHEN (NEW.withdrawn_at IS NOT NULL AND NEW.purpose IN ('photos', 'voice')) EXECUTE FUNCTION forget_media();

CREATE TABLE staff_photo (                         -- of staff who let elders see who comes
    staff_id    integer PRIMARY KEY REFERENCES staff ON DELETE CASCADE,
    content     bytea NOT NULL CHECK (octet_length(content) BETWEEN 1 AND 65536),  -- JPEG
    stored_at   timestamptz NOT NULL
);
ALTER TABLE staff_photo ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON staff_photo USING (
    (SELECT web.role()) = 'centre' OR staff_id = (SELECT web.staff_id())
    OR (SELECT web.role()) = 'link' AND EXISTS (
        SELECT FROM visit v WHERE v.nurse_id = staff_photo.staff_id AND v.elder_id = (SELECT web.link_elder())));

CREATE TABLE visit_push (                          -- one message to one browser of the nurse who is asked; wall time
    notice_id   uuid PRIMARY KEY,                  -- drawn at random: the phone's receipt names it
    visit_id    bigint NOT NULL REFERENCES visit,
    visit_event_id bigint NOT NULL REFERENCES visit_event,  -- with which she was asked
    staff_id    integer NOT NULL REFERENCES staff,
    subscription_id bigint REFERENCES push_subscription ON DELETE SET NULL,
    asked_at    timestamptz NOT NULL DEFAULT now(),
    attempts    integer NOT NULL DEFAULT 0,
    sent_at     timestamptz,                       -- the push service took it
    delivered_at timestamptz,                      -- the phone's own receipt
    opened_at   timestamptz,                       -- somebody touched it
    failed_at   timestamptz,                       -- it is tried no more
    problem     text NOT NULL DEFAULT '',
    UNIQUE (visit_event_id, subscription_id)
);
CREATE INDEX visit_push_by_visit ON visit_push (visit_id, visit_event_id);
CREATE INDEX visit_push_by_staff ON visit_push (staff_id, asked_at DESC);
ALTER TABLE visit_push ENABLE ROW LEVEL SECURITY;  -- a phone's receipt names one, and nobody is signed in there
CREATE POLICY seen ON visit_push USING ((SELECT web.role()) IN ('', 'centre') OR staff_id = (SELECT web.staff_id()));

-- An elder who is not content with a visit may contest what it found: detection looks at them anew. As the owner: their
-- link itself has no right to say so.
CREATE FUNCTION assessment_is_news() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    INSERT INTO detection_due (elder_id, since)
    SELECT elder_id, NEW.assessed_at FROM visit WHERE visit_id = NEW.visit_id AND alert_id IS NOT NULL
    ON CONFLICT (elder_id) DO NOTHING;
    PERFORM pg_notify('doorstep_reading', '');
    RETURN NULL;
END $$;
CREATE TRIGGER assessment_is_news AFTER INSERT OR UPDATE ON assessment
FOR EACH ROW EXECUTE FUNCTION assessment_is_news();
