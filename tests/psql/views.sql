-- Views as \d+ and \sv lay them out; lists of what is seldom asked for.
\i tests/psql/schema.psql
CREATE VIEW orders AS SELECT c.name, count(*) AS n, sum(p.total) AS total FROM customer c LEFT JOIN purchase p ON p.customer = c.id AND p.total > 5 WHERE c.balance > 0 OR c.name LIKE 'a%' GROUP BY c.name HAVING count(*) > 1 ORDER BY sum(p.total) DESC NULLS LAST LIMIT 10;
CREATE VIEW app.both AS SELECT id, 'c' AS kind FROM customer UNION ALL SELECT id, CASE WHEN total > 10 THEN 'P' ELSE 'p' END FROM purchase WHERE EXISTS (SELECT 1 FROM rich r WHERE r.id = purchase.customer);
CREATE TABLE kinds (a char DEFAULT 'x', b char(5) DEFAULT 'abc', c smallint DEFAULT 1 + 1, d numeric DEFAULT 1, e bigint DEFAULT 5, f date DEFAULT '2020-01-01', g varchar(3) DEFAULT 'q');
CREATE TABLE late (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, v int UNIQUE DEFERRABLE);
\d+ orders
\d+ app.both
\d+ rich
\sv orders
\sv+ app.both
\d kinds
\d late
\db
\dT
\dRs
\dy
\sf nothere
