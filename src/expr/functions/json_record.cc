// json_to_record and its like: members of objects as columns of given names and types, which come
// as two further arguments.
#include "expr/functions/json_record.h"

#include "common/array.h"
#include "common/json.h"
#include "common/jsonb.h"
#include "expr/function_registry.h"
#include "expr/table_function.h"
#include "expr/type_io.h"

namespace oxibase {
namespace {

using View = std::string_view;

/// A JSON array as an array literal.
void AppendArrayLiteral(JsonbView array, std::string* out) {
  *out += '{';
  for (uint32_t i = 0; i < array.size(); ++i) {
    if (i > 0) *out += ',';
    const JsonbView element = array.element(i);
    if (element.is_array()) {
      AppendArrayLiteral(element, out);
      continue;
    }
    std::string text;
    if (!AppendJsonbAsText(element, &text)) {
      *out += "NULL";
      continue;
    }
    *out += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') *out += '\\';
      *out += c;
    }
    *out += '"';
  }
  *out += '}';
}

Result<Value> FromJsonb(JsonbView node, Type type, const TypeIo& io) {
  if (type.id == TypeId::kJsonb) return Value::String(TypeId::kJsonb, std::string(node.bytes()));
  std::string text;
  if (type.id == TypeId::kJson) {
    AppendJsonbText(node, &text);
  } else if (IsArrayType(type.id) && node.is_array()) {
    AppendArrayLiteral(node, &text);
  } else if (!AppendJsonbAsText(node, &text)) {
    return Value::Null(type);
  }
  return TextIn(type, text, io);
}
Result<Value> FromJson(View json, Type type, const TypeIo& io) {
  if (type.id == TypeId::kJson) return Value::String(TypeId::kJson, std::string(json));
  if (type.id == TypeId::kJsonb || JsonTypeOf(json) == JsonTextKind::kArray) {
    ASSIGN_OR_RETURN(const std::string bytes, ParseJsonb(json));
    return FromJsonb(JsonbView(bytes), type, io);
  }
  std::string text;
  ASSIGN_OR_RETURN(const bool found, AppendJsonAsText(json, &text));
  return found ? TextIn(type, text, io) : Value::Null(type);
}

/// The rows of one call.
class RecordMaker {
 public:
  RecordMaker(const EvalContext& context, const CallSite& site, const ArrayView& names,
              const ArrayView& types)
      : function_(site.function->name), io_(context) {
    for (uint32_t i = 0; i < names.size(); ++i) {
      names_.emplace_back(names.GetBytes(i));
      Type type(static_cast<TypeId>(types.Get<int32_t>(2 * i)));
      type.typmod = types.Get<int32_t>(2 * i + 1);
      types_.push_back(type);
    }
    rows_ = std::make_unique<RowsOfValues>(types_);
  }

  Status AddJsonb(JsonbView object) {
    for (size_t i = 0; i < names_.size(); ++i) {
      const auto member = object.Find(names_[i]);
      Result<Value> value =
          member ? FromJsonb(*member, types_[i], io_) : Result<Value>(Value::Null(types_[i]));
      if (!value.ok()) return std::move(value).status();
      rows_->Add(i, std::move(value).value());
    }
    return {};
  }
  Status AddJson(View object) {
    for (size_t i = 0; i < names_.size(); ++i) {
      const auto member = JsonGet(object, names_[i]);
      Result<Value> value =
          member ? FromJson(*member, types_[i], io_) : Result<Value>(Value::Null(types_[i]));
      if (!value.ok()) return std::move(value).status();
      rows_->Add(i, std::move(value).value());
    }
    return {};
  }
  Status CannotCall(View what) const {
    return Error(ErrorCode::kInvalidParameterValue, "cannot call {} on {}", function_, what);
  }
  Status NotObjects() const {
    return Error(ErrorCode::kInvalidParameterValue, "argument of {} must be an array of objects",
                 function_);
  }
  std::unique_ptr<TableFunctionState> Finish() { return std::move(rows_); }

 private:
  const View function_;
  const TypeIo io_;
  std::vector<std::string> names_;
  std::vector<Type> types_;
  std::unique_ptr<RowsOfValues> rows_;
};

/// `kMany`: an array of objects, else one object.
template <bool kMany>
Status AddAll(RecordMaker& maker, JsonbView node) {
  if constexpr (!kMany) {
    return node.is_object() ? maker.AddJsonb(node)
                            : maker.CannotCall(node.is_array() ? "an array" : "a scalar");
  }
  if (!node.is_array()) return maker.CannotCall(node.is_object() ? "an object" : "a scalar");
  for (uint32_t i = 0; i < node.size(); ++i) {
    if (!node.element(i).is_object()) return maker.NotObjects();
    RETURN_IF_ERROR(maker.AddJsonb(node.element(i)));
  }
  return {};
}
template <bool kMany>
Status AddAll(RecordMaker& maker, View json) {
  const JsonTextKind kind = JsonTypeOf(json);
  if constexpr (!kMany) {
    return kind == JsonTextKind::kObject
               ? maker.AddJson(json)
               : maker.CannotCall(kind == JsonTextKind::kArray ? "an array" : "a scalar");
  }
  if (kind != JsonTextKind::kArray) {
    return maker.CannotCall(kind == JsonTextKind::kObject ? "an object" : "a scalar");
  }
  ASSIGN_OR_RETURN(const auto elements, JsonMembers(json));
  for (const JsonMember& element : elements) {
    if (JsonTypeOf(element.value) != JsonTextKind::kObject) return maker.NotObjects();
    RETURN_IF_ERROR(maker.AddJson(element.value));
  }
  return {};
}

template <typename Node, bool kMany>
TableRows Open(EvalContext& context, CallSite& site, std::span<const Value> args) {
  if (args.size() < 3) {
    return Error(ErrorCode::kFeatureNotSupported,
                 "function returning record called in context that cannot accept type record")
        .Hint("Try calling the function in the FROM clause using a column definition list.");
  }
  RecordMaker maker(context, site, ArrayView(args[1].bytes()), ArrayView(args[2].bytes()));
  RETURN_IF_ERROR(AddAll<kMany>(maker, Node(args[0].bytes())));
  return maker.Finish();
}

}  // namespace

void RegisterJsonRecord(FunctionRegistry& r) {
  r.Table("json_to_record", &StrictOpen<Open<View, false>>);
  r.Table("json_to_recordset", &StrictOpen<Open<View, true>>);
  r.Table("jsonb_to_record", &StrictOpen<Open<JsonbView, false>>);
  r.Table("jsonb_to_recordset", &StrictOpen<Open<JsonbView, true>>);
}

}  // namespace oxibase
