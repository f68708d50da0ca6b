// json and jsonb: operators and functions.

#include "common/json.h"

#include "common/array.h"
#include "expr/function_registry.h"
#include "expr/functions/json_build.h"
#include "expr/kernels.h"

namespace oxibase {
namespace {

using View = std::string_view;
using OptionalText = std::optional<std::string>;
using OptionalView = std::optional<View>;

/// The elements of a text array; false when one is NULL.
bool TextElements(const ArrayView& array, std::vector<View>* out) {
  for (uint32_t i = 0; i < array.size(); ++i) {
    if (array.IsNull(i)) return false;
    out->push_back(array.GetBytes(i));
  }
  return true;
}

// ---- json: text.
Result<OptionalText> AsText(const OptionalView& json) {
  if (!json) return OptionalText();
  std::string text;
  ASSIGN_OR_RETURN(const bool found, AppendJsonAsText(*json, &text));
  return found ? OptionalText(std::move(text)) : OptionalText();
}
OptionalView Field(View json, View key) { return JsonGet(json, key); }
Result<OptionalText> FieldText(View json, View key) { return AsText(JsonGet(json, key)); }
OptionalView Element(View json, int32_t i) { return JsonGet(json, static_cast<int64_t>(i)); }
Result<OptionalText> ElementText(View json, int32_t i) {
  return AsText(JsonGet(json, static_cast<int64_t>(i)));
}
OptionalView Path(View json, ArrayView path) {
  std::vector<View> steps;
  if (!TextElements(path, &steps)) return std::nullopt;
  return JsonGetPath(json, steps);
}
Result<OptionalText> PathText(View json, ArrayView path) { return AsText(Path(json, path)); }

View TypeOf(View json) {
  switch (JsonTypeOf(json)) {
    case JsonTextKind::kNull:
      return "null";
    case JsonTextKind::kBool:
      return "boolean";
    case JsonTextKind::kNumber:
      return "number";
    case JsonTextKind::kString:
      return "string";
    case JsonTextKind::kArray:
      return "array";
    case JsonTextKind::kObject:
      return "object";
  }
  return "";
}
Status NotAnArray(View what) {
  return Error(ErrorCode::kInvalidParameterValue, "cannot get array length of {}", what);
}
Result<int32_t> Length(View json) {
  const JsonTextKind kind = JsonTypeOf(json);
  if (kind == JsonTextKind::kObject) return NotAnArray("a non-array");
  if (kind != JsonTextKind::kArray) return NotAnArray("a scalar");
  ASSIGN_OR_RETURN(const auto members, JsonMembers(json));
  return static_cast<int32_t>(members.size());
}

// ---- jsonb.
OptionalView Bytes(const std::optional<JsonbView>& node) {
  return node ? OptionalView(node->bytes()) : std::nullopt;
}
OptionalText NodeText(const std::optional<JsonbView>& node) {
  std::string text;
  if (!node || !AppendJsonbAsText(*node, &text)) return std::nullopt;
  return text;
}
OptionalView BField(JsonbView node, View key) { return Bytes(JsonbGet(node, key)); }
OptionalText BFieldText(JsonbView node, View key) { return NodeText(JsonbGet(node, key)); }
OptionalView BElement(JsonbView node, int32_t i) {
  return Bytes(JsonbGet(node, static_cast<int64_t>(i)));
}
OptionalText BElementText(JsonbView node, int32_t i) {
  return NodeText(JsonbGet(node, static_cast<int64_t>(i)));
}
std::optional<JsonbView> BNodeAt(JsonbView node, const ArrayView& path) {
  std::vector<View> steps;
  if (!TextElements(path, &steps)) return std::nullopt;
  return JsonbGetPath(node, steps);
}
OptionalView BPath(JsonbView node, ArrayView path) { return Bytes(BNodeAt(node, path)); }
OptionalText BPathText(JsonbView node, ArrayView path) { return NodeText(BNodeAt(node, path)); }
bool ExistsAny(JsonbView node, ArrayView keys) {
  for (uint32_t i = 0; i < keys.size(); ++i) {
    if (!keys.IsNull(i) && JsonbExists(node, keys.GetBytes(i))) return true;
  }
  return false;
}
bool ExistsAll(JsonbView node, ArrayView keys) {
  for (uint32_t i = 0; i < keys.size(); ++i) {
    if (!keys.IsNull(i) && !JsonbExists(node, keys.GetBytes(i))) return false;
  }
  return true;
}
Result<std::string> Delete(JsonbView node, View key) { return JsonbDelete(node, {key}); }
Result<std::string> DeleteArray(JsonbView node, ArrayView keys) {
  std::vector<View> list;
  for (uint32_t i = 0; i < keys.size(); ++i) {
    if (!keys.IsNull(i)) list.push_back(keys.GetBytes(i));
  }
  return JsonbDelete(node, list);
}
Result<std::string> DeleteIndex(JsonbView node, int32_t i) { return JsonbDeleteIndex(node, i); }
Result<std::vector<View>> PathElements(const ArrayView& path) {
  std::vector<View> steps;
  for (uint32_t i = 0; i < path.size(); ++i) {
    if (path.IsNull(i)) {
      return Error(ErrorCode::kNullValueNotAllowed, "path element at position {} is null", i + 1);
    }
    steps.push_back(path.GetBytes(i));
  }
  return steps;
}
Result<std::string> DeletePath(JsonbView node, ArrayView path) {
  ASSIGN_OR_RETURN(const auto steps, PathElements(path));
  return JsonbDeletePath(node, steps);
}
View BTypeOf(JsonbView node) {
  switch (node.kind()) {
    case JsonKind::kNull:
      return "null";
    case JsonKind::kFalse:
    case JsonKind::kTrue:
      return "boolean";
    case JsonKind::kNumber:
      return "number";
    case JsonKind::kString:
      return "string";
    case JsonKind::kArray:
      return "array";
    case JsonKind::kObject:
      return "object";
  }
  return "";
}
Result<int32_t> BLength(JsonbView node) {
  if (node.is_object()) return NotAnArray("a non-array");
  if (!node.is_array()) return NotAnArray("a scalar");
  return static_cast<int32_t>(node.size());
}

/// jsonb_set and jsonb_insert: the last argument may be left out.
template <bool kInsert>
Status SetKernel(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
                 Vector& out) {
  out.ResetFlat(rows);
  for (uint32_t row = 0; row < rows; ++row) {
    bool is_null = false;
    for (const Vector* arg : args) is_null = is_null || arg->IsNull(row);
    if (is_null) {
      kernels::PutNull(out, row);
      continue;
    }
    const VectorView views[3] = {args[0]->view(), args[1]->view(), args[2]->view()};
    const JsonbView node(views[0].Get<StringRef>(row).view());
    const ArrayView path(views[1].Get<StringRef>(row).view());
    const JsonbView value(views[2].Get<StringRef>(row).view());
    const bool flag = args.size() > 3 ? args[3]->view().Get<uint8_t>(row) != 0 : !kInsert;
    ASSIGN_OR_RETURN(const auto steps, PathElements(path));
    ASSIGN_OR_RETURN(const std::string result, kInsert ? JsonbInsert(node, steps, value, flag)
                                                       : JsonbSet(node, steps, value, flag));
    kernels::Put(out, row, result);
  }
  return {};
}

// ---- Building.
Status ToJson(EvalContext& context, CallSite&, std::span<const Vector* const> args, uint32_t rows,
              Vector& out) {
  out.ResetFlat(rows);
  const TypeIo io(context);
  std::string text;
  for (uint32_t row = 0; row < rows; ++row) {
    if (args[0]->IsNull(row)) {
      kernels::PutNull(out, row);
      continue;
    }
    text.clear();
    RETURN_IF_ERROR(AppendAsJson(args[0]->GetValue(row), io, &text));
    kernels::Put(out, row, text);
  }
  return {};
}
Status ToJsonb(EvalContext& context, CallSite&, std::span<const Vector* const> args, uint32_t rows,
               Vector& out) {
  out.ResetFlat(rows);
  const TypeIo io(context);
  JsonbBuilder builder;
  for (uint32_t row = 0; row < rows; ++row) {
    if (args[0]->IsNull(row)) {
      kernels::PutNull(out, row);
      continue;
    }
    RETURN_IF_ERROR(AddAsJsonb(args[0]->GetValue(row), io, &builder));
    kernels::Put(out, row, builder.Finish());
  }
  return {};
}

/// json[b]_build_array and json[b]_build_object.
template <bool kBinary, bool kObject>
Status Build(EvalContext& context, CallSite&, std::span<const Vector* const> args, uint32_t rows,
             Vector& out) {
  out.ResetFlat(rows);
  const TypeIo io(context);
  if (kObject && args.size() % 2 != 0) {
    return Error(ErrorCode::kInvalidParameterValue,
                 "argument list must have even number of elements")
        .Hint(fmt::format("The arguments of {} must consist of alternating keys and values.",
                          kBinary ? "jsonb_build_object()" : "json_build_object()"));
  }
  JsonbBuilder builder;
  std::string text;
  for (uint32_t row = 0; row < rows; ++row) {
    text = kObject ? "{" : "[";
    if (kBinary) kObject ? builder.BeginObject() : builder.BeginArray();
    for (size_t k = 0; k < args.size(); ++k) {
      const Value value = args[k]->GetValue(row);
      if (kObject && k % 2 == 0) {
        if (value.is_null()) {
          return Error(ErrorCode::kInvalidParameterValue, "argument {} cannot be null", k + 1)
              .Hint("Object keys should be text.");
        }
        ASSIGN_OR_RETURN(const std::string key, JsonKeyOf(value, io));
        if (kBinary) {
          builder.Key(key);
        } else {
          if (k > 0) text += ", ";
          AppendJsonString(key, &text);
          text += " : ";
        }
        continue;
      }
      if (kBinary) {
        RETURN_IF_ERROR(AddAsJsonb(value, io, &builder));
      } else {
        if (!kObject && k > 0) text += ", ";
        RETURN_IF_ERROR(AppendAsJson(value, io, &text));
      }
    }
    if (kBinary) {
      kObject ? builder.EndObject() : builder.EndArray();
      kernels::Put(out, row, builder.Finish());
    } else {
      text += kObject ? '}' : ']';
      kernels::Put(out, row, text);
    }
  }
  return {};
}

Result<std::string> Pretty(JsonbView node) {
  std::string text;
  AppendJsonbPretty(node, &text);
  return text;
}

/// jsonb_set_lax(): what a NULL for the new value means is the last argument's to say.
Status SetLax(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
              Vector& out) {
  out.ResetFlat(rows);
  for (uint32_t row = 0; row < rows; ++row) {
    const auto is_null = [&](size_t arg) { return args.size() > arg && args[arg]->IsNull(row); };
    if (is_null(0) || is_null(1) || is_null(3)) {
      kernels::PutNull(out, row);
      continue;
    }
    if (is_null(4)) {
      return Error(ErrorCode::kInvalidParameterValue,
                   "null_value_treatment must be \"delete_key\", \"return_target\", "
                   "\"use_json_null\", or \"raise_exception\"");
    }
    const JsonbView node(args[0]->view().Get<StringRef>(row).view());
    const bool create = args.size() < 4 || args[3]->view().Get<uint8_t>(row) != 0;
    ASSIGN_OR_RETURN(const auto steps,
                     PathElements(ArrayView(args[1]->view().Get<StringRef>(row).view())));
    if (!is_null(2)) {
      const JsonbView value(args[2]->view().Get<StringRef>(row).view());
      ASSIGN_OR_RETURN(const std::string result, JsonbSet(node, steps, value, create));
      kernels::Put(out, row, result);
      continue;
    }
    const View treatment =
        args.size() < 5 ? View("use_json_null") : args[4]->view().Get<StringRef>(row).view();
    if (treatment == "raise_exception") {
      return Error(ErrorCode::kNullValueNotAllowed, "JSON value must not be null")
          .Detail("Exception was raised because null_value_treatment is \"raise_exception\".")
          .Hint(
              "To avoid, either change the null_value_treatment argument or ensure that an SQL "
              "NULL is not passed.");
    }
    if (treatment == "use_json_null") {
      JsonbBuilder null;
      null.Null();
      const std::string bytes = null.Finish();
      ASSIGN_OR_RETURN(const std::string result, JsonbSet(node, steps, JsonbView(bytes), create));
      kernels::Put(out, row, result);
    } else if (treatment == "delete_key") {
      ASSIGN_OR_RETURN(const std::string result, JsonbDeletePath(node, steps));
      kernels::Put(out, row, result);
    } else if (treatment == "return_target") {
      kernels::Put(out, row, node.bytes());
    } else {
      return Error(ErrorCode::kInvalidParameterValue,
                   "null_value_treatment must be \"delete_key\", \"return_target\", "
                   "\"use_json_null\", or \"raise_exception\"");
    }
  }
  return {};
}

}  // namespace

void RegisterJson(FunctionRegistry& r) {
  r.Scalar("json_object_field", &Strict<&Field>);
  r.Scalar("json_object_field_text", &Strict<&FieldText>);
  r.Scalar("json_array_element", &Strict<&Element>);
  r.Scalar("json_array_element_text", &Strict<&ElementText>);
  r.Scalar("json_extract_path", &Strict<&Path>);
  r.Scalar("json_extract_path_text", &Strict<&PathText>);
  r.Scalar("json_typeof", &Strict<&TypeOf>);
  r.Scalar("json_array_length", &Strict<&Length>);
  r.Scalar("json_strip_nulls", &Strict<&JsonStripNulls>);
  r.Scalar("jsonb_object_field", &Strict<&BField>);
  r.Scalar("jsonb_object_field_text", &Strict<&BFieldText>);
  r.Scalar("jsonb_array_element", &Strict<&BElement>);
  r.Scalar("jsonb_array_element_text", &Strict<&BElementText>);
  r.Scalar("jsonb_extract_path", &Strict<&BPath>);
  r.Scalar("jsonb_extract_path_text", &Strict<&BPathText>);
  r.Scalar("jsonb_contains", &Strict<&JsonbContains>);
  r.Scalar("jsonb_contained",
           StrictOf([](JsonbView a, JsonbView b) { return JsonbContains(b, a); }));
  r.Scalar("jsonb_exists", &Strict<&JsonbExists>);
  r.Scalar("jsonb_exists_any", &Strict<&ExistsAny>);
  r.Scalar("jsonb_exists_all", &Strict<&ExistsAll>);
  r.Scalar("jsonb_concat", &Strict<&JsonbConcat>);
  r.Scalar("jsonb_delete", &Strict<&Delete>);
  r.Scalar("jsonb_delete_array", &Strict<&DeleteArray>);
  r.Scalar("jsonb_delete_idx", &Strict<&DeleteIndex>);
  r.Scalar("jsonb_delete_path", &Strict<&DeletePath>);
  r.Scalar("jsonb_set", &SetKernel<false>);
  r.Scalar("jsonb_set_lax", &SetLax);
  r.Scalar("jsonb_insert", &SetKernel<true>);
  r.Scalar("jsonb_typeof", &Strict<&BTypeOf>);
  r.Scalar("jsonb_array_length", &Strict<&BLength>);
  r.Scalar("jsonb_strip_nulls", &Strict<&JsonbStripNulls>);
  r.Scalar("jsonb_pretty", &Strict<&Pretty>);
  r.Scalar("to_json", &ToJson);
  r.Scalar("to_jsonb", &ToJsonb);
  r.Scalar("array_to_json", &ToJson);
  r.Scalar("row_to_json", &ToJson);
  r.Scalar("json_build_array", &Build<false, false>);
  r.Scalar("json_build_array_noargs", &Build<false, false>);
  r.Scalar("json_build_object", &Build<false, true>);
  r.Scalar("json_build_object_noargs", &Build<false, true>);
  r.Scalar("jsonb_build_array", &Build<true, false>);
  r.Scalar("jsonb_build_array_noargs", &Build<true, false>);
  r.Scalar("jsonb_build_object", &Build<true, true>);
  r.Scalar("jsonb_build_object_noargs", &Build<true, true>);
}

}  // namespace oxibase
