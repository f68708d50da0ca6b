#include "shell.h"

namespace oxibase {

const char* const kTour[] = {
    "\\echo 1. A table and some rows. Everything is PostgreSQL's SQL.",
    "CREATE TABLE tour_account (id int PRIMARY KEY, owner text NOT NULL, balance numeric(12,2) "
    "CHECK (balance >= 0));",
    "INSERT INTO tour_account VALUES (1, 'Ada', 100), (2, 'Grace', 250.50), (3, 'Edsger', 75);",
    "SELECT owner, balance, rank() OVER (ORDER BY balance DESC) FROM tour_account;",
    "\\echo 2. A transfer in a transaction, taken back.",
    "BEGIN;",
    "UPDATE tour_account SET balance = balance - 50 WHERE id = 1 RETURNING owner, balance;",
    "UPDATE tour_account SET balance = balance + 50 WHERE id = 2 RETURNING owner, balance;",
    "ROLLBACK;",
    "SELECT sum(balance) FROM tour_account;",
    "\\echo 3. How a query runs.",
    "EXPLAIN SELECT owner FROM tour_account WHERE id = 2;",
    "\\echo 4. DDL is transactional as well.",
    "BEGIN;",
    "ALTER TABLE tour_account ADD COLUMN since date DEFAULT '2024-01-01';",
    "SELECT * FROM tour_account ORDER BY id LIMIT 1;",
    "ROLLBACK;",
    "DROP TABLE tour_account;",
    "\\echo That is all. `oxibase shell FOLDER` opens a database that stays; `oxibase serve` lets",
    "\\echo psql and every PostgreSQL driver in.",
};
const size_t kTourLines = sizeof kTour / sizeof *kTour;

}  // namespace oxibase
