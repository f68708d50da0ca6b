// Functions that take json and jsonb apart into rows; pg_options_to_table.

#include "common/array.h"
#include "common/json.h"
#include "common/jsonb.h"
#include "expr/function_registry.h"
#include "expr/functions/json_record.h"
#include "expr/table_function.h"

namespace oxibase {
namespace {

using View = std::string_view;

Status WrongKind(View function, View what) {
  return Error(ErrorCode::kInvalidParameterValue, "cannot {} {}",
               function.find("elements") != View::npos ? "extract elements from" : "deconstruct",
               what);
}
Status WrongKeys(View function, View what) {
  return Error(ErrorCode::kInvalidParameterValue, "cannot call {} on {}", function, what);
}

Value TextOrNull(Result<bool> found, std::string text) {
  return found.ok() && *found ? Value::Text(std::move(text)) : Value::Null(TypeId::kText);
}

Result<Value> JsonCell(View json, bool as_text) {
  if (!as_text) return Value::String(TypeId::kJson, std::string(json));
  std::string text;
  ASSIGN_OR_RETURN(const bool found, AppendJsonAsText(json, &text));
  return TextOrNull(found, std::move(text));
}
Value JsonbCell(JsonbView node, bool as_text) {
  if (!as_text) return Value::String(TypeId::kJsonb, std::string(node.bytes()));
  std::string text;
  const bool found = AppendJsonbAsText(node, &text);
  return TextOrNull(found, std::move(text));
}

template <bool kText>
TableRows JsonElements(EvalContext&, CallSite& site, std::span<const Value> args) {
  const JsonTextKind kind = JsonTypeOf(args[0].bytes());
  if (kind == JsonTextKind::kObject) return WrongKind(site.function->name, "an object");
  if (kind != JsonTextKind::kArray) return WrongKind(site.function->name, "a scalar");
  auto rows =
      std::make_unique<RowsOfValues>(std::vector<Type>{kText ? TypeId::kText : TypeId::kJson});
  ASSIGN_OR_RETURN(const auto members, JsonMembers(args[0].bytes()));
  for (const JsonMember& m : members) {
    ASSIGN_OR_RETURN(Value cell, JsonCell(m.value, kText));
    rows->Add(0, std::move(cell));
  }
  return std::unique_ptr<TableFunctionState>(std::move(rows));
}
template <bool kText>
TableRows JsonbElements(EvalContext&, CallSite& site, std::span<const Value> args) {
  const JsonbView node(args[0].bytes());
  if (node.is_object()) return WrongKind(site.function->name, "an object");
  if (!node.is_array()) return WrongKind(site.function->name, "a scalar");
  auto rows =
      std::make_unique<RowsOfValues>(std::vector<Type>{kText ? TypeId::kText : TypeId::kJsonb});
  for (uint32_t i = 0; i < node.size(); ++i) rows->Add(0, JsonbCell(node.element(i), kText));
  return std::unique_ptr<TableFunctionState>(std::move(rows));
}

template <bool kText>
TableRows JsonEach(EvalContext&, CallSite& site, std::span<const Value> args) {
  const JsonTextKind kind = JsonTypeOf(args[0].bytes());
  if (kind == JsonTextKind::kArray) return WrongKind(site.function->name, "an array as an object");
  if (kind != JsonTextKind::kObject) return WrongKind(site.function->name, "a scalar");
  auto rows = std::make_unique<RowsOfValues>(
      std::vector<Type>{TypeId::kText, kText ? TypeId::kText : TypeId::kJson});
  ASSIGN_OR_RETURN(const auto members, JsonMembers(args[0].bytes()));
  for (const JsonMember& m : members) {
    rows->Add(0, Value::Text(m.key));
    ASSIGN_OR_RETURN(Value cell, JsonCell(m.value, kText));
    rows->Add(1, std::move(cell));
  }
  return std::unique_ptr<TableFunctionState>(std::move(rows));
}
template <bool kText>
TableRows JsonbEach(EvalContext&, CallSite& site, std::span<const Value> args) {
  const JsonbView node(args[0].bytes());
  if (!node.is_object()) return WrongKeys(site.function->name, "a non-object");
  auto rows = std::make_unique<RowsOfValues>(
      std::vector<Type>{TypeId::kText, kText ? TypeId::kText : TypeId::kJsonb});
  for (uint32_t i = 0; i < node.size(); ++i) {
    rows->Add(0, Value::Text(std::string(node.key(i))));
    rows->Add(1, JsonbCell(node.value(i), kText));
  }
  return std::unique_ptr<TableFunctionState>(std::move(rows));
}

TableRows JsonKeys(EvalContext&, CallSite& site, std::span<const Value> args) {
  const JsonTextKind kind = JsonTypeOf(args[0].bytes());
  if (kind == JsonTextKind::kArray) return WrongKeys(site.function->name, "an array");
  if (kind != JsonTextKind::kObject) return WrongKeys(site.function->name, "a scalar");
  auto rows = std::make_unique<RowsOfValues>(std::vector<Type>{TypeId::kText});
  ASSIGN_OR_RETURN(const auto members, JsonMembers(args[0].bytes()));
  for (const JsonMember& m : members) rows->Add(0, Value::Text(m.key));
  return std::unique_ptr<TableFunctionState>(std::move(rows));
}
TableRows JsonbKeys(EvalContext&, CallSite& site, std::span<const Value> args) {
  const JsonbView node(args[0].bytes());
  if (node.is_array()) return WrongKeys(site.function->name, "an array");
  if (!node.is_object()) return WrongKeys(site.function->name, "a scalar");
  auto rows = std::make_unique<RowsOfValues>(std::vector<Type>{TypeId::kText});
  for (uint32_t i = 0; i < node.size(); ++i) rows->Add(0, Value::Text(std::string(node.key(i))));
  return std::unique_ptr<TableFunctionState>(std::move(rows));
}

/// {name=value, ...} of reloptions.
TableRows Options(EvalContext&, CallSite&, std::span<const Value> args) {
  auto rows = std::make_unique<RowsOfValues>(std::vector<Type>{TypeId::kText, TypeId::kText});
  const ArrayView options(args[0].bytes());
  for (uint32_t i = 0; i < options.size(); ++i) {
    if (options.IsNull(i)) continue;
    const View option = options.GetBytes(i);
    const size_t equals = option.find('=');
    rows->Add(0, Value::Text(std::string(option.substr(0, equals))));
    rows->Add(1, equals == View::npos ? Value::Null(TypeId::kText)
                                      : Value::Text(std::string(option.substr(equals + 1))));
  }
  return std::unique_ptr<TableFunctionState>(std::move(rows));
}

}  // namespace

void RegisterJsonTable(FunctionRegistry& r) {
  using T = TypeId;
  r.Table("json_array_elements", &StrictOpen<JsonElements<false>>, {{"value", T::kJson}});
  r.Table("json_array_elements_text", &StrictOpen<JsonElements<true>>, {{"value", T::kText}});
  r.Table("jsonb_array_elements", &StrictOpen<JsonbElements<false>>, {{"value", T::kJsonb}});
  r.Table("jsonb_array_elements_text", &StrictOpen<JsonbElements<true>>, {{"value", T::kText}});
  r.Table("json_each", &StrictOpen<JsonEach<false>>, {{"key", T::kText}, {"value", T::kJson}});
  r.Table("json_each_text", &StrictOpen<JsonEach<true>>, {{"key", T::kText}, {"value", T::kText}});
  r.Table("jsonb_each", &StrictOpen<JsonbEach<false>>, {{"key", T::kText}, {"value", T::kJsonb}});
  r.Table("jsonb_each_text", &StrictOpen<JsonbEach<true>>,
          {{"key", T::kText}, {"value", T::kText}});
  r.Table("json_object_keys", &StrictOpen<JsonKeys>);
  r.Table("jsonb_object_keys", &StrictOpen<JsonbKeys>);
  r.Table("pg_options_to_table", &StrictOpen<Options>,
          {{"option_name", T::kText}, {"option_value", T::kText}});
  RegisterJsonRecord(r);
}

}  // namespace oxibase
