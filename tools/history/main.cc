// history: checks isolation by what clients see. Runs random transactions against a server, which
// it may kill, and looks for anomalies in their history; or checks histories in files.
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "checker.h"
#include "workload.h"

namespace {

using namespace oxibase::history;  // NOLINT(google-build-using-namespace)

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

void Print(const Verdict& verdict) {
  for (const Anomaly& anomaly : verdict.anomalies) {
    std::printf("  %s: %s\n", anomaly.name.c_str(), anomaly.text.c_str());
  }
}

/// The file's comment "expect: A, B" says what is to be found ("none": nothing).
bool CheckFile(const std::string& path, bool verbose) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  History history;
  std::vector<std::string> comments;
  std::string error;
  if (!Parse(text.str(), history, comments, error)) {
    std::printf("%s: %s\n", path.c_str(), error.c_str());
    return false;
  }
  const bool last = std::find(comments.begin(), comments.end(), "last reads all") != comments.end();
  const Verdict verdict = Check(history, last);
  const std::string found = Joined(verdict.Names());
  std::string expected = "none";
  for (const std::string& comment : comments) {
    if (comment.starts_with("expect: ")) expected = comment.substr(8);
  }
  std::printf("%s %s: %s\n", found == expected ? "ok  " : "FAIL", path.c_str(), found.c_str());
  if (found != expected) std::printf("  expected: %s\n", expected.c_str());
  if (verbose || found != expected) Print(verdict);
  return found == expected;
}

int CheckFiles(const std::vector<std::string>& paths, bool verbose) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      if (entry.path().extension() == ".history") files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  int failed = 0;
  for (const std::string& file : files) failed += CheckFile(file, verbose) ? 0 : 1;
  std::printf("%zu passed, %d failed\n", files.size() - static_cast<size_t>(failed), failed);
  return failed == 0 && !files.empty() ? 0 : 1;
}

/// Whether a level, by PostgreSQL's rules, lets this anomaly happen.
bool Allowed(const std::string& level, const std::string& anomaly) {
  if (level == "serializable") return false;
  if (anomaly == "G2-item" || anomaly == "G2") return true;
  return level == "read committed" && anomaly == "G-single";
}

int RunLive(WorkloadOptions options, bool verbose, bool must_find, const std::string& keep) {
  const WorkloadReport report = RunWorkload(options);
  if (!keep.empty()) {
    std::ofstream file(keep);
    for (const Txn& txn : report.history) file << Format(txn) << '\n';
  }
  if (!report.error.empty()) {
    std::printf("FAIL %s, seed %llu: %s\n0 passed, 1 failed\n", options.level.c_str(),
                static_cast<unsigned long long>(options.seed), report.error.c_str());
    return 1;
  }
  const Verdict verdict = Check(report.history, true);
  bool bad = must_find && verdict.anomalies.empty();
  for (const std::string& name : verdict.Names()) bad |= !Allowed(options.level, name);
  std::printf(
      "%s %s, seed %llu: %zu committed, %zu aborted (%lld refused), %zu unknown (%zu of them "
      "there), %d kills, %zu operations, %zu edges; anomalies: %s\n",
      bad ? "FAIL" : "ok  ", options.level.c_str(), static_cast<unsigned long long>(options.seed),
      verdict.committed, verdict.aborted, static_cast<long long>(report.refused), verdict.unknown,
      verdict.recovered, report.kills, verdict.operations, verdict.edges,
      Joined(verdict.Names()).c_str());
  if (bad || verbose) Print(verdict);
  std::printf("%d passed, %d failed\n", bad ? 0 : 1, bad ? 1 : 0);
  return bad ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Looks for anomalies of isolation. Ends with a line \"N passed, N failed\".");
  WorkloadOptions options;
  std::vector<std::string> files;
  std::string keep;
  bool verbose = false, must_find = false;
  app.add_option("--check", files, "check histories in these files or folders, run nothing");
  app.add_option("--server", options.program,
                 "the program to start (default: oxibase beside this)");
  app.add_option("--conninfo", options.conninfo, "a server that runs already; it is not killed");
  app.add_option("--level", options.level,
                 "read committed, repeatable read or serializable (default)")
      ->check(CLI::IsMember({"read committed", "repeatable read", "serializable"}));
  app.add_option("--seconds", options.seconds, "how long (5)");
  app.add_option("--transactions", options.transactions, "end after so many, if sooner");
  app.add_option("--sessions", options.sessions, "clients (8)")->check(CLI::Range(1, 1000));
  app.add_option("--keys", options.keys, "keys in use at a time (6)")->check(CLI::Range(1, 100000));
  app.add_option("--kills", options.kills, "SIGKILLs to the server (0)");
  app.add_option("--seed", options.seed, "of what clients do (1)");
  app.add_option("--keep", keep, "write the history into this file");
  app.add_flag("--must-find", must_find, "fail if there is no anomaly");
  app.add_flag("-v,--verbose", verbose, "print what is found although the level allows it");
  CLI11_PARSE(app, argc, argv);
  if (!files.empty()) return CheckFiles(files, verbose);

  if (options.program.empty()) {
    options.program =
        (std::filesystem::canonical("/proc/self/exe").parent_path() / "oxibase").string();
  }
  std::string folder = (std::filesystem::temp_directory_path() / "oxibase-history.XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    std::printf("no folder for the server\n0 passed, 1 failed\n");
    return 1;
  }
  options.folder = folder;
  const int status = RunLive(options, verbose, must_find, keep);
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return status;
}
