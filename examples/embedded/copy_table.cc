// libpq and OxiBase in one program: takes rows from a PostgreSQL server (or OxiBase's own) by COPY
// into a database in memory, and asks them something there.
// Usage: copy_table [CONNINFO]    libpq's environment (PGHOST, PGPORT, ...) counts too
#include <libpq-fe.h>

#include <iostream>
#include <memory>
#include <oxibase/oxibase.hpp>
#include <stdexcept>
#include <string_view>

namespace {

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
  void operator()(PGresult* result) const { PQclear(result); }
  void operator()(char* bytes) const { PQfreemem(bytes); }
};
using Server = std::unique_ptr<PGconn, Finish>;
using Answer = std::unique_ptr<PGresult, Finish>;

Answer Ask(const Server& server, const char* sql, ExecStatusType wanted) {
  Answer answer(PQexec(server.get(), sql));
  if (PQresultStatus(answer.get()) != wanted) {
    throw std::runtime_error(PQerrorMessage(server.get()));
  }
  return answer;
}

}  // namespace

int main(int argc, char** argv) try {
  const Server server(PQconnectdb(argc > 1 ? argv[1] : ""));
  if (PQstatus(server.get()) != CONNECTION_OK) {
    throw std::runtime_error(PQerrorMessage(server.get()));
  }
  Ask(server,
      "CREATE TEMP TABLE city (name text, country text, people int);"
      "INSERT INTO city VALUES ('Lima', 'Peru', 10092000), ('Cusco', 'Peru', 428450),"
      " ('Bergen', 'Norway', 291940), ('Tromsø', 'Norway', NULL)",
      PGRES_COMMAND_OK);

  oxibase::Database db;
  oxibase::Connection local = db.Connect();
  local.Execute("CREATE TABLE city (name text PRIMARY KEY, country text, people int)");
  Ask(server, "COPY city TO STDOUT", PGRES_COPY_OUT);
  oxibase::CopyIn in = local.CopyFrom("COPY city FROM STDIN");
  char* line = nullptr;
  while (const int size = PQgetCopyData(server.get(), &line, 0)) {
    if (size < 0) break;
    const std::unique_ptr<char, Finish> owned(line);
    in.Write({line, static_cast<size_t>(size)});
  }
  std::cout << in.Finish() << " rows copied\n";

  for (const oxibase::Row& row :
       local.Query("SELECT country, count(*), sum(people) FROM city GROUP BY country ORDER BY 1")) {
    std::cout << row.Get<std::string_view>(0) << ": " << row.Get<int>(1) << " cities, "
              << row.Text(2) << " people\n";
  }
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
