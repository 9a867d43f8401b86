-- Days off that somebody noted: what was hers on them goes on to others, and who waits is told why.

ALTER TABLE absence
    ADD COLUMN noted_by integer REFERENCES staff ON DELETE SET NULL,
    ADD COLUMN noted_at timestamptz;               -- NULL: nobody wrote it here, and visits are moved by hand

ALTER TABLE visit_moved
    DROP CONSTRAINT visit_moved_why_check,
    ADD CONSTRAINT visit_moved_why_check CHECK (why IN ('urgent', 'later', 'nurse', 'away', 'desk', 'better'));
