// What is known of entries that nobody needs to look at (ordered_index.h).

#include <algorithm>

#include "common/status.h"
#include "storage/index/ordered_index.h"
#include "storage/index/ordered_index_node.h"

namespace oxibase {

static_assert(OrderedIndex::kNodeEntries == 64, "a leaf's entries are bits of a word");

// From child `idx` on the first that has to be looked at; the last one if there is none.
uint32_t OrderedIndex::PassChildren(const Inner& inner, uint32_t count, uint32_t idx, bool backward,
                                    const Passing& passing) {
  if (passing.read_ts == 0 || !inner.has_hints.load(std::memory_order_acquire)) return idx;
  const uint32_t last = backward ? 0 : count;
  for (; idx != last && inner.MayBePassed(idx, passing); backward ? --idx : ++idx) {
    if (passing.keep == nullptr) continue;
    const Place bound = At(inner, backward ? idx - 1 : idx);
    const int order = Place::Compare(*passing.keep, bound);
    if (backward ? order >= 0 : order < 0) break;
  }
  return idx;
}

uint32_t OrderedIndex::CopyLiving(const Node& node, uint32_t first, uint32_t last, uint64_t dead,
                                  bool backward, size_t max, Place* out, bool* cut) {
  *cut = false;
  uint32_t copied = 0;
  for (uint32_t n = 0; n < last - first; ++n) {
    const uint32_t i = backward ? last - 1 - n : first + n;
    if ((dead >> i & 1) != 0) continue;
    if (copied == max) {
      *cut = true;
      break;
    }
    out[copied++] = At(node, i);
  }
  return copied;
}

// Takes back what is known of a child, if nothing changed; the caller starts again.
void OrderedIndex::Forget(Inner* inner, uint64_t version, uint32_t child) {
  if (!inner->Upgrade(version)) return;
  inner->SetHint(child, 0, 0);
  inner->Unlock();
}

void OrderedIndex::ReadLeaf(const Place& place, Leaf* leaf) const {
  while (!TryReadLeaf(place, leaf)) {
  }
}

bool OrderedIndex::TryReadLeaf(const Place& place, Leaf* leaf) const {
  const Node* node = root_.load(std::memory_order_acquire);
  uint64_t version;
  if (!node->ReadLock(&version) || node != root_.load(std::memory_order_acquire)) return false;
  while (node->level > 0) {
    const auto* inner = static_cast<const Inner*>(node);
    const Node* child = inner->Child(ChildFor(*inner, inner->Count(), place));
    if (!inner->Unchanged(version)) return false;
    uint64_t child_version;
    if (!child->ReadLock(&child_version) || !inner->Unchanged(version)) return false;
    node = child;
    version = child_version;
  }
  leaf->node = node;
  leaf->version = version;
  leaf->count = node->Count();
  leaf->dead = node->Dead();
  leaf->dead_from = node->DeadFrom();
  Copy(*node, 0, leaf->count, false, leaf->entries);
  return node->Unchanged(version);
}

void OrderedIndex::NoteLeaf(const Place& place, const Leaf& leaf, uint64_t dead, uint64_t dead_from,
                            uint64_t idle_from) {
  struct Step {
    Inner* inner;
    uint64_t version;
    uint32_t child;
  };
  constexpr size_t kHeightMax = 16;  // 64 entries a node, at least a quarter full
  Step path[kHeightMax];
  size_t height = 0;
  Node* node = root_.load(std::memory_order_acquire);
  uint64_t version;
  if (!node->ReadLock(&version) || node != root_.load(std::memory_order_acquire)) return;
  while (node->level > 0) {
    auto* inner = static_cast<Inner*>(node);
    const uint32_t idx = ChildFor(*inner, inner->Count(), place);
    Node* child = inner->Child(idx);
    if (!inner->Unchanged(version) || height == kHeightMax) return;
    path[height++] = {inner, version, idx};
    uint64_t child_version;
    if (!child->ReadLock(&child_version) || !inner->Unchanged(version)) return;
    node = child;
    version = child_version;
  }
  if (node != leaf.node || version != leaf.version) return;
  constexpr uint64_t kStep = 2 * Node::kLocked;  // what locking and unlocking adds to a version
  if (dead != leaf.dead || dead_from != leaf.dead_from) {
    if (!node->Upgrade(version)) return;
    node->SetDead(dead);
    node->dead_from.store(dead_from, std::memory_order_release);
    node->Unlock();
    version += kStep;
  }
  const bool all_dead = (~dead & Node::Below(leaf.count)) == 0;
  uint64_t dead_since = all_dead ? std::max<uint64_t>(dead_from, 1) : 0;
  uint64_t idle_since = all_dead ? dead_since : idle_from;
  while (height > 0 && idle_since != 0) {
    const Step& step = path[--height];
    Inner& parent = *step.inner;
    if (parent.ChildDead(step.child) == dead_since && parent.ChildIdle(step.child) == idle_since) {
      return;
    }
    if (!parent.Upgrade(step.version)) return;
    if (!node->Unchanged(version)) {
      parent.Unlock();
      return;
    }
    parent.SetHint(step.child, dead_since, idle_since);
    for (uint32_t i = 0; i <= parent.Count(); ++i) {
      const uint64_t child_dead = parent.ChildDead(i), child_idle = parent.ChildIdle(i);
      dead_since = child_dead == 0 || dead_since == 0 ? 0 : std::max(dead_since, child_dead);
      idle_since = child_idle == 0 || idle_since == 0 ? 0 : std::max(idle_since, child_idle);
    }
    parent.Unlock();
    node = &parent;
    version = step.version + kStep;
  }
}

void OrderedIndex::Refresh(std::string_view key, RowId row) {
  const Place place(key, row);
  while (!TryRefresh(place)) {
  }
}

// One way down as TryInsert's; an entry that is dead stays so.
bool OrderedIndex::TryRefresh(const Place& place) {
  Node* node = root_.load(std::memory_order_acquire);
  uint64_t version;
  if (!node->ReadLock(&version) || node != root_.load(std::memory_order_acquire)) return false;
  Inner* parent = nullptr;
  uint64_t parent_version = 0;
  while (node->level > 0) {
    auto* inner = static_cast<Inner*>(node);
    const uint32_t idx = ChildFor(*inner, inner->Count(), place);
    if (inner->has_hints.load(std::memory_order_acquire) && inner->ChildIdle(idx) != 0 &&
        inner->ChildDead(idx) == 0) {
      Forget(inner, version, idx);
      return false;
    }
    Node* child = inner->Child(idx);
    if (!inner->Unchanged(version)) return false;
    uint64_t child_version;
    if (!child->ReadLock(&child_version) || !inner->Unchanged(version)) return false;
    parent = inner;
    parent_version = version;
    node = child;
    version = child_version;
  }
  if (!node->Upgrade(version)) return false;
  const bool same = parent == nullptr || parent->Unchanged(parent_version);
  node->Unlock();
  return same;
}

void OrderedIndex::RefreshAll() { RefreshBelow(root_.load(std::memory_order_acquire)); }

void OrderedIndex::RefreshBelow(Node* node) {
  OXI_CHECK(node->Lock());
  if (node->level > 0) {
    auto* inner = static_cast<Inner*>(node);
    for (uint32_t i = 0; i <= inner->Count(); ++i) {
      inner->SetHint(i, inner->ChildDead(i), inner->ChildDead(i));
      RefreshBelow(inner->Child(i));
    }
  }
  node->Unlock();
}

}  // namespace oxibase
