// sqllogictest: runs .test files (see script.h for their format) against OxiBase inside this
// process, over the wire, or against a real PostgreSQL.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "runner.h"
#include "test_files.h"

using oxibase::slt::BackendKind;
using oxibase::slt::FileReport;
using oxibase::slt::RunFile;
using oxibase::slt::RunOptions;

int main(int argc, char** argv) {
  CLI::App app("Runs SQL tests; ends with a line \"N passed, N failed\" that counts records.");
  std::vector<std::string> paths;
  std::string server, conninfo, part, session_sql;
  bool wire = false, freeze = false, quiet = false, rewrite = false;
  int jobs = 1;
  app.add_option("path", paths, ".test files, or folders of them")->required();
  app.add_flag("--wire", wire, "over the wire, against a server started for each file");
  app.add_flag("--freeze", freeze,
               "embedded, with all rows driven to segments after each statement");
  app.add_option("--server", server, "the program to start for --wire (default: beside this one)");
  app.add_option("--postgres", conninfo, "against PostgreSQL; a libpq connection string");
  app.add_option("--session", session_sql, "SQL that each connection runs first");
  app.add_flag("--rewrite", rewrite, "write what came into the files, to be read as a diff");
  app.add_option("--match", part, "only files whose path contains this");
  app.add_option("-j,--jobs", jobs, "files at a time")->check(CLI::Range(1, 64));
  app.add_flag("-q,--quiet", quiet, "print failures and the last line only");
  CLI11_PARSE(app, argc, argv);

  RunOptions options;
  options.rewrite = rewrite;
  options.backend.freeze = freeze;
  options.session_sql = session_sql;
  if (!conninfo.empty()) {
    options.backend.kind = BackendKind::kPostgres;
    options.backend.conninfo = conninfo;
  } else if (wire) {
    options.backend.kind = BackendKind::kWire;
    if (server.empty()) {
      server = (std::filesystem::canonical("/proc/self/exe").parent_path() / "oxibase").string();
    }
    options.backend.program = server;
  }

  std::vector<std::string> files = oxibase::slt::FilesUnder(paths, ".test", part);
  std::vector<FileReport> reports(files.size());
  std::atomic<size_t> next{0};
  auto work = [&] {
    for (size_t i; (i = next++) < files.size();) {
      reports[i] = RunFile(files[i], options);
      const FileReport& report = reports[i];
      if (!quiet || report.failed > 0) {
        std::string line =
            report.text + (report.failed > 0 ? "FAIL " : "ok   ") + files[i] + ": " +
            std::to_string(report.passed) + " passed, " + std::to_string(report.failed) +
            " failed" +
            (report.skipped > 0 ? ", " + std::to_string(report.skipped) + " skipped" : "") + "\n";
        std::fwrite(line.data(), 1, line.size(), stdout);
        std::fflush(stdout);
      }
    }
  };
  std::vector<std::thread> threads;
  for (int i = 1; i < jobs; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();

  FileReport all;
  for (const FileReport& report : reports) {
    all.passed += report.passed;
    all.failed += report.failed;
  }
  if (files.empty()) std::printf("no test files\n");
  std::printf("%d passed, %d failed\n", all.passed, all.failed);
  return all.failed == 0 && !files.empty() ? 0 : 1;
}
