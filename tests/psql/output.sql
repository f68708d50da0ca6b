-- What psql prints of results and errors.
\i tests/psql/schema.psql
\echo :ROW_COUNT
SELECT id AS "Id", name FROM customer;
INSERT INTO customer (id, name) VALUES (1, 'ann'), (2, 'bob') RETURNING id;
\x
SELECT * FROM customer ORDER BY id;
\x
\pset null '(null)'
SELECT id, email FROM customer ORDER BY id;
\copy customer (id, name) TO STDOUT
SELECT 1 / 0;
SELECT nope FROM customer;
SELECT * FROM customer WHERE;
\gdesc
SELECT id, name, balance FROM customer \gdesc
SELECT 1 AS a \gset
\echo :a
