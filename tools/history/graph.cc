#include "graph.h"

#include <algorithm>
#include <deque>
#include <utility>

namespace oxibase::history {
namespace {

/// How many edges a search begins from: a history full of circles need not be searched to its end.
constexpr size_t kStartsMax = 2000;

bool Among(Graph::Kind kind, uint8_t kinds) { return (static_cast<uint8_t>(kind) & kinds) != 0; }

}  // namespace

void Graph::Add(uint32_t from, Edge edge) {
  if (edge.to == from) return;
  for (const Edge& other : edges_[from]) {
    if (other.to == edge.to && other.kind == edge.kind && other.of_scan == edge.of_scan) return;
  }
  edges_[from].push_back(std::move(edge));
  ++count_;
}

// Tarjan's, without recursion: nodes of one circle have the same number.
std::vector<uint32_t> Graph::Components(uint8_t kinds) const {
  constexpr uint32_t kNone = UINT32_MAX;
  const size_t n = edges_.size();
  std::vector<uint32_t> component(n, kNone), index(n, kNone), low(n, 0), stack;
  uint32_t next = 0, components = 0;
  struct Frame {
    uint32_t node;
    size_t edge;
  };
  std::vector<Frame> frames;
  for (uint32_t root = 0; root < n; ++root) {
    if (index[root] != kNone) continue;
    frames.push_back({root, 0});
    while (!frames.empty()) {
      const uint32_t node = frames.back().node;
      if (frames.back().edge == 0 && index[node] == kNone) {
        index[node] = low[node] = next++;
        stack.push_back(node);
      }
      bool descended = false;
      for (size_t& at = frames.back().edge; at < edges_[node].size();) {
        const Edge& edge = edges_[node][at++];
        if (!Among(edge.kind, kinds)) continue;
        if (index[edge.to] == kNone) {
          frames.push_back({edge.to, 0});
          descended = true;
          break;
        }
        if (component[edge.to] == kNone) low[node] = std::min(low[node], index[edge.to]);
      }
      if (descended) continue;
      if (low[node] == index[node]) {
        for (uint32_t member = kNone; member != node;) {
          member = stack.back();
          stack.pop_back();
          component[member] = components;
        }
        ++components;
      }
      frames.pop_back();
      if (!frames.empty()) {
        low[frames.back().node] = std::min(low[frames.back().node], low[node]);
      }
    }
  }
  return component;
}

Graph::Circle Graph::PathBack(uint32_t from, uint32_t to, uint8_t kinds,
                              const std::vector<uint32_t>& component, const Arrow& first) const {
  std::vector<std::pair<uint32_t, const Edge*>> came(edges_.size(), {0, nullptr});
  std::deque<uint32_t> queue{from};
  std::vector<bool> seen(edges_.size(), false);
  seen[from] = true;
  while (!queue.empty() && !seen[to]) {
    const uint32_t node = queue.front();
    queue.pop_front();
    for (const Edge& edge : edges_[node]) {
      if (!Among(edge.kind, kinds) || component[edge.to] != component[to] || seen[edge.to])
        continue;
      seen[edge.to] = true;
      came[edge.to] = {node, &edge};
      queue.push_back(edge.to);
    }
  }
  if (!seen[to]) return {};
  Circle circle;
  for (uint32_t node = to; node != from; node = came[node].first) {
    circle.push_back({came[node].first, *came[node].second});
  }
  circle.push_back(first);
  std::reverse(circle.begin(), circle.end());
  return circle;
}

std::vector<Graph::Circle> Graph::Find(uint8_t kinds, Kind with, bool once, size_t most) const {
  std::vector<Circle> found;
  const std::vector<uint32_t> component = Components(kinds);
  const uint8_t back = once ? kinds & ~static_cast<uint8_t>(with) : kinds;
  size_t starts = 0;
  for (uint32_t from = 0; from < edges_.size(); ++from) {
    for (const Edge& edge : edges_[from]) {
      if (edge.kind != with || component[from] != component[edge.to]) continue;
      if (found.size() == most || ++starts > kStartsMax) return found;
      Circle circle = PathBack(edge.to, from, back, component, {from, edge});
      if (!circle.empty()) found.push_back(std::move(circle));
    }
  }
  return found;
}

}  // namespace oxibase::history
