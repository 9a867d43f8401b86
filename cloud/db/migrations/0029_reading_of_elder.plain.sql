-- An index alone answers for what a vacuum has seen. By itself it comes after a fifth of the table is new, which may be
-- months; it looks at nothing but what is new, so it may come often.

ALTER TABLE reading SET (autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_vacuum_insert_threshold = 50000);
