// json_object and jsonb_object: objects from arrays of texts.

#include "common/array.h"
#include "common/jsonb.h"
#include "expr/function_registry.h"
#include "expr/kernels.h"

namespace oxibase {
namespace {

using View = std::string_view;

/// Keys and values in turn; a value may be missing.
class ObjectWriter {
 public:
  explicit ObjectWriter(bool binary) : binary_(binary) {
    if (binary_) builder_.BeginObject();
  }
  void Add(View key, std::optional<View> value) {
    if (binary_) {
      builder_.Key(key);
      value ? builder_.String(*value) : builder_.Null();
      return;
    }
    if (!text_.empty()) text_ += ", ";
    AppendJsonString(key, &text_);
    text_ += " : ";
    if (value) {
      AppendJsonString(*value, &text_);
    } else {
      text_ += "null";
    }
  }
  std::string Finish() {
    if (!binary_) return "{" + text_ + "}";
    builder_.EndObject();
    return builder_.Finish();
  }

 private:
  bool binary_;
  std::string text_;
  JsonbBuilder builder_;
};

std::optional<View> At(const ArrayView& array, uint32_t i) {
  if (array.IsNull(i)) return std::nullopt;
  return array.GetBytes(i);
}
Status NullKey() {
  return Error(ErrorCode::kNullValueNotAllowed, "null value not allowed for object key");
}

template <bool kBinary>
Result<std::string> FromPairs(ArrayView pairs) {
  if (pairs.ndim() > 2 || (pairs.ndim() == 2 && pairs.dim(1).size != 2)) {
    return Error(
        ErrorCode::kArraySubscriptError, "{}",
        pairs.ndim() == 2 ? "array must have two columns" : "wrong number of array subscripts");
  }
  if (pairs.size() % 2 != 0) {
    return Error(ErrorCode::kArraySubscriptError, "array must have even number of elements");
  }
  ObjectWriter writer(kBinary);
  for (uint32_t i = 0; i < pairs.size(); i += 2) {
    if (pairs.IsNull(i)) return NullKey();
    writer.Add(pairs.GetBytes(i), At(pairs, i + 1));
  }
  return writer.Finish();
}
template <bool kBinary>
Result<std::string> FromTwo(ArrayView keys, ArrayView values) {
  if (keys.ndim() > 1 || values.ndim() > 1) {
    return Error(ErrorCode::kArraySubscriptError, "wrong number of array subscripts");
  }
  if (keys.size() != values.size()) {
    return Error(ErrorCode::kArraySubscriptError, "mismatched array dimensions");
  }
  ObjectWriter writer(kBinary);
  for (uint32_t i = 0; i < keys.size(); ++i) {
    if (keys.IsNull(i)) return NullKey();
    writer.Add(keys.GetBytes(i), At(values, i));
  }
  return writer.Finish();
}

}  // namespace

void RegisterJsonObject(FunctionRegistry& r) {
  r.Scalar("json_object", &Strict<&FromPairs<false>>);
  r.Scalar("json_object_two_arg", &Strict<&FromTwo<false>>);
  r.Scalar("jsonb_object", &Strict<&FromPairs<true>>);
  r.Scalar("jsonb_object_two_arg", &Strict<&FromTwo<true>>);
}

}  // namespace oxibase
