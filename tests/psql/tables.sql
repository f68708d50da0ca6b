-- \d of single tables, views, sequences, indexes.
\i tests/psql/schema.psql
\d customer
\d purchase
\d app.serial_one
\d rich
\d numbers
\d purchase_at
\d customer_pkey
\d customer_lower
\d nothere
\d+ customer
