#include "storage/index/row_chunks.h"

#include <algorithm>
#include <bit>

namespace oxibase {
namespace {

enum class Form : uint8_t { kArray, kBits, kRuns };

constexpr uint64_t kChunkRows = 1 << 16;

uint16_t LowBits(uint64_t row) { return static_cast<uint16_t>(row); }

void AppendChunk(std::span<const uint64_t> rows, std::vector<std::byte>& out) {
  ByteWriter to(out);
  size_t runs = 1;
  for (size_t i = 1; i < rows.size(); ++i) runs += rows[i] != rows[i - 1] + 1 ? 1 : 0;
  const uint32_t first_byte = LowBits(rows.front()) / 8;
  const uint32_t bytes = LowBits(rows.back()) / 8 - first_byte + 1;
  const size_t smallest = std::min({rows.size() * 2, runs * 4, size_t{bytes} + 4});
  to.Varint(rows.size());
  if (smallest == runs * 4) {
    to.Fixed(Form::kRuns);
    to.Varint(runs);
    for (size_t i = 0; i < rows.size();) {
      size_t end = i + 1;
      while (end < rows.size() && rows[end] == rows[end - 1] + 1) ++end;
      to.Fixed(LowBits(rows[i]));
      to.Fixed(static_cast<uint16_t>(end - i - 1));
      i = end;
    }
  } else if (smallest == rows.size() * 2) {
    to.Fixed(Form::kArray);
    for (const uint64_t row : rows) to.Fixed(LowBits(row));
  } else {
    to.Fixed(Form::kBits);
    to.Fixed(static_cast<uint16_t>(first_byte));
    to.Fixed(static_cast<uint16_t>(bytes));
    const size_t at = out.size();
    out.resize(at + bytes);
    for (const uint64_t row : rows) {
      out[at + LowBits(row) / 8 - first_byte] |= std::byte{1} << (row % 8);
    }
  }
}

bool ReadArray(ByteReader& from, uint64_t base, uint64_t count, std::vector<uint64_t>& rows) {
  const auto bytes = from.Raw(count * 2);
  if (!from.ok()) return false;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t row = base | LoadLe<uint16_t>(bytes.data() + i * 2);
    if (i > 0 && row <= rows.back()) return false;
    rows.push_back(row);
  }
  return true;
}

bool ReadBits(ByteReader& from, uint64_t base, uint64_t count, std::vector<uint64_t>& rows) {
  const uint32_t first_byte = from.Fixed<uint16_t>();
  const uint32_t bytes = from.Fixed<uint16_t>();
  const auto bits = from.Raw(bytes);
  if (!from.ok() || first_byte + bytes > kChunkRows / 8) return false;
  const size_t end = rows.size() + count;
  for (uint32_t i = 0; i < bytes; ++i) {
    for (auto byte = static_cast<uint8_t>(bits[i]); byte != 0; byte &= byte - 1) {
      if (rows.size() == end) return false;
      rows.push_back(base | ((first_byte + i) * 8 + static_cast<uint32_t>(std::countr_zero(byte))));
    }
  }
  return rows.size() == end;
}

bool ReadRuns(ByteReader& from, uint64_t base, uint64_t count, std::vector<uint64_t>& rows) {
  const uint64_t runs = from.Varint();
  if (runs > count) return false;
  const size_t end = rows.size() + count;
  uint32_t next = 0;
  for (uint64_t i = 0; i < runs; ++i) {
    const uint32_t first = from.Fixed<uint16_t>();
    const uint32_t length = from.Fixed<uint16_t>() + uint32_t{1};
    if (!from.ok() || first < next || first + length > kChunkRows || rows.size() + length > end)
      return false;
    for (uint32_t row = first; row < first + length; ++row) rows.push_back(base | row);
    next = first + length;
  }
  return rows.size() == end;
}

}  // namespace

void AppendRowChunks(std::span<const uint64_t> rows, std::vector<std::byte>& out) {
  const auto chunk_of = [](uint64_t row) { return row / kChunkRows; };
  uint64_t before = 0;
  for (size_t i = 0; i < rows.size();) {
    const uint64_t chunk = chunk_of(rows[i]);
    size_t end = i + 1;
    while (end < rows.size() && chunk_of(rows[end]) == chunk) ++end;
    ByteWriter(out).Varint(chunk - before);
    before = chunk;
    AppendChunk(rows.subspan(i, end - i), out);
    i = end;
  }
}

bool ReadRowChunks(ByteReader& from, uint64_t count, std::vector<uint64_t>& rows) {
  const size_t end = rows.size() + count;
  uint64_t chunk = 0;
  for (bool is_first = true; rows.size() < end; is_first = false) {
    const uint64_t step = from.Varint();
    const uint64_t in_chunk = from.Varint();
    const auto form = from.Fixed<Form>();
    if (!from.ok() || (step == 0 && !is_first)) return false;
    if (step > UINT64_MAX / kChunkRows - chunk) return false;
    chunk += step;
    if (in_chunk == 0 || in_chunk > end - rows.size() || in_chunk > kChunkRows) return false;
    const uint64_t base = chunk * kChunkRows;
    bool is_good = false;
    switch (form) {
      case Form::kArray:
        is_good = ReadArray(from, base, in_chunk, rows);
        break;
      case Form::kBits:
        is_good = ReadBits(from, base, in_chunk, rows);
        break;
      case Form::kRuns:
        is_good = ReadRuns(from, base, in_chunk, rows);
        break;
    }
    if (!is_good) return false;
  }
  return true;
}

}  // namespace oxibase
