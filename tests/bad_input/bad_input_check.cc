// Gives a server what nobody should: bytes that are no protocol, statements beyond every bound,
// folders that are not its own or damaged, a disk without room. Each must end in a clear error that
// says what is wrong, nothing may be lost, and nobody else may notice.
#include <stdlib.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "checks.h"

namespace oxibase::bad_input {

void Tally::Expect(bool holds, std::string_view what, std::string_view seen) {
  ++(holds ? passed_ : failed_);
  if (holds) return;
  std::printf("FAILED: %.*s\n", static_cast<int>(what.size()), what.data());
  if (!seen.empty()) std::printf("  seen: %.*s\n", static_cast<int>(seen.size()), seen.data());
}

void Tally::Skip(std::string_view what, std::string_view why) {
  std::printf("skipped: %.*s (%.*s)\n", static_cast<int>(what.size()), what.data(),
              static_cast<int>(why.size()), why.data());
}

std::string Client::Outcome(PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  std::string state;
  if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE || result == nullptr) {
    const char* code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    state = code != nullptr ? code : "lost";
    if (PQstatus(conn_) == CONNECTION_OK || message_.empty()) message_ = PQerrorMessage(conn_);
  }
  PQclear(result);
  return state;
}

std::string Client::Run(const std::string& sql) { return Outcome(PQexec(conn_, sql.c_str())); }

std::string Client::Value(const std::string& sql) {
  PGresult* result = PQexec(conn_, sql.c_str());
  if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) == 0) return Outcome(result);
  std::string value = PQgetvalue(result, 0, 0);
  PQclear(result);
  return value;
}

std::string Client::CopyIn(const std::string& sql, std::string_view data) {
  PGresult* result = PQexec(conn_, sql.c_str());
  if (PQresultStatus(result) != PGRES_COPY_IN) return Outcome(result);
  PQclear(result);
  PQputCopyData(conn_, data.data(), static_cast<int>(data.size()));
  PQputCopyEnd(conn_, nullptr);
  std::string state;
  while ((result = PQgetResult(conn_)) != nullptr) {
    const std::string one = Outcome(result);
    if (state.empty()) state = one;
  }
  return state;
}

}  // namespace oxibase::bad_input

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  using oxibase::bad_input::Place;
  using oxibase::bad_input::Tally;
  std::string server, only;
  CLI::App app("Bad bytes, statements, folders and disks; ends with \"N passed, N failed\".");
  app.add_option("--server", server, "the program oxibase")->required();
  app.add_option("--only", only, "protocol, statements, folders or disk");
  CLI11_PARSE(app, argc, argv);
  server = fs::absolute(server).string();

  const char* tmp = std::getenv("TMPDIR");
  std::string folder = std::string(tmp != nullptr ? tmp : "/tmp") + "/oxibase-bad-input.XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return 1;
  struct Part {
    const char* name;
    void (*check)(const Place&, Tally&);
  };
  const Part parts[] = {{"protocol", oxibase::bad_input::CheckProtocol},
                        {"statements", oxibase::bad_input::CheckStatements},
                        {"folders", oxibase::bad_input::CheckFolders},
                        {"disk", oxibase::bad_input::CheckFullDisk}};
  Tally tally;
  for (const Part& part : parts) {
    if (!only.empty() && only != part.name) continue;
    const Place place{server, folder + "/" + part.name};
    fs::create_directory(place.folder);
    const int passed = tally.passed(), failed = tally.failed();
    part.check(place, tally);
    std::printf("%s: %d passed, %d failed\n", part.name, tally.passed() - passed,
                tally.failed() - failed);
    std::fflush(stdout);
  }
  if (tally.failed() == 0) fs::remove_all(folder);
  std::printf("%d passed, %d failed\n", tally.passed(), tally.failed());
  return tally.failed() == 0 ? 0 : 1;
}
