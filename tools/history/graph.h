#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace oxibase::history {

/// Arrows between transactions, and the circles in them.
class Graph {
 public:
  enum class Kind : uint8_t { kWriteWrite = 1, kWriteRead = 2, kReadWrite = 4 };
  struct Edge {
    uint32_t to;
    Kind kind;
    bool of_scan;     // kReadWrite: from a read by a condition
    std::string why;  // "x: 1 then 2"
  };
  struct Arrow {
    uint32_t from;
    Edge edge;
  };
  using Circle = std::vector<Arrow>;

  explicit Graph(size_t nodes) : edges_(nodes) {}
  void Add(uint32_t from, Edge edge);
  size_t edge_count() const { return count_; }

  /// A shortest circle of edges whose kinds are among `kinds`, through one of kind `with`; with
  /// `once` that is the only one of its kind in it. Empty: there is none. At most `most` circles,
  /// each through another edge.
  std::vector<Circle> Find(uint8_t kinds, Kind with, bool once, size_t most) const;

 private:
  std::vector<uint32_t> Components(uint8_t kinds) const;
  Circle PathBack(uint32_t from, uint32_t to, uint8_t kinds, const std::vector<uint32_t>& component,
                  const Arrow& first) const;

  std::vector<std::vector<Edge>> edges_;
  size_t count_ = 0;
};

}  // namespace oxibase::history
