#pragma once

#include <string>
#include <string_view>

#include "common/status.h"

namespace oxibase {

/// \copy, taken apart: the statement to run, and where its bytes come from or go to.
struct CopyCommand {
  enum class Place { kFile, kProgram, kStandard };
  bool from = false;
  std::string sql;  // COPY ... FROM STDIN or TO STDOUT
  Place place = Place::kFile;
  std::string path;  // or the program's command line

  /// `text` is what stands behind "\copy". Error: kSyntaxError.
  static Result<CopyCommand> Parse(std::string_view text);
};

}  // namespace oxibase
