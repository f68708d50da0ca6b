#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "expr/function.h"

namespace oxibase {

/// A part of a text, or nothing.
struct RegexMatch {
  size_t begin = std::string_view::npos;
  size_t end = 0;
  bool matched() const { return begin != std::string_view::npos; }
};

/// PostgreSQL's advanced regular expressions, by RE2: the match begins leftmost and is the longest
/// unless the pattern has a non-greedy quantifier. Back-references and lookaround do not exist
/// (0A000).
class Regex {
 public:
  /// `flags` as in PostgreSQL's functions: i, n, s, p, w, x, q, ... ('g' is the caller's affair and
  /// left out). 2201B for a malformed pattern, 22023 for an unknown flag.
  static Result<std::shared_ptr<const Regex>> Compile(std::string_view pattern,
                                                      std::string_view flags);
  ~Regex();

  bool Matches(std::string_view text) const;
  /// The first match at `start` or behind it: the whole and its groups. False if there is none.
  bool Find(std::string_view text, size_t start, std::vector<RegexMatch>* groups) const;
  int group_count() const;

 private:
  Regex();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The regex for a call, kept at the call while pattern and flags stay the same.
Result<const Regex*> RegexFor(CallSite& site, std::string_view pattern, std::string_view flags);

}  // namespace oxibase
