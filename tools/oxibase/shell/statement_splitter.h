#pragma once

#include <string>
#include <string_view>

namespace oxibase {

/// Gathers lines until a statement's semicolon, which quotes, dollar quotes and comments hide.
class StatementSplitter {
 public:
  /// Adds a line (with its line feed).
  void Add(std::string_view line) { text_ += line; }
  /// The next whole statement with its semicolon; false if there is none yet.
  bool Next(std::string* statement);
  /// What has not ended yet; empty if it is only blanks.
  std::string Rest() const;
  void Clear() { text_.clear(); }

 private:
  std::string text_;
};

}  // namespace oxibase
