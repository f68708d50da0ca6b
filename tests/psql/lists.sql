-- The lists of the \d family.
\i tests/psql/schema.psql
\d
\dt
\dt app.*
\di
\dv
\ds
\dn
\dt nothere
\dt cust*
\di purchase*
\df nothere
\dC nothere
\dT nothere
\dt pg_catalog.pg_cl*
