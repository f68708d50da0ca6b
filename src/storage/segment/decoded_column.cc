#include "storage/segment/decoded_column.h"

#include <algorithm>
#include <array>

#include "storage/byte_codec.h"
#include "storage/segment/column_block.h"
#include "storage/segment/word_codec.h"

namespace oxibase {
namespace {

// What an absent value of any type is read from.
constexpr std::byte kZeros[16] = {};

bool IsInteger(PhysicalType physical) {
  return physical == PhysicalType::kBool || physical == PhysicalType::kInt16 ||
         physical == PhysicalType::kInt32 || physical == PhysicalType::kInt64;
}

template <typename N>
void AddUp(const std::byte* lengths, uint32_t rows, uint32_t* offsets, uint64_t* total) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < rows; ++i) {
    offsets[i] = static_cast<uint32_t>(sum);
    N length;
    std::memcpy(&length, lengths + i * sizeof(N), sizeof(N));
    sum += length;
  }
  *total = sum;
}

}  // namespace

Result<std::unique_ptr<DecodedColumn>> DecodedColumn::Decode(BlockBytes block,
                                                             PhysicalType physical, uint32_t rows) {
  // At width 0 the content says nothing about the number of rows: believe no more than a vector's.
  if (rows > kVectorSize) return DamagedBlock("it has too many rows");
  ASSIGN_OR_RETURN(OpenedBlock opened, OpenBlock(std::move(block)));
  std::unique_ptr<DecodedColumn> column(new DecodedColumn(physical, rows));
  column->owner_ = std::move(opened.owner);
  ByteReader from(opened.content);
  bool all_null = false;
  if (from.Fixed<uint8_t>() != 0) {
    const ByteSpan bits = from.Raw((rows + 7) / 8);
    if (!from.ok()) return DamagedBlock("its NULLs");
    column->nulls_ = bits.data();
    uint32_t nulls = 0;
    for (uint32_t i = 0; i < rows; ++i) nulls += column->IsNull(i) ? 1 : 0;
    all_null = nulls == rows;
  }
  const bool good = physical == PhysicalType::kString
                        ? column->SetString(from, opened.encoding)
                        : column->SetFixed(from, opened.encoding, all_null);
  if (!good || !from.ok() || !from.at_end()) return DamagedBlock("its values");
  column->DropPackedBytes();
  return column;
}

void DecodedColumn::DropPackedBytes() {
  // Dictionaries keep their texts where they were read.
  if (values_ != nullptr || text_ != nullptr || narrow_.differences() != narrow_owner_.get())
    return;
  BlockBytes nulls;
  if (nulls_ != nullptr) {
    nulls = BlockBytes((rows_ + 7) / 8);
    std::memcpy(nulls.data.get(), nulls_, nulls.size);
    nulls_ = nulls.data.get();
  }
  owner_ = std::move(nulls);
}

bool DecodedColumn::SetFixed(ByteReader& from, uint8_t encoding, bool all_null) {
  const size_t width = PhysicalWidth(physical_);
  switch (encoding) {
    case kPlainEncoding:
      form_ = Form::kPlain;
      values_ = from.Raw(rows_ * width).data();
      return true;
    case kConstantEncoding:
      form_ = Form::kConstant;
      values_ = all_null ? kZeros : from.Raw(width).data();
      return true;
    case kFrameEncoding:
      if (!IsInteger(physical_)) return false;
      form_ = Form::kNarrow;
      return narrow_.Parse(from, rows_);
    case kWordsEncoding:
      if (!IsInteger(physical_)) return false;
      form_ = Form::kNarrow;
      return ParseWords(from, rows_, &narrow_, &narrow_owner_);
    default:
      return false;
  }
}

bool DecodedColumn::SetString(ByteReader& from, uint8_t encoding) {
  switch (encoding) {
    case kStringsEncoding:
      form_ = Form::kStrings;
      return SetStrings(from);
    case kTextsEncoding:
      form_ = Form::kStrings;
      return SetTexts(from, rows_);
    case kDictionaryEncoding: {
      form_ = Form::kDictionary;
      const uint64_t count = from.Varint();
      if (count > rows_ || !ParseWords(from, rows_, &narrow_, &narrow_owner_)) return false;
      for (uint32_t i = 0; i < rows_; ++i)
        if (narrow_[i] >= count) return false;
      return SetTexts(from, static_cast<uint32_t>(count));
    }
    case kDecimalsEncoding: {
      form_ = Form::kDecimals;
      const uint64_t scale = from.Varint();
      if (scale > SmallDecimal::kScaleMax) return false;
      scale_ = static_cast<uint16_t>(scale);
      return ParseWords(from, rows_, &narrow_, &narrow_owner_);
    }
    default:
      return false;
  }
}

bool DecodedColumn::SetTexts(ByteReader& from, uint32_t count) {
  std::array<uint64_t, kWordsMax> lengths;
  if (!ParseWords(from, count, lengths.data())) return false;
  texts_ = count;
  offsets_ = std::make_unique_for_overwrite<uint32_t[]>(count + 1);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < count; ++i) {
    offsets_[i] = static_cast<uint32_t>(sum);
    if (lengths[i] > from.remaining()) return false;
    sum += lengths[i];
  }
  const ByteSpan bytes = from.Raw(sum);
  if (!from.ok()) return false;
  offsets_[count] = static_cast<uint32_t>(sum);
  text_ = reinterpret_cast<const char*>(bytes.data());
  return true;
}

bool DecodedColumn::SetStrings(ByteReader& from) {
  texts_ = rows_;
  const auto width = from.Fixed<uint8_t>();
  if (!from.ok() || (width != 1 && width != 2 && width != 4)) return false;
  const ByteSpan lengths = from.Raw(uint64_t{rows_} * width);
  if (!from.ok()) return false;
  offsets_ = std::make_unique_for_overwrite<uint32_t[]>(rows_ + 1);
  uint64_t total = 0;
  switch (width) {
    case 1:
      AddUp<uint8_t>(lengths.data(), rows_, offsets_.get(), &total);
      break;
    case 2:
      AddUp<uint16_t>(lengths.data(), rows_, offsets_.get(), &total);
      break;
    default:
      AddUp<uint32_t>(lengths.data(), rows_, offsets_.get(), &total);
  }
  // A sum beyond 32 bits is more than any content has.
  const ByteSpan bytes = from.Raw(total);
  if (!from.ok()) return false;
  offsets_[rows_] = static_cast<uint32_t>(total);
  text_ = reinterpret_cast<const char*>(bytes.data());
  return true;
}

size_t DecodedColumn::MemoryBytes() const {
  return sizeof(*this) + owner_.size + (offsets_ ? (texts_ + 1) * sizeof(uint32_t) : 0) +
         (narrow_owner_ ? size_t{rows_} * narrow_.width() : 0);
}

Value DecodedColumn::GetValue(uint32_t i, Type type) const {
  OXI_DCHECK(PhysicalTypeOf(type) == physical_ && i < rows_);
  if (IsNull(i)) return Value::Null(type);
  switch (physical_) {
    case PhysicalType::kString:
      return Value::String(type, std::string(GetString(i).view()));
    case PhysicalType::kBool:
      return Value::Fixed(type, Get<uint8_t>(i));
    case PhysicalType::kInt16:
      return Value::Fixed(type, Get<int16_t>(i));
    case PhysicalType::kInt32:
      return Value::Fixed(type, Get<int32_t>(i));
    case PhysicalType::kInt64:
      return Value::Fixed(type, Get<int64_t>(i));
    case PhysicalType::kFloat32:
      return Value::Fixed(type, Get<float>(i));
    case PhysicalType::kFloat64:
      return Value::Fixed(type, Get<double>(i));
    case PhysicalType::kInterval:
      return Value::Fixed(type, Get<IntervalValue>(i));
    case PhysicalType::kUuid:
      break;
  }
  return Value::Fixed(type, Get<UuidValue>(i));
}

template <typename T, typename PositionOf>
void DecodedColumn::WriteIntegers(T* to, uint32_t count, PositionOf position_of) const {
  // One loop a width: nothing is asked for each value.
  const auto write = [&]<typename N>(N) {
    const std::byte* from = narrow_.differences();
    const auto base = static_cast<T>(narrow_.base());
    for (uint32_t i = 0; i < count; ++i) {
      N value;
      std::memcpy(&value, from + position_of(i) * sizeof(N), sizeof(N));
      // Sums in the unsigned form wrap around as they did when the base was taken off.
      using U = std::make_unsigned_t<T>;
      to[i] = static_cast<T>(static_cast<U>(base) + static_cast<U>(value));
    }
  };
  if (form_ == Form::kNarrow) {
    switch (narrow_.width()) {
      case 0:
        std::fill_n(to, count, static_cast<T>(narrow_.base()));
        return;
      case 1:
        return write(uint8_t{});
      case 2:
        return write(uint16_t{});
      case 4:
        return write(uint32_t{});
      default:
        return write(uint64_t{});
    }
  }
  for (uint32_t i = 0; i < count; ++i) to[i] = Get<T>(position_of(i));
}

template <typename PositionOf>
void DecodedColumn::CopyStrings(Vector& out, uint32_t at, uint32_t count,
                                PositionOf position_of) const {
  auto* to = out.data<StringRef>() + at;
  if (form_ == Form::kDecimals) {
    for (uint32_t i = 0; i < count; ++i) to[i] = GetString(position_of(i));
    return;
  }
  // The long ones among `texts` move to one piece of the arena.
  const auto own = [&out](std::span<StringRef> texts) {
    size_t bytes = 0;
    for (const StringRef& text : texts) bytes += text.is_inline() ? 0 : text.size();
    if (bytes == 0) return;
    auto* copy = reinterpret_cast<char*>(out.arena().Allocate(bytes));
    for (StringRef& text : texts) {
      if (text.is_inline()) continue;
      const uint32_t size = text.size();
      std::memcpy(copy, text.data(), size);
      text = StringRef(copy, size);
      copy += size;
    }
  };
  if (form_ == Form::kDictionary && count >= texts_) {
    // Each text once, however many values it is.
    StringRef texts[kWordsMax];
    for (uint32_t i = 0; i < texts_; ++i) texts[i] = Text(i);
    own({texts, texts_});
    for (uint32_t i = 0; i < count; ++i) to[i] = texts[narrow_[position_of(i)]];
    return;
  }
  for (uint32_t i = 0; i < count; ++i) to[i] = GetString(position_of(i));
  own({to, count});
}

template <typename PositionOf>
void DecodedColumn::Write(Vector& out, uint32_t at, uint32_t count, Strings strings,
                          PositionOf position_of) const {
  OXI_DCHECK(out.is_flat() && out.physical() == physical_);
  const auto fixed = [&]<typename T>(T* to) {
    for (uint32_t i = 0; i < count; ++i) to[at + i] = Get<T>(position_of(i));
  };
  switch (physical_) {
    case PhysicalType::kBool:
      WriteIntegers(out.data<uint8_t>() + at, count, position_of);
      break;
    case PhysicalType::kInt16:
      WriteIntegers(out.data<int16_t>() + at, count, position_of);
      break;
    case PhysicalType::kInt32:
      WriteIntegers(out.data<int32_t>() + at, count, position_of);
      break;
    case PhysicalType::kInt64:
      WriteIntegers(out.data<int64_t>() + at, count, position_of);
      break;
    case PhysicalType::kFloat32:
      fixed(out.data<float>());
      break;
    case PhysicalType::kFloat64:
      fixed(out.data<double>());
      break;
    case PhysicalType::kInterval:
      fixed(out.data<IntervalValue>());
      break;
    case PhysicalType::kUuid:
      fixed(out.data<UuidValue>());
      break;
    case PhysicalType::kString: {
      auto* to = out.data<StringRef>() + at;
      if (strings == Strings::kBorrow) {
        for (uint32_t i = 0; i < count; ++i) to[i] = GetString(position_of(i));
        break;
      }
      CopyStrings(out, at, count, position_of);
      break;
    }
  }
  if (nulls_ == nullptr) {
    if (!out.validity().all_valid())
      for (uint32_t i = 0; i < count; ++i) out.validity().SetValid(at + i);
    return;
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (IsNull(position_of(i))) {
      out.validity().SetNull(at + i);
    } else {
      out.validity().SetValid(at + i);
    }
  }
}

void DecodedColumn::CopyTo(Vector& out, uint32_t at, uint32_t first, uint32_t count,
                           Strings strings) const {
  OXI_DCHECK(first + count <= rows_);
  Write(out, at, count, strings, [first](uint32_t i) { return first + i; });
}

void DecodedColumn::Gather(Vector& out, uint32_t at, std::span<const uint32_t> positions,
                           Strings strings) const {
  Write(out, at, static_cast<uint32_t>(positions.size()), strings,
        [positions](uint32_t i) { return positions[i]; });
}

uint32_t DecodedColumn::LowerBound(uint64_t value) const {
  uint32_t first = 0;
  uint32_t count = rows_;
  while (count > 0) {
    const uint32_t half = count / 2;
    if (Get<uint64_t>(first + half) < value) {
      first += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return first;
}

}  // namespace oxibase
