#include "storage/segment/word_codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include "common/hash.h"
#include "common/status.h"
#include "storage/segment/block_frame.h"

namespace oxibase {
namespace {

enum Form : uint8_t { kPacked = 0, kDeltas = 1, kRuns = 2, kDictionary = 3 };

constexpr uint32_t kBitsMax = 56;  // of a packed number: a word's load reaches it at any bit
constexpr uint32_t kDistinctMax = 256;

uint64_t ZigZag(uint64_t word) { return word << 1 ^ (0 - (word >> 63)); }
uint64_t UnZigZag(uint64_t word) { return word >> 1 ^ (0 - (word & 1)); }

/// How numbers would be packed.
struct Packing {
  uint64_t base = 0;
  uint64_t multiple = 1;
  uint32_t bits = 0;
  size_t count = 0;

  explicit Packing(std::span<const uint64_t> words) : count(words.size()) {
    if (words.empty()) return;
    auto min = static_cast<int64_t>(words[0]);
    auto max = min;
    for (const uint64_t word : words) {
      min = std::min(min, static_cast<int64_t>(word));
      max = std::max(max, static_cast<int64_t>(word));
    }
    base = static_cast<uint64_t>(min);
    uint64_t range = static_cast<uint64_t>(max) - base;
    if (range > 1) {
      uint64_t divisor = 0;
      for (const uint64_t word : words) {
        const uint64_t difference = word - base;
        if (divisor != 0 && difference % divisor == 0) continue;
        divisor = std::gcd(divisor, difference);
        if (divisor == 1) break;
      }
      multiple = divisor;
      range /= divisor;
    }
    bits = static_cast<uint32_t>(std::bit_width(range));
    if (bits > kBitsMax) bits = 64;
  }
  /// About what it takes, without the form byte.
  size_t bytes() const {
    return 1 + (std::bit_width(ZigZag(base)) + 6) / 7 + (std::bit_width(multiple) + 6) / 7 +
           (count * bits + 7) / 8;
  }
};

void PutPacked(const Packing& packing, std::span<const uint64_t> words,
               std::vector<std::byte>& out) {
  ByteWriter to(out);
  to.Varint(ZigZag(packing.base));
  to.Varint(packing.multiple);
  to.Fixed(static_cast<uint8_t>(packing.bits));
  const uint32_t bits = packing.bits;
  if (bits == 0) return;
  const size_t at = out.size();
  const size_t bytes = (words.size() * bits + 7) / 8;
  out.resize(at + bytes + kReadPadding);
  std::byte* to_bytes = out.data() + at;
  for (size_t i = 0; i < words.size(); ++i) {
    const uint64_t number = (words[i] - packing.base) / packing.multiple;
    if (bits == 64) {
      StoreLe(to_bytes + i * 8, number);
      continue;
    }
    std::byte* word = to_bytes + i * bits / 8;
    StoreLe(word, LoadLe<uint64_t>(word) | number << i * bits % 8);
  }
  out.resize(at + bytes);
}

std::vector<uint64_t> DeltasOf(std::span<const uint64_t> words) {
  std::vector<uint64_t> deltas;
  deltas.reserve(words.size());
  for (size_t i = 1; i < words.size(); ++i) deltas.push_back(words[i] - words[i - 1]);
  return deltas;
}

/// Packed or as deltas, whichever is smaller; the form byte first.
void PutPlain(std::span<const uint64_t> words, std::vector<std::byte>& out) {
  const Packing packed(words);
  const std::vector<uint64_t> deltas = DeltasOf(words);
  const Packing packed_deltas(deltas);
  ByteWriter to(out);
  if (words.size() > 1 && packed_deltas.bytes() + 10 < packed.bytes()) {
    to.Fixed<uint8_t>(kDeltas);
    to.Varint(ZigZag(words[0]));
    PutPacked(packed_deltas, deltas, out);
  } else {
    to.Fixed<uint8_t>(kPacked);
    PutPacked(packed, words, out);
  }
}

size_t PlainBytes(std::span<const uint64_t> words) {
  const size_t deltas = words.size() > 1 ? Packing(DeltasOf(words)).bytes() + 10 : SIZE_MAX;
  return 1 + std::min(Packing(words).bytes(), deltas);
}

/// The different numbers, rising; empty if there are more than kDistinctMax.
std::vector<uint64_t> DistinctOf(std::span<const uint64_t> words) {
  constexpr size_t kSlots = 1024;
  std::array<uint64_t, kSlots> table;
  std::array<bool, kSlots> used{};
  std::vector<uint64_t> distinct;
  for (const uint64_t word : words) {
    size_t slot = HashInt64(word) % kSlots;
    while (used[slot] && table[slot] != word) slot = (slot + 1) % kSlots;
    if (used[slot]) continue;
    if (distinct.size() == kDistinctMax) return {};
    used[slot] = true;
    table[slot] = word;
    distinct.push_back(word);
  }
  std::sort(distinct.begin(), distinct.end());
  return distinct;
}

struct PackedReader {
  uint64_t base = 0;
  uint64_t multiple = 1;
  uint32_t bits = 0;
  const std::byte* bytes = nullptr;

  bool Parse(ByteReader& from, uint32_t count) {
    base = UnZigZag(from.Varint());
    multiple = from.Varint();
    bits = from.Fixed<uint8_t>();
    if (!from.ok() || (bits > kBitsMax && bits != 64)) return false;
    bytes = from.Raw((uint64_t{count} * bits + 7) / 8).data();
    return from.ok();
  }
  /// The packed numbers themselves.
  template <typename T>
  void Unpack(uint32_t count, T* out) const {
    if (bits == 0) {
      std::fill_n(out, count, T{0});
      return;
    }
    if (bits == 64) {
      for (uint32_t i = 0; i < count; ++i)
        out[i] = static_cast<T>(LoadLe<uint64_t>(bytes + size_t{i} * 8));
      return;
    }
    const uint64_t mask = (uint64_t{1} << bits) - 1;
    uint32_t bit = 0;
    for (uint32_t i = 0; i < count; ++i, bit += bits)
      out[i] = static_cast<T>(LoadLe<uint64_t>(bytes + bit / 8) >> bit % 8 & mask);
  }
  void Read(uint32_t count, uint64_t* out) const {
    Unpack(count, out);
    for (uint32_t i = 0; i < count; ++i) out[i] = base + multiple * out[i];
  }
};

bool ReadPlain(ByteReader& from, uint8_t form, uint32_t count, uint64_t* out) {
  PackedReader packed;
  if (form == kPacked) {
    if (!packed.Parse(from, count)) return false;
    packed.Read(count, out);
    return true;
  }
  if (form != kDeltas || count == 0) return false;
  uint64_t sum = UnZigZag(from.Varint());
  if (!packed.Parse(from, count - 1)) return false;
  out[0] = sum;
  packed.Read(count - 1, out + 1);
  for (uint32_t i = 1; i < count; ++i) out[i] = sum += out[i];
  return true;
}

bool ReadRuns(ByteReader& from, uint32_t count, uint64_t* out) {
  const uint64_t runs = from.Varint();
  if (runs == 0 || runs > count) return false;
  std::array<uint64_t, kWordsMax> values, lengths;
  if (!ReadPlain(from, from.Fixed<uint8_t>(), static_cast<uint32_t>(runs), values.data()) ||
      !ReadPlain(from, from.Fixed<uint8_t>(), static_cast<uint32_t>(runs), lengths.data()))
    return false;
  uint32_t at = 0;
  for (uint64_t i = 0; i < runs; ++i) {
    if (lengths[i] > count - at) return false;
    std::fill_n(out + at, lengths[i], values[i]);
    at += static_cast<uint32_t>(lengths[i]);
  }
  return at == count;
}

bool ReadDictionary(ByteReader& from, uint32_t count, uint64_t* out) {
  const uint64_t distinct = from.Varint();
  if (distinct == 0 || distinct > kDistinctMax) return false;
  std::array<uint64_t, kDistinctMax> values;
  if (!ReadPlain(from, from.Fixed<uint8_t>(), static_cast<uint32_t>(distinct), values.data()) ||
      !ReadPlain(from, from.Fixed<uint8_t>(), count, out))
    return false;
  for (uint32_t i = 0; i < count; ++i) {
    if (out[i] >= distinct) return false;
    out[i] = values[out[i]];
  }
  return true;
}

template <typename N>
void Narrow(const uint64_t* words, uint32_t count, uint64_t base, std::byte* out) {
  for (uint32_t i = 0; i < count; ++i)
    StoreLe(out + i * sizeof(N), static_cast<N>(words[i] - base));
}

}  // namespace

void AppendWords(std::span<const uint64_t> words, std::vector<std::byte>& out) {
  OXI_DCHECK(words.size() <= kWordsMax);
  const size_t plain = PlainBytes(words);
  // Below this nothing is to be gained.
  if (plain <= 16) return PutPlain(words, out);
  size_t best = plain;
  std::vector<uint64_t> run_values, run_lengths;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0 && words[i] == words[i - 1]) {
      ++run_lengths.back();
    } else {
      run_values.push_back(words[i]);
      run_lengths.push_back(1);
    }
  }
  Form form = kPacked;
  if (run_values.size() <= words.size() / 2) {
    const size_t bytes = 3 + PlainBytes(run_values) + PlainBytes(run_lengths);
    if (bytes < best) {
      best = bytes;
      form = kRuns;
    }
  }
  std::vector<uint64_t> distinct;
  // Codes take a bit at least.
  if (best > words.size() / 8 + 32) distinct = DistinctOf(words);
  if (distinct.size() > 1) {
    const size_t code_bits = static_cast<size_t>(std::bit_width(distinct.size() - 1));
    const size_t bytes = 8 + PlainBytes(distinct) + (words.size() * code_bits + 7) / 8;
    if (bytes < best) form = kDictionary;
  }
  ByteWriter to(out);
  switch (form) {
    case kRuns:
      to.Fixed<uint8_t>(kRuns);
      to.Varint(run_values.size());
      PutPlain(run_values, out);
      PutPlain(run_lengths, out);
      return;
    case kDictionary: {
      to.Fixed<uint8_t>(kDictionary);
      to.Varint(distinct.size());
      PutPlain(distinct, out);
      std::vector<uint64_t> codes;
      codes.reserve(words.size());
      for (const uint64_t word : words) {
        const auto at = std::lower_bound(distinct.begin(), distinct.end(), word);
        codes.push_back(static_cast<uint64_t>(at - distinct.begin()));
      }
      return PutPlain(codes, out);
    }
    default:
      return PutPlain(words, out);
  }
}

bool ParseWords(ByteReader& from, uint32_t count, uint64_t* out) {
  if (count > kWordsMax) return false;
  const auto form = from.Fixed<uint8_t>();
  if (!from.ok()) return false;
  switch (form) {
    case kRuns:
      return ReadRuns(from, count, out);
    case kDictionary:
      return ReadDictionary(from, count, out);
    default:
      return ReadPlain(from, form, count, out);
  }
}

bool ParseWords(ByteReader& from, uint32_t count, NarrowWords* out,
                std::unique_ptr<std::byte[]>* owner) {
  if (count > kWordsMax) return false;
  ByteReader ahead = from;
  PackedReader packed;
  if (ahead.Fixed<uint8_t>() == kPacked && packed.Parse(ahead, count) && packed.multiple == 1) {
    // The most frequent case, unpacked once.
    from = ahead;
    const uint8_t width = packed.bits == 0    ? 0
                          : packed.bits <= 8  ? 1
                          : packed.bits <= 16 ? 2
                          : packed.bits <= 32 ? 4
                                              : 8;
    if (width > 0) *owner = std::make_unique_for_overwrite<std::byte[]>(size_t{count} * width);
    std::byte* to = owner->get();
    switch (width) {
      case 1:
        packed.Unpack(count, reinterpret_cast<uint8_t*>(to));
        break;
      case 2:
        packed.Unpack(count, reinterpret_cast<uint16_t*>(to));
        break;
      case 4:
        packed.Unpack(count, reinterpret_cast<uint32_t*>(to));
        break;
      case 8:
        packed.Unpack(count, reinterpret_cast<uint64_t*>(to));
        break;
      default:
        break;
    }
    *out = NarrowWords(packed.base, width, to);
    return true;
  }
  std::array<uint64_t, kWordsMax> words;
  if (!ParseWords(from, count, words.data())) return false;
  int64_t min = count == 0 ? 0 : INT64_MAX;
  int64_t max = count == 0 ? 0 : INT64_MIN;
  for (uint32_t i = 0; i < count; ++i) {
    min = std::min(min, static_cast<int64_t>(words[i]));
    max = std::max(max, static_cast<int64_t>(words[i]));
  }
  const auto base = static_cast<uint64_t>(min);
  const uint8_t width = NarrowWidth(static_cast<uint64_t>(max) - base);
  if (width > 0) *owner = std::make_unique_for_overwrite<std::byte[]>(size_t{count} * width);
  switch (width) {
    case 1:
      Narrow<uint8_t>(words.data(), count, base, owner->get());
      break;
    case 2:
      Narrow<uint16_t>(words.data(), count, base, owner->get());
      break;
    case 4:
      Narrow<uint32_t>(words.data(), count, base, owner->get());
      break;
    case 8:
      Narrow<uint64_t>(words.data(), count, base, owner->get());
      break;
    default:
      break;
  }
  *out = NarrowWords(base, width, owner->get());
  return true;
}

}  // namespace oxibase
