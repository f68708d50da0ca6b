-- Run in the folder that make_csv.py wrote.
\copy package FROM 'package.csv' WITH (FORMAT csv, HEADER)
\copy clause FROM 'clause.csv' WITH (FORMAT csv, HEADER)

-- Who needs whom: names that are not in the index are dropped, clauses about one package are one.
CREATE TABLE edge AS
  SELECT DISTINCT c.package, c.first AS needs FROM clause c JOIN package p ON p.name = c.first;
ALTER TABLE edge ADD PRIMARY KEY (package, needs);
ANALYZE;
SELECT (SELECT count(*) FROM package) AS packages, (SELECT count(*) FROM clause) AS clauses,
       (SELECT count(*) FROM edge) AS edges;
