// Arrays and records as text.
#include <charconv>
#include <vector>

#include "common/array.h"
#include "common/record.h"
#include "expr/type_io_internal.h"

namespace oxibase {
namespace {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool IsNullWord(std::string_view word) {
  return word.size() == 4 && (word[0] | 0x20) == 'n' && (word[1] | 0x20) == 'u' &&
         (word[2] | 0x20) == 'l' && (word[3] | 0x20) == 'l';
}

class ArrayReader {
 public:
  ArrayReader(Type element, std::string_view text, const TypeIo& io)
      : element_(element), text_(text), io_(io), builder_(element.id) {}

  Status Read(ReadValue* out) {
    RETURN_IF_ERROR(ReadBounds());
    SkipSpaces();
    if (at_ == text_.size() || text_[at_] != '{') {
      return Malformed(bounds_.empty() ? "Array value must start with \"{\" or dimension "
                                         "information."
                                       : "Array contents must start with \"{\".");
    }
    RETURN_IF_ERROR(ReadLevel(0));
    SkipSpaces();
    if (at_ != text_.size()) return Malformed("Junk after closing right brace.");
    std::vector<ArrayDim> dims;
    if (builder_.size() > 0) {
      for (size_t i = 0; i < sizes_.size(); ++i) dims.push_back({sizes_[i], 1});
    }
    if (!bounds_.empty()) {
      if (bounds_.size() != dims.size()) {
        return Malformed("Specified array dimensions do not match array contents.");
      }
      for (size_t i = 0; i < dims.size(); ++i) {
        if (bounds_[i].size != dims[i].size) {
          return Malformed("Specified array dimensions do not match array contents.");
        }
      }
      dims = bounds_;
    }
    RETURN_IF_ERROR(CheckArraySize(dims));
    std::string bytes;
    if (dims.empty()) {
      builder_.Finish(&bytes);
    } else {
      builder_.Finish(&bytes, dims);
    }
    out->Own(std::move(bytes));
    return {};
  }

 private:
  Status Malformed(std::string detail) const {
    return Error(ErrorCode::kInvalidTextRepresentation, "malformed array literal: \"{}\"", text_)
        .Detail(std::move(detail));
  }
  void SkipSpaces() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }

  /// [1:3][0:1]=
  Status ReadBounds() {
    for (;;) {
      SkipSpaces();
      if (at_ == text_.size() || text_[at_] != '[') break;
      ++at_;
      if (bounds_.size() == kArrayDimsMax) return TooManyDims();
      int32_t first = 0;
      RETURN_IF_ERROR(ReadBound(&first));
      ArrayDim dim{first, 1};
      if (at_ < text_.size() && text_[at_] == ':') {
        ++at_;
        int32_t last = 0;
        RETURN_IF_ERROR(ReadBound(&last));
        if (last < first) {
          return Error(ErrorCode::kArraySubscriptError,
                       "upper bound cannot be less than lower bound");
        }
        const int64_t size = static_cast<int64_t>(last) - first + 1;
        if (size > kArrayElementsMax) {
          return Error(ErrorCode::kProgramLimitExceeded,
                       "array size exceeds the maximum allowed ({})", kArrayElementsMax);
        }
        dim = {static_cast<int32_t>(size), first};
      }
      if (at_ == text_.size() || text_[at_] != ']') {
        return Malformed("Missing \"]\" after array dimensions.");
      }
      ++at_;
      bounds_.push_back(dim);
    }
    if (bounds_.empty()) return {};
    if (at_ == text_.size() || text_[at_] != '=') {
      return Malformed("Missing \"=\" after array dimensions.");
    }
    ++at_;
    return {};
  }

  Status ReadBound(int32_t* value) {
    if (at_ < text_.size() && text_[at_] == '+') ++at_;
    const auto [end, error] =
        std::from_chars(text_.data() + at_, text_.data() + text_.size(), *value);
    if (error != std::errc()) {
      return Malformed("\"[\" must introduce explicitly-specified array dimensions.");
    }
    at_ = static_cast<size_t>(end - text_.data());
    return {};
  }

  Status TooManyDims() const {
    return Error(ErrorCode::kProgramLimitExceeded,
                 "number of array dimensions ({}) exceeds the maximum allowed ({})",
                 kArrayDimsMax + 1, kArrayDimsMax);
  }

  /// From '{' to its '}'.
  Status ReadLevel(size_t depth) {
    if (depth == kArrayDimsMax) return TooManyDims();
    ++at_;
    int32_t count = 0;
    // Contents are all elements or all arrays, and all arrays of a level have one size.
    bool has_arrays = false;
    bool has_elements = false;
    for (;;) {
      SkipSpaces();
      if (at_ == text_.size()) return Malformed("Unexpected end of input.");
      const char c = text_[at_];
      if (c == '}') {
        if (count > 0) return Malformed("Unexpected \"}\" character.");
        ++at_;
        break;
      }
      if (c == ',') return Malformed("Unexpected \",\" character.");
      if (c == '{') {
        if (has_elements || (leaf_depth_ && *leaf_depth_ <= depth)) return RaggedArray();
        has_arrays = true;
        RETURN_IF_ERROR(ReadLevel(depth + 1));
      } else {
        if (has_arrays || (leaf_depth_ && *leaf_depth_ != depth)) return RaggedArray();
        has_elements = true;
        leaf_depth_ = depth;
        RETURN_IF_ERROR(ReadElement());
      }
      ++count;
      SkipSpaces();
      if (at_ == text_.size()) return Malformed("Unexpected end of input.");
      if (text_[at_] == '}') {
        ++at_;
        break;
      }
      if (text_[at_] != ',') return Malformed("Unexpected array element.");
      ++at_;
    }
    if (count == 0 && depth > 0) return Malformed("Unexpected \"}\" character.");
    if (sizes_.size() <= depth) sizes_.resize(depth + 1, -1);
    if (sizes_[depth] >= 0 && sizes_[depth] != count) return RaggedArray();
    sizes_[depth] = count;
    return {};
  }

  Status RaggedArray() const {
    return Malformed("Multidimensional arrays must have sub-arrays with matching dimensions.");
  }

  Status ReadElement() {
    std::string element;
    if (text_[at_] == '"') {
      ++at_;
      for (;;) {
        if (at_ == text_.size()) return Malformed("Unexpected end of input.");
        char c = text_[at_++];
        if (c == '"') break;
        if (c == '\\') {
          if (at_ == text_.size()) return Malformed("Unexpected end of input.");
          c = text_[at_++];
        }
        element.push_back(c);
      }
    } else {
      size_t kept = 0;  // without the blanks at the end
      bool escaped = false;
      while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}') {
        char c = text_[at_++];
        if (c == '{' || c == '"') {
          return Malformed(c == '{' ? "Unexpected \"{\" character." : "Unexpected array element.");
        }
        const bool is_escape = c == '\\';
        if (is_escape) {
          escaped = true;
          if (at_ == text_.size()) return Malformed("Unexpected end of input.");
          c = text_[at_++];
        }
        element.push_back(c);
        if (is_escape || !IsSpace(c)) kept = element.size();
      }
      element.resize(kept);
      if (!escaped && IsNullWord(element)) {
        builder_.AddNull();
        return {};
      }
    }
    ReadValue read;
    RETURN_IF_ERROR(ReadText(element_, element, io_, &read));
    const PhysicalType physical = PhysicalTypeOf(element_);
    if (physical == PhysicalType::kString) {
      builder_.AddBytes(read.bytes);
    } else {
      builder_.AddBytes({reinterpret_cast<const char*>(read.fixed), PhysicalWidth(physical)});
    }
    return {};
  }

  Type element_;
  std::string_view text_;
  const TypeIo& io_;
  ArrayBuilder builder_;
  size_t at_ = 0;
  std::vector<ArrayDim> bounds_;
  std::vector<int32_t> sizes_;
  std::optional<size_t> leaf_depth_;
};

bool NeedsArrayQuotes(std::string_view element) {
  if (element.empty() || IsNullWord(element)) return true;
  for (const char c : element) {
    if (c == '"' || c == '\\' || c == '{' || c == '}' || c == ',' || IsSpace(c)) return true;
  }
  return false;
}

void WriteLevel(const ArrayView& array, int depth, uint32_t* next, const TypeIo& io,
                std::string* scratch, std::string* out) {
  out->push_back('{');
  const int32_t size = array.dim(depth).size;
  for (int32_t i = 0; i < size; ++i) {
    if (i > 0) out->push_back(',');
    if (depth + 1 < array.ndim()) {
      WriteLevel(array, depth + 1, next, io, scratch, out);
      continue;
    }
    const uint32_t at = (*next)++;
    if (array.IsNull(at)) {
      out->append("NULL");
      continue;
    }
    scratch->clear();
    WriteText(array.element_type(), array.GetBytes(at), io, scratch);
    if (!NeedsArrayQuotes(*scratch)) {
      out->append(*scratch);
      continue;
    }
    out->push_back('"');
    for (const char c : *scratch) {
      if (c == '"' || c == '\\') out->push_back('\\');
      out->push_back(c);
    }
    out->push_back('"');
  }
  out->push_back('}');
}

}  // namespace

Status ReadArrayText(Type type, std::string_view text, const TypeIo& io, ReadValue* out) {
  const Type element(ElementTypeOf(type.id), type.typmod);
  if (element.id == TypeId::kInvalid) {
    return Error(ErrorCode::kFeatureNotSupported, "cannot accept a value of type {}",
                 TypeName(type.id));
  }
  if (type.id == TypeId::kInt2Vector || type.id == TypeId::kOidVector) {
    // Numbers between blanks, counted from 0.
    ArrayBuilder builder(element.id);
    size_t at = 0;
    for (;;) {
      while (at < text.size() && IsSpace(text[at])) ++at;
      if (at == text.size()) break;
      const size_t begin = at;
      while (at < text.size() && !IsSpace(text[at])) ++at;
      ReadValue read;
      RETURN_IF_ERROR(ReadText(element, text.substr(begin, at - begin), io, &read));
      builder.AddBytes(
          {reinterpret_cast<const char*>(read.fixed), PhysicalWidth(PhysicalTypeOf(element))});
    }
    std::string bytes;
    builder.Finish(&bytes, 0);
    out->Own(std::move(bytes));
    return {};
  }
  return ArrayReader(element, text, io).Read(out);
}

void WriteArrayText(std::string_view bytes, const TypeIo& io, std::string* out) {
  const ArrayView array(bytes);
  if (array.size() == 0) {
    out->append("{}");
    return;
  }
  bool has_bounds = false;
  for (int d = 0; d < array.ndim(); ++d) has_bounds |= array.dim(d).lower != 1;
  if (has_bounds) {
    for (int d = 0; d < array.ndim(); ++d) {
      const ArrayDim dim = array.dim(d);
      fmt::format_to(std::back_inserter(*out), "[{}:{}]", dim.lower, dim.lower + dim.size - 1);
    }
    out->push_back('=');
  }
  uint32_t next = 0;
  std::string scratch;
  WriteLevel(array, 0, &next, io, &scratch, out);
}

void WriteRecordText(std::string_view bytes, const TypeIo& io, std::string* out) {
  RecordReader reader(bytes);
  std::string field;
  out->push_back('(');
  bool first = true;
  while (reader.Next()) {
    if (!first) out->push_back(',');
    first = false;
    if (reader.is_null()) continue;
    field.clear();
    WriteText(reader.type(), reader.bytes(), io, &field);
    bool quotes = field.empty();
    for (const char c : field) {
      quotes |= c == '"' || c == '\\' || c == '(' || c == ')' || c == ',' || IsSpace(c);
    }
    if (!quotes) {
      out->append(field);
      continue;
    }
    out->push_back('"');
    for (const char c : field) {
      if (c == '"' || c == '\\') out->push_back(c);
      out->push_back(c);
    }
    out->push_back('"');
  }
  out->push_back(')');
}

}  // namespace oxibase
