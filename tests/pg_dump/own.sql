-- Views whose text is laid out in another way than PostgreSQL's.
CREATE VIEW shop.numbers (n, m) AS VALUES (1, 'a'), (2, 'b');
CREATE VIEW shop.series (n) AS SELECT g FROM generate_series(1, 3) g;
CREATE VIEW shop.sets (s, "the count") AS
  SELECT state, count(*) FROM shop.orders GROUP BY GROUPING SETS ((state), ());
