-- Who opened the card of an elder who called, and when: an alarm shows a home's door and a person's health.

CREATE TABLE alarm_card_view (
    alarm_id    uuid NOT NULL REFERENCES alarm,
    elder_id    integer REFERENCES elder,          -- NULL: nobody was known to have called
    staff_id    integer NOT NULL REFERENCES staff,
    at          timestamptz NOT NULL,
    PRIMARY KEY (alarm_id, staff_id, at)
);
CREATE INDEX alarm_card_view_by_elder ON alarm_card_view (elder_id, at DESC);

-- The card shows the steps of one alarm.
CREATE INDEX alarm_event_by_alarm ON alarm_event (alarm_id, alarm_event_id);
