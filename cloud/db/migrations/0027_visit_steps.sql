-- The visit's whole way: who is asked, no answer at the door, what is handed on, what is closed and what follows.

UPDATE visit SET state = 'cancelled' WHERE state = 'declined';  -- that was never a place to stay, only a step
ALTER TABLE visit
    DROP CONSTRAINT visit_state_check,
    DROP CONSTRAINT visit_kind_check,
    ADD CONSTRAINT visit_state_check CHECK (state IN
        ('proposed', 'assigned', 'accepted', 'travelling', 'at_the_door', 'no_answer', 'filed', 'assessed', 'closed',
         'cancelled')),
    ADD CONSTRAINT visit_kind_check CHECK (kind IN ('alert', 'alarm', 'request', 'follow_up', 'together')),
    ADD COLUMN from_at timestamptz,                -- nobody need come before; NULL: at once
    ADD COLUMN answer_by timestamptz,              -- assigned: when the next nurse is asked; NULL: nobody waits for that
    ADD COLUMN follows_id bigint REFERENCES visit, -- kind follow_up: the visit after which this one is due
    ADD COLUMN together_with bigint REFERENCES visit; -- kind together: whom its nurse goes with

-- Nobody goes to the same elder twice by accident: of one elder's visits that are promised by a name, all are that
-- nurse's; an urgent one is another's too, and then no two stand on the way or at the door at once. Two who go together
-- are one. What two nurses had begun when this rule came is left to them.
UPDATE visit v SET together_with = first.visit_id
FROM (SELECT elder_id, min(visit_id) AS visit_id FROM visit
      WHERE state IN ('accepted', 'travelling', 'at_the_door') GROUP BY elder_id HAVING count(DISTINCT nurse_id) > 1) first
WHERE v.elder_id = first.elder_id AND v.state IN ('accepted', 'travelling', 'at_the_door');
ALTER TABLE visit
    ADD CONSTRAINT visit_one_nurse EXCLUDE USING gist
        (elder_id WITH =, nurse_id WITH <>, (coalesce(together_with, visit_id)) WITH <>)
        WHERE (state IN ('accepted', 'travelling', 'at_the_door', 'no_answer') AND priority <> 'now'),
    ADD CONSTRAINT visit_one_at_a_time EXCLUDE USING gist
        (elder_id WITH =, nurse_id WITH <>, (coalesce(together_with, visit_id)) WITH <>)
        WHERE (state IN ('travelling', 'at_the_door', 'no_answer'));

DROP INDEX visit_one_request, visit_open;
CREATE UNIQUE INDEX visit_one_request ON visit (elder_id)
    WHERE kind = 'request' AND state IN ('proposed', 'assigned', 'accepted');
CREATE UNIQUE INDEX visit_one_follow_up ON visit (follows_id, wish);
CREATE UNIQUE INDEX visit_one_beside ON visit (together_with) WHERE kind = 'together' AND state <> 'cancelled';
CREATE INDEX visit_open ON visit (promised_by) WHERE state NOT IN ('filed', 'assessed', 'closed', 'cancelled');
CREATE INDEX visit_to_close ON visit (visit_id) WHERE state IN ('filed', 'assessed');
CREATE INDEX visit_by_nurse ON visit (nurse_id) WHERE state NOT IN ('filed', 'assessed', 'closed', 'cancelled');

ALTER TABLE visit_event
    ADD COLUMN actor text NOT NULL DEFAULT 'centre' CHECK (actor IN ('staff', 'elder', 'centre')),
    ADD COLUMN nurse_id integer REFERENCES staff,  -- who has the visit after this step; NULL: nobody
    ADD CHECK (actor <> 'staff' OR staff_id IS NOT NULL);
UPDATE visit_event e SET actor = CASE
        WHEN staff_id IS NOT NULL THEN 'staff'
        WHEN state = 'assessed' OR state = 'proposed' AND note <> ''
             AND EXISTS (SELECT FROM visit v WHERE v.visit_id = e.visit_id AND v.kind = 'request') THEN 'elder'
        ELSE 'centre' END;
CREATE INDEX visit_event_by_visit ON visit_event (visit_id, visit_event_id);

ALTER TABLE visit_report ADD COLUMN measured jsonb NOT NULL DEFAULT '[]';  -- {"metric", "value"}, canonical units

-- What a phone told once, it may tell again: the same key does nothing twice.
CREATE TABLE visit_act (
    staff_id    integer NOT NULL REFERENCES staff,
    key         uuid NOT NULL,                     -- drawn by the phone
    visit_id    bigint NOT NULL REFERENCES visit,
    did_at      timestamptz NOT NULL,              -- by the phone, which may have had no net
    told_at     timestamptz NOT NULL,
    PRIMARY KEY (staff_id, key)
);
CREATE INDEX visit_act_by_visit ON visit_act (visit_id);
ALTER TABLE visit_act ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON visit_act USING (web.sees_visit(visit_id));
