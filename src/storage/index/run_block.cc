#include "storage/index/run_block.h"

#include <algorithm>

#include "storage/index/row_chunks.h"

namespace oxibase {
namespace {

// Bytes of keys that a block may have in memory: what one that a writer closes has at most, and
// more.
constexpr uint64_t kKeyBytesMax = 4 * kRunKeyBytesMax;
// A node's children have fewer keys than this.
constexpr uint64_t kFilterBlocksMax = 1 << 24;

/// Strings in order have heads in order; equal heads say nothing.
uint32_t HeadOf(std::string_view text) {
  uint32_t head = 0;
  std::memcpy(&head, text.data(), std::min<size_t>(text.size(), 4));
  return __builtin_bswap32(head);
}

size_t CommonPrefix(std::string_view a, std::string_view b) {
  const size_t size = std::min(a.size(), b.size());
  return static_cast<size_t>(std::mismatch(a.begin(), a.begin() + size, b.begin()).first -
                             a.begin());
}

}  // namespace

void RunBlockBuilder::Add(std::string_view key, RowId row) {
  content_bytes_ += 4;  // of the row id, more or less
  if (!rows_.empty() && last_key() == key) {
    ++key_entries_.back();
  } else {
    const size_t shared = rows_.empty() ? 0 : CommonPrefix(last_key(), key);
    content_bytes_ += 2 + key.size() - shared;
    key_bytes_ += key;
    key_ends_.push_back(key_bytes_.size());
    key_entries_.push_back(1);
  }
  rows_.push_back(row.value);
}

void RunBlockBuilder::AddChild(std::string_view key, RowId row, BlockRef child) {
  Add(key, row);
  content_bytes_ += 6;
  child_offsets_.push_back(child.offset);
  child_bytes_.push_back(child.bytes);
}

void RunBlockBuilder::Clear() {
  key_bytes_.clear();
  key_ends_.clear();
  key_entries_.clear();
  rows_.clear();
  child_offsets_.clear();
  child_bytes_.clear();
  content_bytes_ = 0;
}

void RunBlockBuilder::EncodeKeys(std::vector<std::byte>& out) const {
  ByteWriter to(out);
  to.Varint(rows_.size());
  to.Varint(key_ends_.size());
  // They are sorted: what the first and the last share, all do.
  const std::string_view prefix =
      empty() ? std::string_view() : first_key().substr(0, CommonPrefix(first_key(), last_key()));
  to.String(prefix);
  std::string_view before;
  for (size_t i = 0; i < key_ends_.size(); ++i) {
    const std::string_view key = Key(i).substr(prefix.size());
    to.Varint(CommonPrefix(before, key));
    before = key;
  }
  before = {};
  for (size_t i = 0; i < key_ends_.size(); ++i) {
    const std::string_view key = Key(i).substr(prefix.size());
    to.Varint(key.size() - CommonPrefix(before, key));
    before = key;
  }
  before = {};
  for (size_t i = 0; i < key_ends_.size(); ++i) {
    const std::string_view key = Key(i).substr(prefix.size());
    to.Raw(AsBytes(key.substr(CommonPrefix(before, key))));
    before = key;
  }
  const bool repeats = key_ends_.size() != rows_.size();
  to.Fixed<uint8_t>(repeats ? 1 : 0);
  if (repeats)
    for (const uint32_t entries : key_entries_) to.Varint(entries);
}

void RunBlockBuilder::EncodeLeaf(std::vector<std::byte>& out) const {
  EncodeKeys(out);
  NarrowWords::Append(rows_, out);
}

void RunBlockBuilder::EncodeBitmapLeaf(std::vector<std::byte>& out) const {
  EncodeKeys(out);
  std::span<const uint64_t> rows(rows_);
  for (const uint32_t entries : key_entries_) {
    AppendRowChunks(rows.first(entries), out);
    rows = rows.subspan(entries);
  }
}

void RunBlockBuilder::EncodeNode(bool is_lowest, RunFilterRef filter,
                                 std::vector<std::byte>& out) const {
  EncodeLeaf(out);
  NarrowWords::Append(child_offsets_, out);
  NarrowWords::Append(child_bytes_, out);
  ByteWriter to(out);
  to.Fixed<uint8_t>(is_lowest ? 1 : 0);
  if (!is_lowest) return;
  to.Varint(filter.offset);
  to.Varint(filter.blocks);
}

Result<std::unique_ptr<RunBlock>> RunBlock::Decode(BlockBytes block, RunEncoding encoding) {
  ASSIGN_OR_RETURN(OpenedBlock opened, OpenBlock(std::move(block)));
  if (encoding == RunEncoding::kLeaf &&
      opened.encoding == static_cast<uint8_t>(RunEncoding::kBitmapLeaf)) {
    encoding = RunEncoding::kBitmapLeaf;
  }
  if (opened.encoding != static_cast<uint8_t>(encoding)) return DamagedBlock("its encoding");
  std::unique_ptr<RunBlock> decoded(new RunBlock());
  decoded->owner_ = std::move(opened.owner);
  ByteReader from(opened.content);
  if (!decoded->Parse(from, encoding)) return DamagedBlock("its entries");
  return decoded;
}

Result<std::unique_ptr<RunBlock>> RunBlock::DecodeContent(BlockBytes content,
                                                          RunEncoding encoding) {
  std::unique_ptr<RunBlock> decoded(new RunBlock());
  decoded->owner_ = std::move(content);
  ByteReader from(decoded->owner_.span());
  if (!decoded->Parse(from, encoding)) return DamagedBlock("its entries");
  return decoded;
}

bool RunBlock::Parse(ByteReader& from, RunEncoding encoding) {
  const uint64_t entries = from.Varint();
  const uint64_t keys = from.Varint();
  // Two bytes a key are the least; entries of one key are bounded by what writers do.
  const uint32_t entries_max =
      encoding == RunEncoding::kBitmapLeaf ? kBitmapLeafEntriesMax : kRunBlockEntriesMax;
  if (entries == 0 || entries > entries_max || keys == 0 || keys > entries) return false;
  entries_ = static_cast<uint32_t>(entries);
  keys_ = static_cast<uint32_t>(keys);
  prefix_ = from.String();
  if (prefix_.size() > kRunKeyBytesMax) return false;
  suffix_ends_ = std::make_unique_for_overwrite<uint32_t[]>(keys_ + 1);
  auto shared = std::make_unique_for_overwrite<uint32_t[]>(keys_);
  for (uint32_t i = 0; i < keys_; ++i)
    shared[i] = static_cast<uint32_t>(std::min<uint64_t>(from.Varint(), kRunKeyBytesMax + 1));
  suffix_ends_[0] = 0;
  uint64_t end = 0;
  uint64_t rest_bytes = 0;
  for (uint32_t i = 0; i < keys_; ++i) {
    const uint64_t rest = from.Varint();
    if (rest > kRunKeyBytesMax || shared[i] > (i == 0 ? 0 : suffix_ends_[i] - suffix_ends_[i - 1]))
      return false;
    end += shared[i] + rest;
    rest_bytes += rest;
    if (end > kKeyBytesMax) return false;
    suffix_ends_[i + 1] = static_cast<uint32_t>(end);
  }
  heads_ = std::make_unique_for_overwrite<uint32_t[]>(keys_);
  const auto* rests = from.Raw(rest_bytes).data();
  if (!from.ok()) return false;
  suffixes_ = std::make_unique_for_overwrite<char[]>(end);
  for (uint32_t i = 0; i < keys_; ++i) {
    char* to = suffixes_.get() + suffix_ends_[i];
    if (shared[i] > 0) std::memcpy(to, suffixes_.get() + suffix_ends_[i - 1], shared[i]);
    const size_t rest = suffix_ends_[i + 1] - suffix_ends_[i] - shared[i];
    if (rest > 0) std::memcpy(to + shared[i], rests, rest);
    rests += rest;
    heads_[i] = HeadOf(KeySuffix(i));
    // Searches rely on the order.
    if (i > 0 && KeySuffix(i) <= KeySuffix(i - 1)) return false;
  }
  const auto repeats = from.Fixed<uint8_t>();
  if (repeats != 0) {
    first_entry_ = std::make_unique_for_overwrite<uint32_t[]>(keys_ + 1);
    uint64_t first = 0;
    for (uint32_t i = 0; i < keys_; ++i) {
      first_entry_[i] = static_cast<uint32_t>(first);
      const uint64_t count = from.Varint();
      if (count == 0 || count > entries_) return false;
      first += count;
      if (first > entries_) return false;
    }
    first_entry_[keys_] = entries_;
    if (first != entries_) return false;
  } else if (keys_ != entries_) {
    return false;
  }
  if (encoding == RunEncoding::kBitmapLeaf) return ParseBitmaps(from) && from.at_end();
  if (!rows_.Parse(from, entries_)) return false;
  if (first_entry_ != nullptr) {
    for (uint32_t key = 0; key < keys_; ++key)
      for (uint32_t i = first_entry_[key] + 1; i < first_entry_[key + 1]; ++i)
        if (rows_[i] <= rows_[i - 1]) return false;
  }
  if (encoding == RunEncoding::kNode) {
    if (!child_offsets_.Parse(from, entries_) || !child_bytes_.Parse(from, entries_)) return false;
    is_lowest_ = from.Fixed<uint8_t>() != 0;
    if (is_lowest_) {
      filter_.offset = from.Varint();
      filter_.blocks = from.Varint();
      if (filter_.blocks > kFilterBlocksMax) return false;
    }
  }
  return from.ok() && from.at_end();
}

bool RunBlock::ParseBitmaps(ByteReader& from) {
  std::vector<uint64_t> rows;
  rows.reserve(entries_);
  for (uint32_t key = 0; key < keys_; ++key) {
    if (!ReadRowChunks(from, FirstEntry(key + 1) - FirstEntry(key), rows)) return false;
  }
  NarrowWords::Append(rows, row_bytes_);
  ByteReader unpacked(row_bytes_);
  return rows_.Parse(unpacked, entries_);
}

size_t RunBlock::MemoryBytes() const {
  size_t bytes = sizeof(*this) + owner_.size + row_bytes_.capacity() + suffix_ends_[keys_] +
                 (2 * keys_ + size_t{1}) * sizeof(uint32_t);
  if (first_entry_ != nullptr) bytes += (keys_ + size_t{1}) * sizeof(uint32_t);
  return bytes;
}

uint32_t RunBlock::KeyOf(uint32_t entry) const {
  if (first_entry_ == nullptr) return entry;
  const uint32_t* after = std::upper_bound(first_entry_.get(), first_entry_.get() + keys_, entry);
  return static_cast<uint32_t>(after - first_entry_.get()) - 1;
}

uint32_t RunBlock::LowerKey(std::string_view key, bool* equal) const {
  *equal = false;
  if (!prefix_.empty()) {
    const int order = key.substr(0, prefix_.size()).compare(prefix_);
    if (order < 0) return 0;
    if (order > 0) return keys_;
    key.remove_prefix(prefix_.size());
  }
  const uint32_t head = HeadOf(key);
  // Halving without a branch that could be guessed wrong.
  const uint32_t* heads = heads_.get();
  uint32_t left = keys_;
  while (left > 1) {
    const uint32_t half = left / 2;
    heads += heads[half - 1] < head ? half : 0;
    left -= half;
  }
  auto first = static_cast<uint32_t>(heads - heads_.get()) + (*heads < head ? 1 : 0);
  uint32_t last = first;  // behind the keys with this head
  if (first < keys_ && heads_[first] == head) {
    // Mostly one; of keys that differ later, many.
    for (uint32_t step = 1; last < keys_ && heads_[last] == head; step *= 2)
      last = std::min(last + step, keys_);
    while (last > first && heads_[last - 1] != head) --last;
  }
  while (first < last) {
    const uint32_t half = (last - first) / 2;
    const int order = KeySuffix(first + half).compare(key);
    if (order == 0) {
      *equal = true;
      return first + half;
    }
    if (order < 0) {
      first += half + 1;
    } else {
      last = first + half;
    }
  }
  return first;
}

uint32_t RunBlock::LowerBound(std::string_view key, RowId row) const {
  bool equal;
  const uint32_t at = LowerKey(key, &equal);
  uint32_t entry = FirstEntry(at);
  if (!equal) return entry;
  uint32_t count = FirstEntry(at + 1) - entry;
  while (count > 0) {
    const uint32_t half = count / 2;
    if (rows_[entry + half] < row.value) {
      entry += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return entry;
}

bool RunBlock::HasKey(uint32_t entry, std::string_view key) const {
  const std::string_view end = suffix(entry);
  return key.size() == prefix_.size() + end.size() && key.starts_with(prefix_) &&
         key.ends_with(end);
}

uint32_t RunBlock::ChildFor(std::string_view key, RowId row) const {
  const uint32_t at = LowerBound(key, row);
  // At a separator itself the entries are in its child.
  if (at < entries_ && rows_[at] == row.value && HasKey(at, key)) return at;
  return at == 0 ? 0 : at - 1;
}

}  // namespace oxibase
