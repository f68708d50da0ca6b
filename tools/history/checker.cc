#include "checker.h"

#include <algorithm>
#include <map>
#include <set>

#include "graph.h"

namespace oxibase::history {
namespace {

constexpr const char* kNames[] = {"internal",      "incompatible", "duplicate", "lost",
                                  "phantom value", "G1a",          "G1b",       "G0",
                                  "G1c",           "G-single",     "G2-item",   "G2"};
/// As many of each name are told.
constexpr size_t kToldMax = 3;
/// Circles looked at in search of the shortest.
constexpr size_t kCirclesMax = 200;

std::string Show(const std::vector<int64_t>& list) {
  std::string text = "[";
  for (size_t i = 0; i < list.size(); ++i) text += (i > 0 ? " " : "") + std::to_string(list[i]);
  return text + "]";
}

bool IsPrefix(const std::vector<int64_t>& shorter, const std::vector<int64_t>& longer) {
  return shorter.size() <= longer.size() &&
         std::equal(shorter.begin(), shorter.end(), longer.begin());
}

class HistoryCheck {
 public:
  HistoryCheck(const History& history, bool last_reads_all)
      : history_(history), last_reads_all_(last_reads_all) {}

  Verdict Run() {
    for (uint32_t t = 0; t < history_.size(); ++t) NoteAppends(t);
    for (uint32_t t = 0; t < history_.size(); ++t) {
      if (history_[t].outcome == Txn::Outcome::kOk) NoteReads(t);
    }
    counted_.resize(history_.size());
    for (uint32_t t = 0; t < history_.size(); ++t) counted_[t] = Counts(t);
    Count();
    for (const auto& [key, order] : orders_) CheckOrder(key, order);
    if (last_reads_all_) CheckLost();
    for (uint32_t t = 0; t < history_.size(); ++t) {
      if (!counted_[t]) continue;
      CheckInternal(t);
      CheckReads(t);
    }
    FindCircles();
    return std::move(verdict_);
  }

 private:
  struct Append {
    uint32_t txn;
    bool is_last;  // of its transaction's to that key
  };

  void Tell(const std::string& name, std::string text) {
    const auto same = [&](const Anomaly& anomaly) { return anomaly.name == name; };
    const auto told = std::count_if(verdict_.anomalies.begin(), verdict_.anomalies.end(), same);
    if (static_cast<size_t>(told) < kToldMax) verdict_.anomalies.push_back({name, std::move(text)});
  }

  void NoteAppends(uint32_t t) {
    std::map<std::string, Append*> last;
    for (const Operation& operation : history_[t].operations) {
      if (operation.kind != Operation::Kind::kAppend) continue;
      auto [entry, fresh] = appends_[operation.key].try_emplace(operation.value, Append{t, true});
      if (!fresh) {
        Tell("duplicate", operation.key + ": " + std::to_string(operation.value) + " by " +
                              history_[entry->second.txn].name + " and " + history_[t].name);
      }
      Append*& before = last[operation.key];
      if (before != nullptr) before->is_last = false;
      before = &entry->second;
    }
  }

  // The longest list of a key tells the order of the appends to it.
  void NoteReads(uint32_t t) {
    std::set<std::string> own;
    for (const Operation& operation : history_[t].operations) {
      if (operation.kind == Operation::Kind::kAppend) {
        own.insert(operation.key);
        continue;
      }
      std::vector<int64_t>& order = orders_[operation.key];
      const std::vector<int64_t>& list = operation.list;
      const bool longer = list.size() > order.size();
      if (!IsPrefix(longer ? order : list, longer ? list : order)) {
        Tell("incompatible", history_[t].name + " read " + operation.key + " " + Show(list) +
                                 ", another " + Show(order));
      } else if (longer) {
        order = list;
      }
    }
  }

  // A transaction whose COMMIT was not answered counts if what it appended was seen.
  bool Counts(uint32_t t) {
    const Txn& txn = history_[t];
    if (txn.outcome != Txn::Outcome::kUnknown) return txn.outcome == Txn::Outcome::kOk;
    return std::any_of(
        txn.operations.begin(), txn.operations.end(), [&](const Operation& operation) {
          if (operation.kind != Operation::Kind::kAppend) return false;
          const std::vector<int64_t>& order = orders_[operation.key];
          return std::find(order.begin(), order.end(), operation.value) != order.end();
        });
  }

  void Count() {
    for (uint32_t t = 0; t < history_.size(); ++t) {
      const Txn& txn = history_[t];
      verdict_.operations += txn.operations.size();
      if (txn.outcome == Txn::Outcome::kOk) ++verdict_.committed;
      if (txn.outcome == Txn::Outcome::kAborted) ++verdict_.aborted;
      if (txn.outcome != Txn::Outcome::kUnknown) continue;
      ++verdict_.unknown;
      if (counted_[t]) ++verdict_.recovered;
    }
  }

  void CheckOrder(const std::string& key, const std::vector<int64_t>& order) {
    std::set<int64_t> seen;
    for (const int64_t value : order) {
      if (!seen.insert(value).second) {
        Tell("duplicate", key + " " + Show(order));
        return;
      }
    }
  }

  void CheckLost() {
    for (uint32_t t = 0; t < history_.size(); ++t) {
      if (!counted_[t]) continue;
      for (const Operation& operation : history_[t].operations) {
        if (operation.kind != Operation::Kind::kAppend) continue;
        const std::vector<int64_t>& order = orders_[operation.key];
        if (std::find(order.begin(), order.end(), operation.value) == order.end()) {
          Tell("lost", history_[t].name + " appended " + operation.key + " " +
                           std::to_string(operation.value) + ", which is not there");
        }
      }
    }
  }

  // What a transaction reads ends with what it appended before; what it read before is a beginning
  // of that only if nobody came between, which is for the circles to say.
  void CheckInternal(uint32_t t) {
    std::map<std::string, std::vector<int64_t>> own;
    for (const Operation& operation : history_[t].operations) {
      std::vector<int64_t>& mine = own[operation.key];
      if (operation.kind == Operation::Kind::kAppend) {
        mine.push_back(operation.value);
        continue;
      }
      const std::vector<int64_t>& list = operation.list;
      if (mine.size() > list.size() || !std::equal(mine.rbegin(), mine.rend(), list.rbegin())) {
        Tell("internal", history_[t].name + " appended " + operation.key + " " + Show(mine) +
                             " and read " + Show(list));
      }
    }
  }

  void CheckReads(uint32_t t) {
    for (const Operation& operation : history_[t].operations) {
      if (operation.kind == Operation::Kind::kAppend) continue;
      const auto& appends = appends_[operation.key];
      const auto tell = [&](const char* name, int64_t value, const std::string& by) {
        Tell(name, history_[t].name + " read " + operation.key + " " + Show(operation.list) +
                       ", where " + std::to_string(value) + by);
      };
      for (const int64_t value : operation.list) {
        const auto append = appends.find(value);
        if (append == appends.end()) {
          tell("phantom value", value, " was appended by nobody");
        } else if (history_[append->second.txn].outcome == Txn::Outcome::kAborted) {
          tell("G1a", value, " is of " + history_[append->second.txn].name + ", which aborted");
        }
      }
      if (operation.list.empty()) continue;
      const auto last = appends.find(operation.list.back());
      if (last != appends.end() && last->second.txn != t && !last->second.is_last) {
        tell("G1b", last->first,
             " is not the last that " + history_[last->second.txn].name + " appended");
      }
    }
  }

  /// Who appended what stands at this place of the key's order; none: nobody whose fate is known.
  int64_t WriterAt(const std::string& key, size_t place) {
    const std::vector<int64_t>& order = orders_[key];
    if (place >= order.size()) return -1;
    const auto append = appends_[key].find(order[place]);
    if (append == appends_[key].end() || !counted_[append->second.txn]) return -1;
    return append->second.txn;
  }

  void AddEdges(Graph& graph) {
    for (const auto& [key, order] : orders_) {
      for (size_t i = 1; i < order.size(); ++i) {
        const int64_t from = WriterAt(key, i - 1);
        const int64_t to = WriterAt(key, i);
        if (from < 0 || to < 0) continue;
        graph.Add(
            static_cast<uint32_t>(from),
            {static_cast<uint32_t>(to), Graph::Kind::kWriteWrite, false,
             key + ": " + std::to_string(order[i - 1]) + ", then " + std::to_string(order[i])});
      }
    }
    for (uint32_t t = 0; t < history_.size(); ++t) {
      if (!counted_[t]) continue;
      std::set<std::string> own;
      for (const Operation& operation : history_[t].operations) {
        if (operation.kind == Operation::Kind::kAppend) {
          own.insert(operation.key);
          continue;
        }
        // Behind its own append a read says nothing that the list's order does not say.
        if (own.contains(operation.key)) continue;
        const std::string what = operation.key + " " + Show(operation.list);
        if (!operation.list.empty()) {
          if (const int64_t by = WriterAt(operation.key, operation.list.size() - 1); by >= 0) {
            graph.Add(static_cast<uint32_t>(by),
                      {t, Graph::Kind::kWriteRead, false, "read " + what});
          }
        }
        if (const int64_t next = WriterAt(operation.key, operation.list.size()); next >= 0) {
          graph.Add(t, {static_cast<uint32_t>(next), Graph::Kind::kReadWrite,
                        operation.kind == Operation::Kind::kScan,
                        "read " + what + ", not yet " +
                            std::to_string(orders_[operation.key][operation.list.size()])});
        }
      }
    }
    verdict_.edges = graph.edge_count();
  }

  void FindCircles() {
    Graph graph(history_.size());
    AddEdges(graph);
    constexpr uint8_t kWw = 1, kWr = 2, kRw = 4;
    using Kind = Graph::Kind;
    TellCircles(graph.Find(kWw, Kind::kWriteWrite, false, kCirclesMax), "G0");
    TellCircles(graph.Find(kWw | kWr, Kind::kWriteRead, false, kCirclesMax), "G1c");
    TellCircles(graph.Find(kWw | kWr | kRw, Kind::kReadWrite, true, kCirclesMax), "G-single");
    std::vector<Graph::Circle> item, scan;
    for (Graph::Circle& circle :
         graph.Find(kWw | kWr | kRw, Kind::kReadWrite, false, kCirclesMax)) {
      size_t anti = 0;
      bool of_scan = false;
      for (const Graph::Arrow& arrow : circle) {
        if (arrow.edge.kind != Kind::kReadWrite) continue;
        ++anti;
        of_scan |= arrow.edge.of_scan;
      }
      if (anti > 1) (of_scan ? scan : item).push_back(std::move(circle));
    }
    TellCircles(std::move(item), "G2-item");
    TellCircles(std::move(scan), "G2");
  }

  void TellCircles(std::vector<Graph::Circle> circles, const char* name) {
    std::stable_sort(circles.begin(), circles.end(),
                     [](const auto& a, const auto& b) { return a.size() < b.size(); });
    if (circles.size() > kToldMax) circles.resize(kToldMax);
    for (const Graph::Circle& circle : circles) {
      std::string text;
      for (const Graph::Arrow& arrow : circle) {
        const char* kind = arrow.edge.kind == Graph::Kind::kWriteWrite  ? "ww"
                           : arrow.edge.kind == Graph::Kind::kWriteRead ? "wr"
                                                                        : "rw";
        text += history_[arrow.from].name + " -" + kind + "-> " + history_[arrow.edge.to].name +
                "  (" + arrow.edge.why + ")\n    ";
      }
      for (const Graph::Arrow& arrow : circle) text += Format(history_[arrow.from]) + "\n    ";
      text.resize(text.size() - 5);
      Tell(name, std::move(text));
    }
  }

  const History& history_;
  const bool last_reads_all_;
  std::map<std::string, std::map<int64_t, Append>> appends_;
  std::map<std::string, std::vector<int64_t>> orders_;
  std::vector<bool> counted_;
  Verdict verdict_;
};

}  // namespace

bool Verdict::Has(const std::string& name) const {
  return std::any_of(anomalies.begin(), anomalies.end(),
                     [&](const Anomaly& anomaly) { return anomaly.name == name; });
}

std::vector<std::string> Verdict::Names() const {
  std::vector<std::string> names;
  for (const char* name : kNames) {
    if (Has(name)) names.emplace_back(name);
  }
  return names;
}

Verdict Check(const History& history, bool last_reads_all) {
  return HistoryCheck(history, last_reads_all).Run();
}

}  // namespace oxibase::history
