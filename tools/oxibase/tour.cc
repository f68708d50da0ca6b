// `oxibase tour`: a short walk through a database in memory, which creates, queries, rolls back and
// explains, and ends.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "commands.h"
#include "engine/database.h"
#include "engine/session.h"
#include "statement_runner.h"

namespace oxibase {
namespace {

struct Step {
  const char* says;
  const char* sql;
};

constexpr Step kSteps[] = {
    {"A table, with a key, a default and a check.",
     "CREATE TABLE book (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL, "
     "year int CHECK (year > 1450), price numeric(6,2) DEFAULT 9.99)"},
    {"Some rows.",
     "INSERT INTO book (title, year, price) VALUES ('Middlemarch', 1871, 12.50), "
     "('The Odyssey', 1488, 20), ('Dracula', 1897, 7.25)"},
    {"Ask.", "SELECT title, year, price FROM book WHERE year > 1800 ORDER BY price DESC"},
    {"Count and add up, exactly.", "SELECT count(*), sum(price), round(avg(price), 2) FROM book"},
    {"A transaction ...", "BEGIN"},
    {"... that takes everything away ...", "DELETE FROM book"},
    {"... and thinks better of it.", "ROLLBACK"},
    {"All there.", "SELECT count(*) FROM book"},
    {"How a query is run.", "EXPLAIN SELECT title FROM book WHERE id = 2"},
};

int Tour() {
  auto database = Database::Open({});
  if (!database.ok()) return PrintError(database.status()), 1;
  auto session = (*database)->Connect({});
  if (!session.ok()) return PrintError(session.status()), 1;
  for (const Step& step : kSteps) {
    std::printf("-- %s\n%s;\n", step.says, step.sql);
    if (!RunAndPrint(**session, step.sql)) return 1;
    std::printf("\n");
  }
  std::printf("That was the tour, in memory. A database in a folder: oxibase shell FOLDER\n");
  return 0;
}

}  // namespace

void AddTourCommand(CLI::App& app, int* exit_code) {
  CLI::App* tour = app.add_subcommand("tour", "A short walk through a database in memory");
  tour->callback([exit_code] { *exit_code = Tour(); });
}

}  // namespace oxibase
