#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace oxibase::sim {

inline constexpr int kTables = 2;

/// A row of a simulated table: a unique key, a value with an index, and what tells versions apart.
struct Row {
  int64_t key = 0;
  int64_t value = 0;
  int64_t tag = 0;       // a number that no other version has
  int64_t text_len = 0;  // of the long string in it, which is made of the tag
  bool operator==(const Row&) const = default;
  std::string Text() const;
};
using Rows = std::map<uint64_t, Row>;  // by row id

/// What a transaction did to a row.
struct Write {
  int table = 0;
  uint64_t row = 0;
  std::optional<Row> before, after;
};

struct Commit {
  uint64_t ts = 0;
  uint64_t txn = 0;
  std::vector<Write> writes;
  bool acknowledged = false;
};

/// What a statement read. It must be what the commits up to `ts`, and `own` after them, make of the
/// table; of which it takes the rows whose key or value is in [low, high].
struct Reading {
  enum class By : uint8_t { kScan, kKey, kValue };
  uint64_t ts = 0;
  uint64_t txn = 0;
  int table = 0;
  By by = By::kScan;
  bool backward = false;
  int64_t low = 0, high = 0;
  std::vector<Write> own;
  std::vector<std::pair<uint64_t, Row>> found;
  /// Somebody outside was told: the commits that it saw may not be lost.
  bool told = false;
};

/// An insert or a change was refused since a row had this key at some time in [from, to].
struct Refusal {
  uint64_t txn = 0;
  int table = 0;
  int64_t key = 0;
  uint64_t from = 0, to = 0;
};

/// A row was locked against changes by others from `from` to `to`.
struct Locked {
  uint64_t txn = 0;
  int table = 0;
  uint64_t row = 0;
  uint64_t from = 0, to = 0;
};

/// All that the sessions of one life of a database did and saw, judged when it is over: by then the
/// time of each commit is known.
class History {
 public:
  std::vector<Commit> commits;
  std::vector<Reading> readings;
  std::vector<Refusal> refusals;
  std::vector<Locked> locks;
  uint64_t told_ts = 0;  // the newest state that somebody outside was told of

  /// Applies the commits in the order of their times and holds against them what was read, refused
  /// and locked. Empty: all is well.
  std::string Judge() const;
  /// The machine came up again with the state of `highest`. What is gone may not have been
  /// acknowledged, nor told. What is left becomes the state that the next life begins with.
  /// `promises`: whether readers were promised that what they saw is durable.
  std::string Survive(uint64_t highest, bool promises);

  const std::array<Rows, kTables>& begin_state() const { return begin_; }

 private:
  std::array<Rows, kTables> begin_;
  uint64_t begin_ts_ = 0;
};

}  // namespace oxibase::sim
