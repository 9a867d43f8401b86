-- What the centre looks at: when each person last looked at the board, and the times by which board and quality page ask.

CREATE TABLE board_look (
    staff_id    integer PRIMARY KEY REFERENCES staff ON DELETE CASCADE,
    looked_at   timestamptz NOT NULL               -- up to then they have seen what changed
);
ALTER TABLE board_look ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON board_look USING (staff_id = (SELECT web.staff_id()));

CREATE INDEX alarm_by_time ON alarm (heard_at);
CREATE INDEX alarm_closed ON alarm (closed_at) WHERE state = 'closed';
CREATE INDEX alert_by_time ON alert (raised_at);
CREATE INDEX alert_by_showing ON alert (shown_at) WHERE shown_at IS NOT NULL;
CREATE INDEX visit_by_promise ON visit (promised_by);
CREATE INDEX visit_by_asking ON visit (asked_at);
CREATE INDEX visit_report_by_time ON visit_report (filed_at);
CREATE INDEX assessment_by_time ON assessment (assessed_at);
