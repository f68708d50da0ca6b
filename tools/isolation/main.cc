// isolation: runs .spec files (spec.h) against a server started for each, or against a real
// PostgreSQL, and compares what comes of each permutation with the .out file beside the spec.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "../sqllogictest/test_files.h"
#include "permutation.h"

namespace {

using oxibase::isolation::Spec;
using oxibase::slt::Backend;

struct Options {
  std::string program, conninfo;
  bool rewrite = false;
};

struct Report {
  int passed = 0, failed = 0;
  std::string text;
};

std::string Expected(const std::string& path) {
  return std::filesystem::path(path).replace_extension(".out").string();
}

/// The parts of an .out file, one a permutation.
std::vector<std::string> Parts(const std::string& text) {
  std::vector<std::string> parts;
  std::stringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("permutation ")) parts.emplace_back();
    if (!parts.empty() && !line.empty()) parts.back() += line + '\n';
  }
  return parts;
}

Report RunSpec(const std::string& path, const Options& options) {
  Report report;
  const auto broken = [&](const std::string& why) {
    report.text += path + ": " + why + "\n";
    ++report.failed;
    return report;
  };
  Spec spec;
  std::string error;
  if (!oxibase::isolation::ReadSpec(path, spec, error)) return broken(error);
  const std::string backend_name = options.conninfo.empty() ? "oxibase" : "postgres";
  if (!spec.only_if.empty() && spec.only_if != backend_name) return report;
  std::stringstream text;
  text << std::ifstream(Expected(path)).rdbuf();
  const std::vector<std::string> expected = Parts(text.str());
  const std::unique_ptr<Backend> backend =
      options.conninfo.empty() ? oxibase::slt::OpenWire(options.program, error)
                               : oxibase::slt::OpenPostgres(options.conninfo, error);
  if (backend == nullptr) return broken("no database: " + error);
  std::string all;
  for (size_t i = 0; i < spec.permutations.size(); ++i) {
    std::string part;
    // A machine with much else to do is given more time.
    for (const int patience : {1, 5, 20}) {
      part = oxibase::isolation::RunPermutation(spec, spec.permutations[i], *backend, patience);
      if (options.rewrite || (i < expected.size() && part == expected[i])) break;
    }
    all += (i > 0 ? "\n" : "") + part;
    if (options.rewrite || (i < expected.size() && part == expected[i])) {
      ++report.passed;
      continue;
    }
    ++report.failed;
    report.text += path + ": expected\n" + (i < expected.size() ? expected[i] : "(nothing)\n") +
                   "but got\n" + part;
  }
  if (!options.rewrite && expected.size() > spec.permutations.size()) {
    broken("permutations are expected that are not run");
  }
  if (!backend->Close(error)) broken("closing: " + error);
  if (options.rewrite) std::ofstream(Expected(path)) << all;
  return report;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Runs permutations of sessions' steps; ends with a line \"N passed, N failed\" that counts "
      "permutations.");
  std::vector<std::string> paths;
  std::string part;
  Options options;
  int jobs = 1;
  app.add_option("path", paths, ".spec files, or folders of them")->required();
  app.add_option("--server", options.program,
                 "the program to start (default: oxibase beside this)");
  app.add_option("--postgres", options.conninfo, "against PostgreSQL; a libpq connection string");
  app.add_flag("--rewrite", options.rewrite, "write the .out files");
  app.add_option("--match", part, "only files whose path contains this");
  app.add_option("-j,--jobs", jobs, "files at a time")->check(CLI::Range(1, 64));
  CLI11_PARSE(app, argc, argv);
  if (options.program.empty()) {
    options.program =
        (std::filesystem::canonical("/proc/self/exe").parent_path() / "oxibase").string();
  }

  const std::vector<std::string> files = oxibase::slt::FilesUnder(paths, ".spec", part);
  std::vector<Report> reports(files.size());
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i; (i = next++) < files.size();) {
      reports[i] = RunSpec(files[i], options);
      std::printf("%s%s %s: %d passed, %d failed\n", reports[i].text.c_str(),
                  reports[i].failed > 0 ? "FAIL" : "ok  ", files[i].c_str(), reports[i].passed,
                  reports[i].failed);
      std::fflush(stdout);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 1; i < jobs; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  int passed = 0;
  int failed = 0;
  for (const Report& report : reports) {
    passed += report.passed;
    failed += report.failed;
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && !files.empty() ? 0 : 1;
}
