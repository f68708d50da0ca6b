#pragma once
// A B+-tree of (key bytes, row id) in memory, changed and read by many threads at once.
//
// Latching is optimistic lock coupling (Leis, Haubenschild, Neumann, Data Eng. Bull. 2019): each
// node has a version word that writers lock and raise; readers take no lock, they read the word
// before and after and start again when it changed. So a node's fields are atomics that readers may
// see half changed, and what they saw counts only after the check.
//
// An entry is four words: the first 16 bytes of its key as two big-endian numbers, padded with
// zeros, the row id, and a pointer to the rest of a longer key. Keys are memcomparable and no key
// is a proper prefix of another, so padding does not mix them up; most comparisons end in the first
// two words. The rest of a key is an immutable block, freed by epoch.
//
// Nodes are split on the way down, before they are full, and merged by a second pass that locks its
// way down when an erase leaves few entries. There are no links between leaves: a scan copies what
// it wants of a leaf and comes down again from the root for the next, at the separator it saw. So a
// scan holds nothing between two leaves.
//
// Hints let a scan pass over entries that nobody with its snapshot needs, and one that skips locked
// rows over these too: in a leaf a bit for each entry, in an inner node two timestamps for each
// child. Whoever found out (NoteLeaf) writes them if the leaf did not change since it was read; an
// insert, even of an entry that is there, and Refresh change the leaf and take the hints above it
// away, and see to it that none was written between: they check the leaf's parent again while they
// hold the leaf. (A hint of a node further up is only written while all below it are there.)

#include <atomic>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "common/ids.h"

namespace oxibase {

class EpochManager;

/// Thread-safe. Every call needs a ReadGuard (an epoch) around it, as long as what it returned is
/// used.
class OrderedIndex {
 public:
  struct KeyRest {
    uint32_t size;
    char* bytes() { return reinterpret_cast<char*>(this + 1); }
    std::string_view view() const { return {reinterpret_cast<const char*>(this + 1), size}; }
  };

  /// A place in the order of entries: an entry's own, or a bound's. Borrows `rest`.
  struct Place {
    uint64_t hi = 0, lo = 0;
    uint64_t row = 0;
    std::string_view rest;
    bool has_rest = false;

    Place() = default;
    Place(std::string_view key, RowId row_id);
    bool SameKey(const Place& other) const {
      return hi == other.hi && lo == other.lo && has_rest == other.has_rest &&
             (!has_rest || rest == other.rest);
    }
    /// By key and row id.
    static int Compare(const Place& a, const Place& b);
  };

  /// What a scan may pass over unseen, and what it learnt on its way.
  struct Passing {
    uint64_t read_ts = 0;         // what no snapshot from here on needs; 0: nothing
    bool locked = false;          // locked rows too
    const Place* keep = nullptr;  // but nothing with this place in it: the next one it may not miss
    // Set by a read:
    Place leaf;          // lies in the leaf that was read
    bool whole = false;  // all of the leaf's entries were read or passed over
  };

  /// A leaf's entries as they were at one time.
  struct Leaf {
    const void* node;
    uint64_t version;
    uint32_t count;
    uint64_t dead;  // a bit for each entry that is known to be so, `dead_from` on
    uint64_t dead_from;
    Place entries[64];
  };

  explicit OrderedIndex(EpochManager& epochs);
  ~OrderedIndex();
  OrderedIndex(const OrderedIndex&) = delete;
  OrderedIndex& operator=(const OrderedIndex&) = delete;

  /// False if it was there.
  bool Insert(std::string_view key, RowId row);
  /// False if it was not there.
  bool Erase(std::string_view key, RowId row);

  /// Up to `max` entries at or after `from` and before `end` (null: all) that lie in one leaf,
  /// ascending. Then `*from` is where to go on, unless false was returned: there are no more. May
  /// find none and return true.
  bool ReadForward(Place* from, Place* out, size_t max, size_t* found, const Place* end = nullptr,
                   Passing* passing = nullptr) const;
  /// The same backwards: entries before `from` (all if `from_end`, which is cleared) and not before
  /// `begin`, descending.
  bool ReadBackward(Place* from, bool* from_end, Place* out, size_t max, size_t* found,
                    const Place* begin = nullptr, Passing* passing = nullptr) const;

  /// The leaf that has `place`.
  void ReadLeaf(const Place& place, Leaf* leaf) const;
  /// What was found out about a leaf after it was read: the entries in `dead` count for no snapshot
  /// from `dead_from` on. `idle_from`: all others are of locked rows, so that no snapshot from here
  /// on counts anything when it skips locked rows (0: they are not; else at least dead_from). Noted
  /// if nothing was inserted or refreshed since.
  void NoteLeaf(const Place& place, const Leaf& leaf, uint64_t dead, uint64_t dead_from,
                uint64_t idle_from);
  /// The entry's row is locked no more.
  void Refresh(std::string_view key, RowId row);
  /// The same of all. REQUIRES: nobody changes it
  void RefreshAll();

  /// Row ids of entries with exactly this key, the first of them that lie in one leaf, up to `max`;
  /// `*all`: there are no others. For those who expect one; ForEachWithKey finds all.
  size_t FindFirst(std::string_view key, RowId* rows, size_t max, bool* all) const;

  /// Calls `visit(row)` for each entry with exactly this key until it returns false.
  template <typename F>
  void ForEachWithKey(std::string_view key, F&& visit) const {
    const Place wanted(key, RowId(0));
    Place from = wanted;
    Place found[4];
    for (bool more = true; more;) {
      size_t count;
      more = ReadForward(&from, found, 4, &count);
      for (size_t i = 0; i < count; ++i) {
        if (!found[i].SameKey(wanted)) return;
        if (!visit(RowId(found[i].row))) return;
      }
    }
  }

  uint64_t size() const { return size_.load(std::memory_order_relaxed); }
  /// Memory of nodes and long keys.
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  int height() const;
  /// For tests: the order of all entries and separators. REQUIRES: nobody changes it
  bool CheckInvariants() const;

  static constexpr uint32_t kNodeEntries = 64;

 private:
  struct Node;
  struct Inner;

  static int Compare(const Node& node, uint32_t i, const Place& place);
  static uint32_t LowerBound(const Node& node, uint32_t count, const Place& place);
  static uint32_t ChildFor(const Inner& inner, uint32_t count, const Place& place);
  static Place At(const Node& node, uint32_t i);
  static void Copy(const Node& node, uint32_t first, uint32_t count, bool backward, Place* out);
  static uint32_t CopyLiving(const Node& node, uint32_t first, uint32_t last, uint64_t dead,
                             bool backward, size_t max, Place* out, bool* cut);
  static void Forget(Inner* inner, uint64_t version, uint32_t child);

  bool TryFindFirst(const Place& wanted, RowId* rows, size_t max, size_t* found, bool* all) const;
  bool TryInsert(const Place& place, KeyRest* rest, bool* inserted);
  bool TryRefresh(const Place& place);
  bool TryReadLeaf(const Place& place, Leaf* leaf) const;
  void RefreshBelow(Node* node);
  bool TryErase(const Place& place, bool* erased, bool* sparse);
  bool TryRead(const Place& from, bool to_end, bool backward, const Place* until, Place* out,
               size_t max, size_t* found, Place* next, bool* more, Passing* passing) const;
  bool Split(Inner* parent, uint64_t parent_version, Node* node, uint64_t version,
             const Place& place);
  bool TryConsolidate(const Place& place);
  static uint32_t PassChildren(const Inner& inner, uint32_t count, uint32_t idx, bool backward,
                               const Passing& passing);
  void MergeRight(Inner* parent, uint32_t left_idx, Node* left, Node* right);
  KeyRest* NewRest(std::string_view bytes);
  void RetireRest(const KeyRest* rest);
  void RetireNode(Node* node);
  void Destroy(Node* node);
  bool Check(const Node* node, const Place* low, const Place* high) const;

  EpochManager& epochs_;
  std::atomic<Node*> root_;
  std::atomic<uint64_t> size_{0};
  std::atomic<uint64_t> bytes_{0};
};

}  // namespace oxibase
