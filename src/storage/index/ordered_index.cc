#include "storage/index/ordered_index.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "common/status.h"
#include "storage/index/ordered_index_node.h"
#include "storage/mvcc/epoch.h"

namespace oxibase {

namespace {

/// The first 8 bytes as a big-endian number, zeros behind the last one.
uint64_t LoadBigEndian(const char* bytes, size_t size) {
  uint64_t word;
  if (size >= 8) {
    std::memcpy(&word, bytes, 8);
    return __builtin_bswap64(word);
  }
  if (size >= 4) {  // two halves that may overlap
    uint32_t first, last;
    std::memcpy(&first, bytes, 4);
    std::memcpy(&last, bytes + size - 4, 4);
    return uint64_t{__builtin_bswap32(first)} << 32 | uint64_t{__builtin_bswap32(last)}
                                                          << (8 - size) * 8;
  }
  word = 0;
  for (size_t i = 0; i < size; ++i) {
    word |= uint64_t{static_cast<unsigned char>(bytes[i])} << (56 - 8 * i);
  }
  return word;
}

}  // namespace

OrderedIndex::Place::Place(std::string_view key, RowId row_id) : row(row_id.value) {
  hi = LoadBigEndian(key.data(), key.size());
  if (key.size() > 8) lo = LoadBigEndian(key.data() + 8, key.size() - 8);
  if (key.size() > 16) {
    rest = key.substr(16);
    has_rest = true;
  }
}

int OrderedIndex::Place::Compare(const Place& a, const Place& b) {
  if (a.hi != b.hi) return a.hi < b.hi ? -1 : 1;
  if (a.lo != b.lo) return a.lo < b.lo ? -1 : 1;
  if (a.has_rest != b.has_rest) return a.has_rest ? 1 : -1;
  if (a.has_rest) {
    if (const int order = a.rest.compare(b.rest); order != 0) return order;
  }
  if (a.row != b.row) return a.row < b.row ? -1 : 1;
  return 0;
}

inline int OrderedIndex::Compare(const Node& node, uint32_t i, const Place& place) {
  const uint64_t hi = node.Hi(i);
  if (hi != place.hi) return hi < place.hi ? -1 : 1;
  const uint64_t lo = node.Lo(i);
  if (lo != place.lo) return lo < place.lo ? -1 : 1;
  const KeyRest* rest = node.Rest(i);
  if ((rest != nullptr) != place.has_rest) return place.has_rest ? -1 : 1;
  if (rest != nullptr) {
    if (const int order = rest->view().compare(place.rest); order != 0) return order;
  }
  const uint64_t row = node.row[i].load(std::memory_order_acquire);
  if (row != place.row) return row < place.row ? -1 : 1;
  return 0;
}

uint32_t OrderedIndex::LowerBound(const Node& node, uint32_t count, const Place& place) {
  // The first words alone, without branches that are hard to foretell.
  uint32_t low = 0;
  for (uint32_t left = count; left > 0;) {
    const uint32_t half = (left + 1) / 2;
    low += node.Hi(low + half - 1) < place.hi ? half : 0;
    left -= half;
  }
  // Mostly that decides, or all entries with this first word lie behind the place.
  if (low == count || Compare(node, low, place) >= 0) return low;
  count -= low;
  while (count > 0) {
    const uint32_t half = count / 2;
    if (Compare(node, low + half, place) < 0) {
      low += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return low;
}

// The child that has `place`: a separator is the first entry of what lies right of it.
uint32_t OrderedIndex::ChildFor(const Inner& inner, uint32_t count, const Place& place) {
  const uint32_t at = LowerBound(inner, count, place);
  return at < count && Compare(inner, at, place) == 0 ? at + 1 : at;
}

OrderedIndex::Place OrderedIndex::At(const Node& node, uint32_t i) {
  Place place;
  place.hi = node.Hi(i);
  place.lo = node.Lo(i);
  place.row = node.row[i].load(std::memory_order_acquire);
  if (const KeyRest* rest = node.Rest(i)) {
    place.rest = rest->view();
    place.has_rest = true;
  }
  return place;
}

void OrderedIndex::Copy(const Node& node, uint32_t first, uint32_t count, bool backward,
                        Place* out) {
  const bool has_rest = node.has_rest.load(std::memory_order_acquire);
  for (uint32_t i = 0; i < count; ++i, ++out) {
    const uint32_t at = backward ? first + count - 1 - i : first + i;
    if (has_rest) {
      *out = At(node, at);
      continue;
    }
    out->hi = node.Hi(at);
    out->lo = node.Lo(at);
    out->row = node.row[at].load(std::memory_order_acquire);
    out->rest = {};
    out->has_rest = false;
  }
}

OrderedIndex::OrderedIndex(EpochManager& epochs) : epochs_(epochs), root_(new Node(0)) {
  bytes_.store(sizeof(Node), std::memory_order_relaxed);
}

OrderedIndex::~OrderedIndex() { Destroy(root_.load(std::memory_order_relaxed)); }

void OrderedIndex::Destroy(Node* node) {
  const uint32_t count = node->Count();
  for (uint32_t i = 0; i < count; ++i) std::free(node->rest[i].load(std::memory_order_relaxed));
  if (node->level == 0) {
    delete node;
    return;
  }
  auto* inner = static_cast<Inner*>(node);
  for (uint32_t i = 0; i <= count; ++i) Destroy(inner->Child(i));
  delete inner;
}

OrderedIndex::KeyRest* OrderedIndex::NewRest(std::string_view bytes) {
  auto* rest = static_cast<KeyRest*>(std::malloc(sizeof(KeyRest) + bytes.size()));
  OXI_CHECK(rest != nullptr);
  rest->size = static_cast<uint32_t>(bytes.size());
  std::memcpy(rest->bytes(), bytes.data(), bytes.size());
  bytes_.fetch_add(sizeof(KeyRest) + bytes.size(), std::memory_order_relaxed);
  return rest;
}

void OrderedIndex::RetireRest(const KeyRest* rest) {
  if (rest == nullptr) return;
  bytes_.fetch_sub(sizeof(KeyRest) + rest->size, std::memory_order_relaxed);
  epochs_.Retire(const_cast<KeyRest*>(rest), std::free);
}

void OrderedIndex::RetireNode(Node* node) {
  if (node->level == 0) {
    bytes_.fetch_sub(sizeof(Node), std::memory_order_relaxed);
    epochs_.Retire(node, [](void* object) { delete static_cast<Node*>(object); });
  } else {
    bytes_.fetch_sub(sizeof(Inner), std::memory_order_relaxed);
    epochs_.Retire(static_cast<Inner*>(node),
                   [](void* object) { delete static_cast<Inner*>(object); });
  }
}

bool OrderedIndex::Insert(std::string_view key, RowId row) {
  const Place place(key, row);
  KeyRest* rest = place.has_rest ? NewRest(place.rest) : nullptr;
  bool inserted = false;
  while (!TryInsert(place, rest, &inserted)) {
  }
  if (inserted) {
    size_.fetch_add(1, std::memory_order_relaxed);
  } else if (rest != nullptr) {
    bytes_.fetch_sub(sizeof(KeyRest) + rest->size, std::memory_order_relaxed);
    std::free(rest);
  }
  return inserted;
}

// One way down; false: something changed meanwhile, start again.
bool OrderedIndex::TryInsert(const Place& place, KeyRest* rest, bool* inserted) {
  Node* node = root_.load(std::memory_order_acquire);
  uint64_t version;
  if (!node->ReadLock(&version) || node != root_.load(std::memory_order_acquire)) return false;
  Inner* parent = nullptr;
  uint64_t parent_version = 0;
  while (node->level > 0) {
    auto* inner = static_cast<Inner*>(node);
    const uint32_t count = inner->Count();
    if (count == kNodeEntries) {
      Split(parent, parent_version, node, version, place);
      return false;
    }
    const uint32_t idx = ChildFor(*inner, count, place);
    if (inner->has_hints.load(std::memory_order_acquire) && inner->ChildIdle(idx) != 0) {
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
  const uint32_t count = node->Count();
  const uint32_t at = LowerBound(*node, count, place);
  const bool found = at < count && Compare(*node, at, place) == 0;
  if (count == kNodeEntries && !found) {
    Split(parent, parent_version, node, version, place);
    return false;
  }
  if (!node->Upgrade(version)) return false;
  if (parent != nullptr && !parent->Unchanged(parent_version)) {
    node->Unlock();
    return false;
  }
  if (found) {  // it is there, and counts again
    node->SetDead(node->Dead() & ~(uint64_t{1} << at));
    node->Unlock();
    return true;
  }
  node->ShiftRight(at, count);
  node->Set(at, place, rest);
  node->count.store(count + 1, std::memory_order_release);
  node->Unlock();
  *inserted = true;
  return true;
}

// Makes room in a full node. Either way the caller starts again.
bool OrderedIndex::Split(Inner* parent, uint64_t parent_version, Node* node, uint64_t version,
                         const Place& place) {
  if (parent != nullptr && !parent->Upgrade(parent_version)) return false;
  if (!node->Upgrade(version)) {
    if (parent != nullptr) parent->Unlock();
    return false;
  }
  if (parent == nullptr && root_.load(std::memory_order_acquire) != node) {
    node->Unlock();
    return false;
  }
  const uint32_t count = node->Count();
  Place separator;
  KeyRest* separator_rest = nullptr;
  Node* right;
  if (node->level == 0) {
    right = new Node(0);
    bytes_.fetch_add(sizeof(Node), std::memory_order_relaxed);
    // Keys that only rise fill each leaf to the end.
    const bool appending = Compare(*node, count - 1, place) < 0;
    const uint32_t keep = appending ? count : count / 2;
    const Place last = At(*node, keep - 1);
    separator = appending ? place : At(*node, keep);
    right->TakeTail(*node, keep, count);
    if (separator.hi != last.hi || separator.lo != last.lo) {
      // The first words tell the two sides apart: the separator needs no more.
      separator.row = 0;
      separator.rest = {};
      separator.has_rest = false;
    } else if (separator.has_rest) {
      separator_rest = NewRest(separator.rest);
    }
  } else {
    auto* inner = static_cast<Inner*>(node);
    auto* right_inner = new Inner(node->level);
    bytes_.fetch_add(sizeof(Inner), std::memory_order_relaxed);
    const uint32_t keep = count / 2;
    separator = At(*inner, keep);
    separator_rest = inner->rest[keep].load(std::memory_order_relaxed);  // moves up
    for (uint32_t i = keep + 1; i <= count; ++i) right_inner->CopyChild(i - keep - 1, *inner, i);
    right_inner->TakeTail(*inner, keep + 1, count);
    inner->count.store(keep, std::memory_order_release);
    right = right_inner;
  }
  if (parent == nullptr) {
    auto* root = new Inner(static_cast<uint16_t>(node->level + 1));
    bytes_.fetch_add(sizeof(Inner), std::memory_order_relaxed);
    root->Set(0, separator, separator_rest);
    root->SetChild(0, node);
    root->SetChild(1, right);
    root->count.store(1, std::memory_order_release);
    root_.store(root, std::memory_order_release);
  } else {
    const uint32_t parent_count = parent->Count();
    const uint32_t at = LowerBound(*parent, parent_count, separator);
    for (uint32_t i = parent_count + 1; i > at + 1; --i) parent->CopyChild(i, *parent, i - 1);
    parent->ShiftRight(at, parent_count);
    parent->Set(at, separator, separator_rest);
    parent->SetChild(at + 1, right);
    parent->SetHint(at, 0, 0);
    parent->SetHint(at + 1, 0, 0);
    parent->count.store(parent_count + 1, std::memory_order_release);
    parent->Unlock();
  }
  node->Unlock();
  return true;
}

bool OrderedIndex::Erase(std::string_view key, RowId row) {
  const Place place(key, row);
  bool erased = false;
  bool sparse = false;
  while (!TryErase(place, &erased, &sparse)) {
  }
  if (!erased) return false;
  size_.fetch_sub(1, std::memory_order_relaxed);
  if (sparse) {
    while (!TryConsolidate(place)) {
    }
  }
  return true;
}

bool OrderedIndex::TryErase(const Place& place, bool* erased, bool* sparse) {
  Node* node = root_.load(std::memory_order_acquire);
  uint64_t version;
  if (!node->ReadLock(&version) || node != root_.load(std::memory_order_acquire)) return false;
  const bool is_root = node->level == 0;
  while (node->level > 0) {
    auto* inner = static_cast<Inner*>(node);
    const uint32_t idx = ChildFor(*inner, inner->Count(), place);
    Node* child = inner->Child(idx);
    if (!inner->Unchanged(version)) return false;
    uint64_t child_version;
    if (!child->ReadLock(&child_version) || !inner->Unchanged(version)) return false;
    node = child;
    version = child_version;
  }
  const uint32_t count = node->Count();
  const uint32_t at = LowerBound(*node, count, place);
  if (at >= count || Compare(*node, at, place) != 0) return node->Unchanged(version);
  if (!node->Upgrade(version)) return false;
  const KeyRest* rest = node->rest[at].load(std::memory_order_relaxed);
  node->ShiftLeft(at, count);
  node->count.store(count - 1, std::memory_order_release);
  node->Unlock();
  RetireRest(rest);
  *erased = true;
  // Tried at a few fill levels only, since neighbours may be too full to merge with.
  const uint32_t left = count - 1;
  *sparse = !is_root && (left == kNodeEntries / 4 || left == kNodeEntries / 8 || left == 0);
  return true;
}

// Locks its way down to where `place` belongs and merges nodes with few entries with a neighbour.
bool OrderedIndex::TryConsolidate(const Place& place) {
  Node* node = root_.load(std::memory_order_acquire);
  if (!node->Lock()) return false;
  if (node != root_.load(std::memory_order_acquire)) {
    node->Unlock();
    return false;
  }
  bool is_root = true;
  while (node->level > 0) {
    auto* inner = static_cast<Inner*>(node);
    uint32_t idx = ChildFor(*inner, inner->Count(), place);
    Node* child = inner->Child(idx);
    // Nobody marks a child obsolete without its parent's lock.
    OXI_CHECK(child->Lock());
    if (child->Count() <= kNodeEntries / 4 && inner->Count() > 0) {
      const bool has_right = idx < inner->Count();
      Node* neighbour = inner->Child(has_right ? idx + 1 : idx - 1);
      OXI_CHECK(neighbour->Lock());
      Node* left = has_right ? child : neighbour;
      Node* right = has_right ? neighbour : child;
      // An empty node goes whatever its neighbour's fill; else some room must be left.
      const uint32_t room = child->Count() == 0 ? kNodeEntries : kNodeEntries * 3 / 4;
      if (left->Count() + right->Count() + (child->level > 0 ? 1 : 0) <= room) {
        MergeRight(inner, has_right ? idx : idx - 1, left, right);
        child = left;
      } else {
        neighbour->Unlock();
      }
    }
    if (is_root && inner->Count() == 0) {
      root_.store(child, std::memory_order_release);
      inner->UnlockObsolete();
      RetireNode(inner);
    } else {
      inner->Unlock();
      is_root = false;
    }
    node = child;
  }
  node->Unlock();
  return true;
}

void OrderedIndex::MergeRight(Inner* parent, uint32_t left_idx, Node* left, Node* right) {
  const uint32_t left_count = left->Count();
  const uint32_t right_count = right->Count();
  KeyRest* separator_rest = parent->rest[left_idx].load(std::memory_order_relaxed);
  if (left->level == 0) {
    left->Append(left_count, *right, right_count);
    left->count.store(left_count + right_count, std::memory_order_release);
    RetireRest(separator_rest);
  } else {
    auto* left_inner = static_cast<Inner*>(left);
    auto* right_inner = static_cast<Inner*>(right);
    left->Set(left_count, At(*parent, left_idx), separator_rest);  // moves down
    left->Append(left_count + 1, *right, right_count);
    for (uint32_t i = 0; i <= right_count; ++i) {
      left_inner->CopyChild(left_count + 1 + i, *right_inner, i);
    }
    left->count.store(left_count + 1 + right_count, std::memory_order_release);
  }
  const uint32_t parent_count = parent->Count();
  const auto both = [](uint64_t a, uint64_t b) { return a == 0 || b == 0 ? 0 : std::max(a, b); };
  parent->SetHint(left_idx, both(parent->ChildDead(left_idx), parent->ChildDead(left_idx + 1)),
                  both(parent->ChildIdle(left_idx), parent->ChildIdle(left_idx + 1)));
  parent->ShiftLeft(left_idx, parent_count);
  for (uint32_t i = left_idx + 1; i < parent_count; ++i) parent->CopyChild(i, *parent, i + 1);
  parent->count.store(parent_count - 1, std::memory_order_release);
  right->UnlockObsolete();
  RetireNode(right);
}

size_t OrderedIndex::FindFirst(std::string_view key, RowId* rows, size_t max, bool* all) const {
  const Place wanted(key, RowId(0));
  size_t found;
  while (!TryFindFirst(wanted, rows, max, &found, all)) {
  }
  return found;
}

bool OrderedIndex::TryFindFirst(const Place& wanted, RowId* rows, size_t max, size_t* found,
                                bool* all) const {
  const Node* node = root_.load(std::memory_order_acquire);
  uint64_t version;
  if (!node->ReadLock(&version) || node != root_.load(std::memory_order_acquire)) return false;
  bool is_last = true;  // no separator lies behind
  while (node->level > 0) {
    const auto* inner = static_cast<const Inner*>(node);
    const uint32_t count = inner->Count();
    const uint32_t idx = ChildFor(*inner, count, wanted);
    is_last = is_last && idx == count;
    const Node* child = inner->Child(idx);
    if (!inner->Unchanged(version)) return false;
    if (node->level == 1) child->Prefetch();
    uint64_t child_version;
    if (!child->ReadLock(&child_version) || !inner->Unchanged(version)) return false;
    node = child;
    version = child_version;
  }
  const uint32_t count = node->Count();
  uint32_t at = LowerBound(*node, count, wanted);
  size_t n = 0;
  bool ended = false;
  for (; at < count && !ended && n < max; ++at) {
    ended = !At(*node, at).SameKey(wanted);
    if (!ended) rows[n++] = RowId(node->row[at].load(std::memory_order_acquire));
  }
  *found = n;
  *all = ended || (at == count && is_last);
  return node->Unchanged(version);
}

bool OrderedIndex::ReadForward(Place* from, Place* out, size_t max, size_t* found, const Place* end,
                               Passing* passing) const {
  Place next;
  bool more = false;
  while (!TryRead(*from, false, false, end, out, max, found, &next, &more, passing)) {
  }
  *from = next;
  return more;
}

bool OrderedIndex::ReadBackward(Place* from, bool* from_end, Place* out, size_t max, size_t* found,
                                const Place* begin, Passing* passing) const {
  Place next;
  bool more = false;
  while (!TryRead(*from, *from_end, true, begin, out, max, found, &next, &more, passing)) {
  }
  *from = next;
  *from_end = false;
  return more;
}

// One way down; false: something changed meanwhile, start again.
bool OrderedIndex::TryRead(const Place& from, bool to_end, bool backward, const Place* until,
                           Place* out, size_t max, size_t* found, Place* next, bool* more,
                           Passing* passing) const {
  *more = false;
  if (passing != nullptr) passing->leaf = backward ? Place() : from;
  const Node* node = root_.load(std::memory_order_acquire);
  uint64_t version;
  if (!node->ReadLock(&version) || node != root_.load(std::memory_order_acquire)) return false;
  while (node->level > 0) {
    const auto* inner = static_cast<const Inner*>(node);
    const uint32_t count = inner->Count();
    uint32_t idx;
    if (backward) {
      // Entries before `from`: a separator equal to it has them on its left.
      idx = to_end ? count : LowerBound(*inner, count, from);
      if (passing != nullptr) {
        idx = PassChildren(*inner, count, idx, true, *passing);
        if (idx > 0) passing->leaf = At(*inner, idx - 1);
      }
      if (idx > 0) {
        *next = At(*inner, idx - 1);
        *more = true;
      }
    } else {
      idx = ChildFor(*inner, count, from);
      if (passing != nullptr) {
        const uint32_t to = PassChildren(*inner, count, idx, false, *passing);
        if (to != idx) passing->leaf = At(*inner, to - 1);
        idx = to;
      }
      if (idx < count) {
        *next = At(*inner, idx);
        *more = true;
      }
    }
    const Node* child = inner->Child(idx);
    if (!inner->Unchanged(version)) return false;
    uint64_t child_version;
    if (!child->ReadLock(&child_version) || !inner->Unchanged(version)) return false;
    node = child;
    version = child_version;
  }
  const uint32_t count = node->Count();
  uint32_t first, last;  // the entries wanted are [first, last)
  bool ended = false;    // at `until`
  if (backward) {
    last = to_end ? count : LowerBound(*node, count, from);
    first = 0;
    if (until != nullptr && last > 0 && Compare(*node, 0, *until) < 0) {
      first = std::min(LowerBound(*node, last, *until), last);
      ended = true;
    }
  } else {
    first = LowerBound(*node, count, from);
    last = count;
    if (until != nullptr && first < count && Compare(*node, count - 1, *until) >= 0) {
      // A few entries, as of a point: looked at one by one.
      constexpr uint32_t kFew = 4;
      uint32_t i = first;
      while (i < count && i < first + kFew && Compare(*node, i, *until) < 0) ++i;
      last = i < first + kFew ? i : std::max(i, LowerBound(*node, count, *until));
      ended = true;
    }
  }
  uint64_t dead = 0;
  if (passing != nullptr) {
    if (passing->read_ts != 0 && node->DeadFrom() <= passing->read_ts) {
      dead = node->Dead() & Node::Below(last) & ~Node::Below(first);
    }
    passing->whole = first == 0 && last == count;
  }
  bool cut;
  uint32_t copied;
  if (dead != 0) {
    copied = CopyLiving(*node, first, last, dead, backward, max, out, &cut);
  } else {
    cut = last - first > max;
    copied = static_cast<uint32_t>(cut ? max : last - first);
    Copy(*node, backward ? last - copied : first, copied, backward, out);
  }
  if (!node->Unchanged(version)) return false;
  if (cut && passing != nullptr) passing->whole = false;
  if (cut) {
    *next = out[copied - 1];
    if (!backward) ++next->row;
    *more = true;
  } else if (ended) {
    *more = false;
  }
  if (*more && until != nullptr) {
    const int order = Place::Compare(*next, *until);
    *more = backward ? order > 0 : order < 0;
  }
  *found = copied;
  return true;
}

int OrderedIndex::height() const { return root_.load(std::memory_order_acquire)->level + 1; }

bool OrderedIndex::CheckInvariants() const {
  return Check(root_.load(std::memory_order_acquire), nullptr, nullptr);
}

bool OrderedIndex::Check(const Node* node, const Place* low, const Place* high) const {
  const uint32_t count = node->Count();
  for (uint32_t i = 0; i < count; ++i) {
    const Place place = At(*node, i);
    if (i > 0 && Place::Compare(At(*node, i - 1), place) >= 0) return false;
    if (low != nullptr && Place::Compare(place, *low) < 0) return false;
    if (high != nullptr && Place::Compare(place, *high) >= 0) return false;
  }
  if (node->level == 0) return true;
  const auto* inner = static_cast<const Inner*>(node);
  for (uint32_t i = 0; i <= count; ++i) {
    Place child_low, child_high;
    if (i > 0) child_low = At(*node, i - 1);
    if (i < count) child_high = At(*node, i);
    if (inner->Child(i)->level + 1 != node->level) return false;
    if (!Check(inner->Child(i), i > 0 ? &child_low : low, i < count ? &child_high : high)) {
      return false;
    }
  }
  return true;
}

}  // namespace oxibase
