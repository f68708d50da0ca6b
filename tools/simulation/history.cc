#include "history.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

namespace oxibase::sim {
namespace {

std::string Show(const Row& row) {
  return fmt::format("(key {} value {} tag {})", row.key, row.value, row.tag);
}
std::string Show(const std::optional<Row>& row) { return row ? Show(*row) : "nothing"; }

/// Applies a write, which was made of the row as it was then.
std::string Apply(std::array<Rows, kTables>& state, const Write& write, uint64_t txn) {
  Rows& rows = state[static_cast<size_t>(write.table)];
  const auto found = rows.find(write.row);
  const std::optional<Row> now =
      found == rows.end() ? std::nullopt : std::optional<Row>(found->second);
  if (now != write.before) {
    return fmt::format(
        "lost update: transaction {} changed row {} of table {} from {}, which was {}", txn,
        write.row, write.table, Show(write.before), Show(now));
  }
  if (write.after) {
    rows[write.row] = *write.after;
  } else {
    rows.erase(write.row);
  }
  return {};
}

bool IsWanted(const Reading& reading, const Row& row) {
  if (reading.by == Reading::By::kScan) return true;
  const int64_t column = reading.by == Reading::By::kKey ? row.key : row.value;
  return column >= reading.low && column <= reading.high;
}

std::string Judge(const Reading& reading, std::array<Rows, kTables> state) {
  const auto what = [&] {
    const char* by = reading.by == Reading::By::kScan  ? "scan"
                     : reading.by == Reading::By::kKey ? "key"
                                                       : "value";
    return fmt::format("transaction {} read table {} at {} by {} {}..{}{}", reading.txn,
                       reading.table, reading.ts, by, reading.low, reading.high,
                       reading.backward ? " backward" : "");
  };
  for (const Write& write : reading.own) {
    std::string wrong = Apply(state, write, reading.txn);
    if (!wrong.empty()) return what() + ": of its own, " + wrong;
  }
  const Rows& rows = state[static_cast<size_t>(reading.table)];
  std::set<uint64_t> seen;
  for (size_t i = 0; i < reading.found.size(); ++i) {
    const auto& [id, row] = reading.found[i];
    if (!seen.insert(id).second) return what() + fmt::format(": row {} came twice", id);
    const auto expected = rows.find(id);
    if (expected == rows.end())
      return what() + fmt::format(": found row {} {}, which is not there", id, Show(row));
    if (expected->second != row)
      return what() + fmt::format(": found row {} as {}, which is {}", id, Show(row),
                                  Show(expected->second));
    if (!IsWanted(reading, row)) return what() + fmt::format(": found {}", Show(row));
    if (i == 0) continue;
    const auto& [before_id, before] = reading.found[i - 1];
    const auto place = [&](uint64_t row_id, const Row& of) {
      return reading.by == Reading::By::kScan  ? std::pair<int64_t, uint64_t>(0, row_id)
             : reading.by == Reading::By::kKey ? std::pair<int64_t, uint64_t>(of.key, row_id)
                                               : std::pair<int64_t, uint64_t>(of.value, row_id);
    };
    if ((place(before_id, before) < place(id, row)) == reading.backward)
      return what() + fmt::format(": rows {} and {} came in the wrong order", before_id, id);
  }
  for (const auto& [id, row] : rows) {
    if (IsWanted(reading, row) && seen.count(id) == 0)
      return what() + fmt::format(": row {} {} is missing", id, Show(row));
  }
  return {};
}

}  // namespace

std::string Row::Text() const {
  return std::string(static_cast<size_t>(text_len), static_cast<char>('a' + tag % 26));
}

std::string History::Judge() const {
  std::vector<const Commit*> order;
  for (const Commit& commit : commits) order.push_back(&commit);
  const auto by_ts = [](const auto* a, const auto* b) { return a->ts < b->ts; };
  std::sort(order.begin(), order.end(), by_ts);
  std::vector<const Reading*> reads;
  for (const Reading& reading : readings) reads.push_back(&reading);
  std::stable_sort(reads.begin(), reads.end(), by_ts);

  // When each key was there: its row and the times from and to.
  struct Life {
    uint64_t from;
    uint64_t to = UINT64_MAX;
  };
  std::map<std::pair<int, int64_t>, std::vector<Life>> lives;
  std::array<Rows, kTables> state = begin_;
  for (int table = 0; table < kTables; ++table) {
    for (const auto& [id, row] : state[static_cast<size_t>(table)])
      lives[{table, row.key}].push_back({0});
  }
  // Who changed each row, and when.
  std::map<std::pair<int, uint64_t>, std::vector<const Commit*>> changes;
  size_t next_read = 0;
  const auto read_before = [&](uint64_t ts) -> std::string {
    for (; next_read < reads.size() && reads[next_read]->ts < ts; ++next_read) {
      std::string wrong = sim::Judge(*reads[next_read], state);
      if (!wrong.empty()) return wrong;
    }
    return {};
  };
  uint64_t before = begin_ts_;
  for (const Commit* commit : order) {
    if (commit->ts <= before)
      return fmt::format("transaction {} committed at {}, not after {}", commit->txn, commit->ts,
                         before);
    before = commit->ts;
    std::string wrong = read_before(commit->ts);
    if (!wrong.empty()) return wrong;
    for (const Write& write : commit->writes) {
      wrong = Apply(state, write, commit->txn);
      if (!wrong.empty()) return wrong;
      changes[{write.table, write.row}].push_back(commit);
      if (write.before && write.after && write.before->key == write.after->key) continue;
      if (write.before) lives[{write.table, write.before->key}].back().to = commit->ts;
      if (write.after) {
        auto& of_key = lives[{write.table, write.after->key}];
        if (!of_key.empty() && of_key.back().to == UINT64_MAX)
          return fmt::format("transaction {} made a second row of the key {} in table {}",
                             commit->txn, write.after->key, write.table);
        of_key.push_back({commit->ts});
      }
    }
  }
  std::string wrong = read_before(UINT64_MAX);
  if (!wrong.empty()) return wrong;
  for (const Refusal& refusal : refusals) {
    const auto of_key = lives.find({refusal.table, refusal.key});
    const bool was_there =
        of_key != lives.end() &&
        std::any_of(of_key->second.begin(), of_key->second.end(), [&](const Life& life) {
          return life.from <= refusal.to && life.to >= refusal.from;
        });
    if (!was_there)
      return fmt::format("transaction {} was refused the key {} in table {}, which nobody had",
                         refusal.txn, refusal.key, refusal.table);
  }
  for (const Locked& lock : locks) {
    const auto of_row = changes.find({lock.table, lock.row});
    if (of_row == changes.end()) continue;
    for (const Commit* commit : of_row->second) {
      if (commit->txn != lock.txn && commit->ts > lock.from && commit->ts <= lock.to)
        return fmt::format("transaction {} changed row {} of table {}, which {} had locked",
                           commit->txn, lock.row, lock.table, lock.txn);
    }
  }
  return {};
}

std::string History::Survive(uint64_t highest, bool promises) {
  std::sort(commits.begin(), commits.end(),
            [](const Commit& a, const Commit& b) { return a.ts < b.ts; });
  std::string wrong;
  for (const Commit& commit : commits) {
    if (commit.ts > highest) {
      if (commit.acknowledged && wrong.empty())
        wrong = fmt::format("lost: transaction {} of {} was acknowledged; the log ends at {}",
                            commit.txn, commit.ts, highest);
      if (promises && commit.ts <= told_ts && wrong.empty())
        wrong = fmt::format(
            "lost: transaction {} of {} was seen by readers (at {}); the log ends at {}",
            commit.txn, commit.ts, told_ts, highest);
      continue;
    }
    for (const Write& write : commit.writes) {
      std::string failed = Apply(begin_, write, commit.txn);
      if (wrong.empty()) wrong = failed;
    }
  }
  begin_ts_ = highest;
  commits.clear();
  readings.clear();
  refusals.clear();
  locks.clear();
  told_ts = 0;
  return wrong;
}

}  // namespace oxibase::sim
