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
  /// Where in `line`, which is not added yet, a backslash command begins: outside of quotes and
  /// comments. npos: nowhere.
  size_t FindBackslash(std::string_view line) const;
  /// What has not ended yet; empty if it is only blanks.
  std::string Rest() const;
  void Clear() {
    text_.clear();
    scanned_ = 0;
  }

 private:
  std::string text_;
  size_t scanned_ = 0;  // up to here there is no semicolon, and no quote is open
};

}  // namespace oxibase
