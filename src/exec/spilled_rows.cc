#include "exec/spilled_rows.h"

#include <algorithm>
#include <cstring>

#include "storage/byte_codec.h"

namespace oxibase {
namespace {

// A block has for each column: whether there are NULLs, a byte a row if so; the values, or the
// strings' sizes and then their bytes.

struct Bytes16 {
  uint64_t words[2];
};

template <typename T>
void Gather(const VectorView& from, const uint32_t* sel, uint32_t count, std::byte* out) {
  auto* to = reinterpret_cast<T*>(out);
  const T* data = from.data<T>();
  for (uint32_t i = 0; i < count; ++i) {
    std::memcpy(to + i, data + from.sel[sel ? sel[i] : i], sizeof(T));
  }
}

}  // namespace

SpilledRows::SpilledRows(std::shared_ptr<TempFile> file, std::vector<Type> types)
    : types_(std::move(types)), pending_(types_.size()), stream_(std::move(file)) {
  for (const Type type : types_) {
    const PhysicalType physical = PhysicalTypeOf(type);
    has_strings_ |= physical == PhysicalType::kString;
    row_bytes_ += physical == PhysicalType::kString ? sizeof(uint32_t) : PhysicalWidth(physical);
  }
}

uint32_t SpilledRows::RowsThatFit(std::span<const Vector* const> columns, const uint32_t* sel,
                                  uint32_t count) const {
  count = std::min(count, kVectorSize - pending_rows_);
  if (one_block_) return count;
  const size_t room = kBlockBytes > pending_bytes_ ? kBlockBytes - pending_bytes_ : 0;
  if (!has_strings_) {
    const size_t fit = row_bytes_ == 0 ? count : room / row_bytes_;
    return static_cast<uint32_t>(
        std::clamp<size_t>(fit, pending_rows_ == 0 ? 1 : 0, std::max<uint32_t>(count, 1)));
  }
  std::vector<uint32_t> sizes(count, static_cast<uint32_t>(row_bytes_));
  size_t all = 0;
  for (size_t c = 0; c < types_.size(); ++c) {
    if (PhysicalTypeOf(types_[c]) != PhysicalType::kString) continue;
    const VectorView view = columns[c]->view();
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t position = view.sel[sel ? sel[i] : i];
      if (view.validity->IsValid(position)) sizes[i] += view.data<StringRef>()[position].size();
    }
  }
  for (uint32_t i = 0; i < count; ++i) {
    all += sizes[i];
    if (all > room && (i > 0 || pending_rows_ > 0)) return i;
  }
  return count;
}

void SpilledRows::AddColumn(Column& to, const Vector& source, const uint32_t* sel, uint32_t count) {
  const VectorView from = source.view();
  const bool all_valid = from.validity->all_valid();
  if (!all_valid && to.is_null.empty()) to.is_null.assign(pending_rows_, 0);
  if (!all_valid) {
    for (uint32_t i = 0; i < count; ++i) {
      to.is_null.push_back(from.validity->IsValid(from.sel[sel ? sel[i] : i]) ? 0 : 1);
    }
  } else if (!to.is_null.empty()) {
    to.is_null.resize(to.is_null.size() + count, 0);
  }
  if (source.physical() == PhysicalType::kString) {
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t position = from.sel[sel ? sel[i] : i];
      if (!all_valid && !from.validity->IsValid(position)) {
        to.sizes.push_back(0);
        continue;
      }
      const std::string_view text = from.data<StringRef>()[position].view();
      const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
      to.values.insert(to.values.end(), bytes, bytes + text.size());
      to.sizes.push_back(static_cast<uint32_t>(text.size()));
      pending_bytes_ += text.size();
    }
    return;
  }
  const size_t width = PhysicalWidth(source.physical());
  const size_t at = to.values.size();
  to.values.resize(at + width * count);
  std::byte* out = to.values.data() + at;
  switch (width) {
    case 1:
      return Gather<uint8_t>(from, sel, count, out);
    case 2:
      return Gather<uint16_t>(from, sel, count, out);
    case 4:
      return Gather<uint32_t>(from, sel, count, out);
    case 8:
      return Gather<uint64_t>(from, sel, count, out);
    default:
      return Gather<Bytes16>(from, sel, count, out);
  }
}

Status SpilledRows::Append(std::span<const Vector* const> columns, const uint32_t* sel,
                           uint32_t count) {
  uint32_t done = 0;
  uint32_t rest[kVectorSize];
  while (done < count) {
    const uint32_t* from = sel ? sel + done : nullptr;
    if (!from && done > 0) {
      for (uint32_t i = 0; i < count - done; ++i) rest[i] = done + i;
      from = rest;
    }
    const uint32_t take = RowsThatFit(columns, from, count - done);
    if (take == 0) {
      RETURN_IF_ERROR(EndBlock());
      continue;
    }
    for (size_t c = 0; c < types_.size(); ++c) AddColumn(pending_[c], *columns[c], from, take);
    pending_bytes_ += row_bytes_ * take;
    pending_rows_ += take;
    rows_ += take;
    done += take;
    if (pending_rows_ == kVectorSize || (pending_bytes_ >= kBlockBytes && !one_block_)) {
      RETURN_IF_ERROR(EndBlock());
    }
  }
  return {};
}

Status SpilledRows::Append(const Batch& batch) {
  std::vector<const Vector*> columns;
  columns.reserve(types_.size());
  for (size_t c = 0; c < types_.size(); ++c) columns.push_back(&batch.columns[c]);
  return Append(columns, nullptr, batch.size);
}

Status SpilledRows::AppendBlock(const Batch& batch) {
  RETURN_IF_ERROR(EndBlock());
  one_block_ = true;
  Status status = Append(batch);
  one_block_ = false;
  RETURN_IF_ERROR(std::move(status));
  return EndBlock();
}

Status SpilledRows::EndBlock() {
  if (pending_rows_ == 0) return {};
  std::vector<std::byte> content;
  content.reserve(pending_bytes_ + types_.size());
  ByteWriter writer(content);
  for (Column& column : pending_) {
    writer.Fixed(static_cast<uint8_t>(column.is_null.empty() ? 0 : 1));
    writer.Raw(std::as_bytes(std::span(column.is_null)));
    writer.Raw(std::as_bytes(std::span(column.sizes)));
    writer.Raw(column.values);
    column.is_null.clear();
    column.sizes.clear();
    if (column.values.capacity() > 4 * kBlockBytes) column.values = {};  // held one long string
    column.values.clear();
  }
  const uint64_t offset = stream_.size();
  RETURN_IF_ERROR(stream_.AppendBlock(content));
  blocks_.push_back({offset, static_cast<uint32_t>(stream_.size() - offset), pending_rows_});
  pending_rows_ = 0;
  pending_bytes_ = 0;
  return {};
}

Status SpilledRows::Finish() {
  RETURN_IF_ERROR(EndBlock());
  for (Column& column : pending_) column = {};
  return stream_.Finish();
}

Status SpilledRows::ReadBlock(size_t i, Batch& out) const {
  const Block& at = blocks_[i];
  std::vector<std::byte> content;
  RETURN_IF_ERROR(stream_.ReadBlock(at.offset, at.bytes, &content));
  std::span<const std::byte> rest = content;
  if (out.columns.size() != types_.size()) out = Batch(types_);
  const auto take = [&](size_t count) {
    const auto part = rest.first(count);
    rest = rest.subspan(count);
    return part;
  };
  for (size_t c = 0; c < types_.size(); ++c) {
    Vector& to = out.columns[c];
    to.ResetFlat(std::max(at.rows, 5u));
    if (take(1)[0] != std::byte{0}) {
      const auto nulls = take(at.rows);
      for (uint32_t row = 0; row < at.rows; ++row) {
        if (nulls[row] != std::byte{0}) to.validity().SetNull(row);
      }
    }
    if (to.physical() != PhysicalType::kString) {
      const auto values = take(at.rows * PhysicalWidth(to.physical()));
      std::memcpy(to.data<std::byte>(), values.data(), values.size());
      continue;
    }
    const auto sizes = take(at.rows * sizeof(uint32_t));
    size_t all = 0;
    size_t held = 0;  // of the strings that do not fit their StringRef
    for (uint32_t row = 0; row < at.rows; ++row) {
      const uint32_t size = LoadLe<uint32_t>(sizes.data() + row * sizeof(uint32_t));
      all += size;
      if (size > StringRef::kInlineBytes) held += size;
    }
    const auto text = take(all);
    const char* from = reinterpret_cast<const char*>(text.data());
    if (held > 0) {
      std::byte* copy = to.arena().Allocate(all);
      std::memcpy(copy, text.data(), all);
      from = reinterpret_cast<const char*>(copy);
    }
    for (uint32_t row = 0; row < at.rows; ++row) {
      const uint32_t size = LoadLe<uint32_t>(sizes.data() + row * sizeof(uint32_t));
      to.data<StringRef>()[row] = StringRef(from, size);
      from += size;
    }
  }
  out.size = at.rows;
  return {};
}

Result<const Batch*> SpilledRowsReader::Next() {
  if (next_ == rows_.blocks()) return nullptr;
  if (release_) rows_.Release(next_);
  RETURN_IF_ERROR(rows_.ReadBlock(next_, batch_));
  ++next_;
  return &batch_;
}

}  // namespace oxibase
