#pragma once
// The nodes of OrderedIndex. Private to its .cc.

#include <algorithm>

#include "storage/index/ordered_index.h"
#include "storage/spin_wait.h"

namespace oxibase {

/// A leaf, and the part that inner nodes share. Fields are atomics because optimistic readers may
/// look while a writer writes: stores release and loads acquire, which costs nothing on x86 and
/// orders them with the version word.
struct OrderedIndex::Node {
  static constexpr uint64_t kObsolete = 1;
  static constexpr uint64_t kLocked = 2;

  explicit Node(uint16_t node_level) : level(node_level) {}

  mutable std::atomic<uint64_t> word{4};
  const uint16_t level;  // 0: leaf
  std::atomic<uint32_t> count{0};
  /// Whether any entry has, or had, a long key: else `rest` need not be looked at.
  std::atomic<bool> has_rest{false};
  /// An inner node: whether any of its children has, or had, a hint.
  std::atomic<bool> has_hints{false};
  /// A leaf: a bit for each entry that no snapshot at or after `dead_from` needs.
  std::atomic<uint64_t> dead{0};
  std::atomic<uint64_t> dead_from{0};
  /// hi and lo of each entry side by side: a search touches one cache line a step.
  alignas(64) std::atomic<uint64_t> key[2 * kNodeEntries] = {};
  std::atomic<uint64_t> row[kNodeEntries] = {};
  std::atomic<KeyRest*> rest[kNodeEntries] = {};

  uint32_t Count() const {
    const uint32_t n = count.load(std::memory_order_acquire);
    return n <= kNodeEntries ? n : kNodeEntries;
  }

  /// Waits out a writer. False if the node is obsolete.
  bool ReadLock(uint64_t* version) const {
    SpinWait spin;
    uint64_t now = word.load(std::memory_order_acquire);
    while ((now & kLocked) != 0) {
      spin.Pause();
      now = word.load(std::memory_order_acquire);
    }
    *version = now;
    return (now & kObsolete) == 0;
  }
  bool Unchanged(uint64_t version) const { return word.load(std::memory_order_acquire) == version; }
  /// From having read at `version` to holding the lock.
  bool Upgrade(uint64_t version) {
    return word.compare_exchange_strong(version, version | kLocked, std::memory_order_acq_rel);
  }
  /// False if the node is obsolete.
  bool Lock() {
    for (;;) {
      uint64_t version;
      if (!ReadLock(&version)) return false;
      if (Upgrade(version)) return true;
    }
  }
  void Unlock() {  // clears the lock and raises the version
    word.fetch_add(kLocked, std::memory_order_acq_rel);
  }
  void UnlockObsolete() { word.fetch_add(kLocked | kObsolete, std::memory_order_acq_rel); }

  /// Has the lines that a search may touch fetched side by side: else each step of it waits.
  void Prefetch() const {
    __builtin_prefetch(this);
    for (uint32_t i = 0; i < 2 * kNodeEntries; i += 8) __builtin_prefetch(&key[i]);
  }

  uint64_t Hi(uint32_t i) const { return key[2 * i].load(std::memory_order_acquire); }
  uint64_t Lo(uint32_t i) const { return key[2 * i + 1].load(std::memory_order_acquire); }
  KeyRest* Rest(uint32_t i) const {
    if (!has_rest.load(std::memory_order_acquire)) return nullptr;
    return rest[i].load(std::memory_order_acquire);
  }

  uint64_t Dead() const { return dead.load(std::memory_order_acquire); }
  uint64_t DeadFrom() const { return dead_from.load(std::memory_order_acquire); }
  /// The bits of the entries before `i`.
  static uint64_t Below(uint32_t i) {
    return i < kNodeEntries ? (uint64_t{1} << i) - 1 : ~uint64_t{0};
  }

  // All below: the caller holds the lock, or has the node alone.

  void SetDead(uint64_t bits) { dead.store(bits, std::memory_order_release); }

  void Set(uint32_t i, const Place& place, KeyRest* key_rest) {
    key[2 * i].store(place.hi, std::memory_order_release);
    key[2 * i + 1].store(place.lo, std::memory_order_release);
    row[i].store(place.row, std::memory_order_release);
    rest[i].store(key_rest, std::memory_order_release);
    if (key_rest != nullptr) has_rest.store(true, std::memory_order_release);
  }
  void Copy(uint32_t to, const Node& from, uint32_t i) {
    key[2 * to].store(from.key[2 * i].load(std::memory_order_relaxed), std::memory_order_release);
    key[2 * to + 1].store(from.key[2 * i + 1].load(std::memory_order_relaxed),
                          std::memory_order_release);
    row[to].store(from.row[i].load(std::memory_order_relaxed), std::memory_order_release);
    KeyRest* const key_rest = from.rest[i].load(std::memory_order_relaxed);
    rest[to].store(key_rest, std::memory_order_release);
    if (key_rest != nullptr) has_rest.store(true, std::memory_order_release);
  }
  void ShiftRight(uint32_t at, uint32_t n) {
    for (uint32_t i = n; i > at; --i) Copy(i, *this, i - 1);
    const uint64_t bits = Dead();
    if (bits != 0) SetDead((bits & Below(at)) | (bits & ~Below(at)) << 1);
  }
  /// Leaves out entry `at`.
  void ShiftLeft(uint32_t at, uint32_t n) {
    for (uint32_t i = at; i + 1 < n; ++i) Copy(i, *this, i + 1);
    const uint64_t bits = Dead();
    if (bits != 0) SetDead((bits & Below(at)) | (bits >> 1 & ~Below(at)));
  }
  void Append(uint32_t at, const Node& from, uint32_t n) {
    for (uint32_t i = 0; i < n; ++i) Copy(at + i, from, i);
    if (n == 0 || from.Dead() == 0) return;
    SetDead((Dead() & Below(at)) | from.Dead() << at);
    dead_from.store(std::max(DeadFrom(), from.DeadFrom()), std::memory_order_release);
  }
  /// Moves from's entries [first, n) here; from keeps those before.
  void TakeTail(Node& from, uint32_t first, uint32_t n) {
    for (uint32_t i = first; i < n; ++i) Copy(i - first, from, i);
    count.store(n - first, std::memory_order_release);
    from.count.store(first, std::memory_order_release);
    if (from.Dead() == 0) return;
    SetDead(first < kNodeEntries ? from.Dead() >> first : 0);
    dead_from.store(from.DeadFrom(), std::memory_order_release);
    from.SetDead(from.Dead() & Below(first));
  }
};

/// `count` separators and count + 1 children: child i has the entries at or after separator i - 1
/// and before separator i.
struct OrderedIndex::Inner : OrderedIndex::Node {
  explicit Inner(uint16_t node_level) : Node(node_level) {}

  std::atomic<Node*> children[kNodeEntries + 1] = {};

  Node* Child(uint32_t i) const { return children[i].load(std::memory_order_acquire); }
  void SetChild(uint32_t i, Node* child) { children[i].store(child, std::memory_order_release); }

  /// From which snapshot on all entries below a child count for nobody (`dead`), or for nobody who
  /// passes over locked rows (`idle`); 0: that is not known. Side by side for each child.
  std::atomic<uint64_t> hints[2 * (kNodeEntries + 1)] = {};

  uint64_t ChildDead(uint32_t i) const { return hints[2 * i].load(std::memory_order_acquire); }
  uint64_t ChildIdle(uint32_t i) const { return hints[2 * i + 1].load(std::memory_order_acquire); }
  bool MayBePassed(uint32_t i, const Passing& passing) const {
    const uint64_t from = passing.locked ? ChildIdle(i) : ChildDead(i);
    return from != 0 && from <= passing.read_ts;
  }

  // As above: under the lock.

  void SetHint(uint32_t i, uint64_t dead_since, uint64_t idle_since) {
    hints[2 * i].store(dead_since, std::memory_order_release);
    hints[2 * i + 1].store(idle_since, std::memory_order_release);
    if (idle_since != 0) has_hints.store(true, std::memory_order_release);
  }
  /// Moves a child with what is known of it.
  void CopyChild(uint32_t to, const Inner& from, uint32_t i) {
    SetChild(to, from.Child(i));
    SetHint(to, from.ChildDead(i), from.ChildIdle(i));
  }
};

}  // namespace oxibase
