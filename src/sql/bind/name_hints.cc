// Errors about names that mean nothing, with PostgreSQL's guesses at what was meant.
#include "sql/bind/name_hints.h"

#include <algorithm>
#include <vector>

#include "sql/bind/query_binder.h"

namespace oxibase::bind {

int EditDistance(std::string_view a, std::string_view b, int limit) {
  if (a.size() > 255 || b.size() > 255) return limit;
  std::vector<int> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    int diagonal = row[0];
    row[0] = static_cast<int>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const int replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return std::min(row[b.size()], limit);
}

namespace {

/// PostgreSQL's MAX_FUZZY_DISTANCE.
constexpr int kDistanceMax = 3;

struct BestMatch {
  int distance = kDistanceMax + 1;
  std::string first, second;

  void Offer(int penalty, const std::string& entry, const std::string& column,
             std::string_view wanted) {
    if (penalty > distance) return;
    int d = EditDistance(column, wanted, kDistanceMax + 2);
    if (d > static_cast<int>(wanted.size()) / 2) return;
    d += penalty;
    const std::string name = fmt::format("\"{}.{}\"", entry, column);
    if (d < distance) {
      distance = d;
      first = name;
      second.clear();
    } else if (d == distance) {
      if (!second.empty()) {
        first.clear();
        second.clear();
        distance = d - 1;
      } else if (!first.empty()) {
        second = name;
      } else {
        first = name;
      }
    }
  }
};

}  // namespace

Status QueryBinder::MissingColumn(const std::string& relation, const std::string& column,
                                  int32_t location, Level& level) {
  Status error =
      relation.empty()
          ? Error(ErrorCode::kUndefinedColumn, "column \"{}\" does not exist", column)
          : Error(ErrorCode::kUndefinedColumn, "column {}.{} does not exist", relation, column);
  BestMatch best;
  std::string hidden_in;
  for (Level* at = &level; at; at = at->parent) {
    for (const auto& entry : at->entries) {
      if (entry->kind == RangeEntry::Kind::kJoin) continue;
      int penalty = 0;
      if (!relation.empty()) penalty = EditDistance(relation, entry->name, kDistanceMax + 2);
      for (const ScopeColumn& c : entry->columns) {
        if (c.name == column && (relation.empty() || penalty == 0)) hidden_in = entry->name;
        best.Offer(penalty, entry->name, c.name, column);
      }
    }
  }
  if (!hidden_in.empty()) {
    error.info().hint = fmt::format(
        "There is a column named \"{}\" in table \"{}\", but it cannot be referenced from this "
        "part of the query.",
        column, hidden_in);
  } else if (!best.second.empty()) {
    error.info().hint = fmt::format(
        "Perhaps you meant to reference the column {} or the column {}.", best.first, best.second);
  } else if (!best.first.empty()) {
    error.info().hint = fmt::format("Perhaps you meant to reference the column {}.", best.first);
  }
  return std::move(error).At(location);
}

Status QueryBinder::MissingRelation(const std::string& schema, const std::string& name,
                                    int32_t location, Level& level) {
  for (Level* at = &level; at; at = at->parent) {
    for (const auto& entry : at->entries) {
      const bool by_table = entry->table && entry->table->name == name;
      if (entry->name != name && !by_table) continue;
      Status error = Error(ErrorCode::kUndefinedTable,
                           "invalid reference to FROM-clause entry for table \"{}\"", name);
      if (entry->name != name) {
        error.info().hint =
            fmt::format("Perhaps you meant to reference the table alias \"{}\".", entry->name);
      } else {
        error.info().hint = fmt::format(
            "There is an entry for table \"{}\", but it cannot be referenced from this part of the "
            "query.",
            name);
      }
      return std::move(error).At(location);
    }
  }
  return Error(ErrorCode::kUndefinedTable, "missing FROM-clause entry for table \"{}\"",
               schema.empty() ? name : schema + "." + name)
      .At(location);
}

Status QueryBinder::SystemColumn(const std::string& name, int32_t location) {
  for (const char* system : {"ctid", "xmin", "xmax", "cmin", "cmax"}) {
    if (name == system) {
      return Error(ErrorCode::kFeatureNotSupported, "system column \"{}\" is not supported", name)
          .At(location);
    }
  }
  return {};
}

}  // namespace oxibase::bind
