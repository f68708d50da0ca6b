-- A package of the index, and each clause of its Depends and Pre-Depends with the first alternative.
DROP TABLE IF EXISTS edge, clause, package;
CREATE TABLE package (
  name text PRIMARY KEY,
  version text NOT NULL,
  section text NOT NULL,
  priority text NOT NULL,
  maintainer text NOT NULL,
  installed_kib bigint,
  download_bytes bigint NOT NULL,
  summary text NOT NULL
);
CREATE TABLE clause (
  package text NOT NULL REFERENCES package,
  position int NOT NULL,
  before boolean NOT NULL,  -- Pre-Depends
  first text NOT NULL,      -- may name a virtual package, which is not in the index
  alternatives text NOT NULL,
  PRIMARY KEY (package, position)
);
