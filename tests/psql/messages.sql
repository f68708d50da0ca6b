-- Notices with their SQLSTATEs, details, hints and positions of errors.
CREATE TABLE t (a int, b text UNIQUE, c int);
CREATE INDEX t_a ON t (a);
\set VERBOSITY sqlstate
CREATE TABLE IF NOT EXISTS t (a int);
CREATE INDEX IF NOT EXISTS t_a ON t (a);
CREATE SCHEMA IF NOT EXISTS public;
ALTER TABLE IF EXISTS nosuch ADD COLUMN x int;
ALTER TABLE t ADD COLUMN IF NOT EXISTS a int;
ALTER TABLE t DROP COLUMN IF EXISTS nosuch;
ALTER TABLE t DROP CONSTRAINT IF EXISTS nosuch;
DROP TABLE IF EXISTS nosuch;
CREATE UNIQUE INDEX t_unique ON t (c);
ALTER TABLE t ADD CONSTRAINT named UNIQUE USING INDEX t_unique;
\set VERBOSITY default
INSERT INTO t VALUES (1, 'x', 1), (1, 'yy', 2), (2, 'zz', NULL);
ALTER TABLE t ADD UNIQUE (a);
ALTER TABLE t ALTER COLUMN b TYPE int USING length(b);
CREATE UNIQUE INDEX ON t ((a + 1), lower('x'));
SELECT * FROM t, (SELECT * FROM t u WHERE u.a = t.a) x;
SELECT * FROM t, (SELECT * FROM pg_class u WHERE u.oid = b) x;
SELECT sum(sum(a)) FROM t;
SELECT a, max(b || count(*)) FROM t GROUP BY a;
SELECT sum(row_number() OVER ()) FROM t;
SELECT sum(generate_series(1, 3)) FROM t;
CREATE VIEW one AS SELECT DISTINCT a FROM t;
CREATE VIEW two AS SELECT a, a + 1 AS next FROM t;
INSERT INTO two VALUES (1, 2);
UPDATE two SET next = 1;
SET TIME ZONE INTERVAL '1 day';
SET TIME ZONE 200;
SELECT pg_size_bytes('1 AB');
SELECT parse_ident('a.1');
SELECT parse_ident('"a');
