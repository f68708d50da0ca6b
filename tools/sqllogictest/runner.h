#pragma once
// Runs the records of one file against one database.

#include <string>

#include "backend.h"
#include "script.h"

namespace oxibase::slt {

struct RunOptions {
  BackendOptions backend;
  /// Replace what the file expects by what came.
  bool rewrite = false;
  /// What each connection runs first; empty: nothing.
  std::string session_sql;
};

struct FileReport {
  int passed = 0;
  int failed = 0;
  int skipped = 0;
  /// One paragraph for each failure.
  std::string text;
};

FileReport RunFile(const std::string& path, const RunOptions& options);

}  // namespace oxibase::slt
