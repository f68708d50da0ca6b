#include "common/array.h"

#include "common/record.h"

namespace oxibase {
namespace {

uint32_t LoadU32(const char* p) {
  uint32_t value;
  std::memcpy(&value, p, 4);
  return value;
}

void AppendU32(uint32_t value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), 4);
}

uint32_t FixedWidth(PhysicalType physical) {
  return physical == PhysicalType::kString ? 0 : static_cast<uint32_t>(PhysicalWidth(physical));
}

void AppendHeader(TypeId element, const std::vector<ArrayDim>& dims, bool has_nulls,
                  std::string* out) {
  AppendU32(static_cast<uint32_t>(element), out);
  const char header[4] = {static_cast<char>(dims.size()), has_nulls, 0, 0};
  out->append(header, 4);
  for (const ArrayDim& dim : dims) {
    AppendU32(static_cast<uint32_t>(dim.size), out);
    AppendU32(static_cast<uint32_t>(dim.lower), out);
  }
}

}  // namespace

ArrayView::ArrayView(std::string_view bytes) {
  OXI_DCHECK(bytes.size() >= 8);
  const char* p = bytes.data();
  element_ = static_cast<TypeId>(LoadU32(p));
  physical_ = PhysicalTypeOf(element_);
  width_ = FixedWidth(physical_);
  ndim_ = p[4];
  const bool has_nulls = p[5] != 0;
  p += 8;
  dims_ = p;
  count_ = ndim_ == 0 ? 0 : 1;
  for (int d = 0; d < ndim_; ++d) count_ *= static_cast<uint32_t>(dim(d).size);
  p += 8 * ndim_;
  if (has_nulls) {
    nulls_ = reinterpret_cast<const unsigned char*>(p);
    p += (count_ + 7) / 8;
  }
  values_ = p;
  if (width_ == 0) content_ = p + 4 * (static_cast<size_t>(count_) + 1);
}

ArrayDim ArrayView::dim(int i) const {
  ArrayDim dim;
  std::memcpy(&dim, dims_ + 8 * i, 8);
  return dim;
}

std::string_view ArrayView::GetBytes(uint32_t i) const {
  if (width_ != 0) return {values_ + static_cast<size_t>(i) * width_, width_};
  const uint32_t begin = LoadU32(values_ + 4 * static_cast<size_t>(i));
  const uint32_t end = LoadU32(values_ + 4 * static_cast<size_t>(i) + 4);
  return {content_ + begin, end - begin};
}

Value ArrayView::GetValue(uint32_t i) const {
  if (IsNull(i)) return Value::Null(element_);
  return ValueFromBytes(element_, GetBytes(i));
}

void ArrayView::CopyElement(uint32_t i, Vector* out, uint32_t row) const {
  if (IsNull(i)) {
    out->validity().SetNull(row);
    return;
  }
  const std::string_view bytes = GetBytes(i);
  if (width_ == 0) {
    out->data<StringRef>()[row] = StringRef(bytes);
  } else {
    std::memcpy(out->data<char>() + static_cast<size_t>(row) * width_, bytes.data(), width_);
  }
}

void ArrayBuilder::Reset(TypeId element) {
  element_ = element;
  physical_ = PhysicalTypeOf(element);
  width_ = FixedWidth(physical_);
  has_nulls_ = false;
  is_null_.clear();
  ends_.clear();
  content_.clear();
}

void ArrayBuilder::AddNull() {
  has_nulls_ = true;
  is_null_.push_back(true);
  if (width_ == 0) {
    ends_.push_back(static_cast<uint32_t>(content_.size()));
  } else {
    content_.append(width_, '\0');
  }
}

void ArrayBuilder::AddBytes(std::string_view bytes) {
  is_null_.push_back(false);
  content_.append(bytes);
  if (width_ == 0) ends_.push_back(static_cast<uint32_t>(content_.size()));
}

void ArrayBuilder::AddValue(const Value& value) {
  if (value.is_null()) {
    AddNull();
  } else {
    AddBytes(BytesOf(value));
  }
}

void ArrayBuilder::AddFrom(const VectorView& view, uint32_t row) {
  if (view.IsNull(row)) {
    AddNull();
  } else {
    AddBytes(BytesOf(physical_, view, row));
  }
}

void ArrayBuilder::Finish(std::string* out, int32_t lower) const {
  if (size() == 0) {
    AppendHeader(element_, {}, false, out);
    if (width_ == 0) AppendU32(0, out);
    return;
  }
  Finish(out, {ArrayDim{static_cast<int32_t>(size()), lower}});
}

void ArrayBuilder::Finish(std::string* out, const std::vector<ArrayDim>& dims) const {
  AppendHeader(element_, dims, has_nulls_, out);
  if (has_nulls_) {
    const size_t begin = out->size();
    out->append((is_null_.size() + 7) / 8, '\0');
    for (size_t i = 0; i < is_null_.size(); ++i) {
      if (is_null_[i])
        (*out)[begin + i / 8] = static_cast<char>((*out)[begin + i / 8] | 1 << i % 8);
    }
  }
  if (width_ == 0) {
    AppendU32(0, out);
    for (const uint32_t end : ends_) AppendU32(end, out);
  }
  out->append(content_);
}

std::string EmptyArray(TypeId element) {
  std::string out;
  ArrayBuilder(element).Finish(&out);
  return out;
}

Status CheckArraySize(const std::vector<ArrayDim>& dims) {
  int64_t count = 1;
  for (const ArrayDim& dim : dims) {
    count *= dim.size;
    if (count > kArrayElementsMax) {
      return Error(ErrorCode::kProgramLimitExceeded, "array size exceeds the maximum allowed ({})",
                   kArrayElementsMax);
    }
    if (static_cast<int64_t>(dim.lower) + dim.size > INT32_MAX) {
      return Error(ErrorCode::kProgramLimitExceeded, "array lower bound is too large: {}",
                   dim.lower);
    }
  }
  return {};
}

}  // namespace oxibase
