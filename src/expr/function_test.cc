// Every case of function_cases.inc, called as a constant, as a flat vector with a NULL row, and as
// a dictionary.
#include "expr/function.h"

#include <gtest/gtest.h>

#include "expr/evaluator.h"
#include "expr/resolve.h"
#include "expr/type_io.h"

namespace oxibase {
namespace {

struct Case {
  std::string_view name;
  bool is_operator;
  std::vector<std::string_view> args;
  std::string_view expected;
};

const Case kCases[] = {
#include "expr/function_cases.inc"
};

std::string Text(const Value& value) {
  if (value.is_null()) return "NULL";
  if (value.type().id == TypeId::kBool) return value.AsBool() ? "true" : "false";
  std::string text;
  TextOut(value, TypeIo(), &text);
  if (value.type().id == TypeId::kBpChar) {
    while (!text.empty() && text.back() == ' ') text.pop_back();
  }
  return text;
}

std::string Answer(const Case& c) {
  std::vector<Value> values;
  std::vector<TypeId> types;
  for (const std::string_view arg : c.args) {
    const size_t bar = arg.find('|');
    const TypeId type = FindTypeByName(arg.substr(0, bar));
    types.push_back(type);
    if (bar == std::string_view::npos) {
      values.push_back(Value::Null(type));
      continue;
    }
    auto value = TextIn(type, arg.substr(bar + 1), TypeIo());
    if (!value.ok()) return "cannot read " + std::string(arg);
    values.push_back(*value);
  }
  CallRequest call{.name = c.name, .is_operator = c.is_operator, .args = types};
  call.variadic_array = c.name == "jsonb_extract_path";
  auto resolved = c.is_operator ? ResolveOperator(c.name, types) : ResolveFunction(call);
  if (!resolved.ok() && resolved.code() == ErrorCode::kUndefinedFunction) return "no function";
  if (!resolved.ok()) return "!" + std::string(SqlState(resolved.code()));
  if (!resolved->function || !resolved->function->kernel) return "no kernel";
  for (size_t i = 0; i < types.size(); ++i) {
    if (resolved->arg_types[i] == types[i]) continue;
    if (PhysicalTypeOf(resolved->arg_types[i]) != PhysicalTypeOf(types[i])) {
      std::string text = Text(values[i]);  // a cast by text is good enough here
      auto cast = TextIn(resolved->arg_types[i], text, TypeIo());
      if (!cast.ok()) return "cannot cast";
      values[i] = *cast;
    } else {
      values[i].set_type(resolved->arg_types[i]);
    }
  }
  const auto answer = [&](auto make_arg, const Batch& batch, uint32_t row) -> std::string {
    std::vector<ExprPtr> args;
    for (size_t i = 0; i < values.size(); ++i) args.push_back(make_arg(i));
    CallExpr expr(*resolved->function, resolved->result, std::move(args));
    auto evaluator = Evaluator::Compile(expr);
    if (!evaluator.ok()) return std::string(evaluator.status().message());
    EvalContext context;
    auto out = evaluator->Evaluate(context, batch);
    if (!out.ok()) return "!" + std::string(SqlState(out.code()));
    return Text((*out)->GetValue(row));
  };
  Batch one;
  one.size = 1;
  const std::string constant =
      answer([&](size_t i) { return std::make_unique<ConstantExpr>(values[i]); }, one, 0);
  if (values.empty()) return constant;
  // Rows 0 and 2 hold the values, row 1 NULLs (unless NULL is an error), read in another order.
  Batch flat;
  Batch dictionary;
  const uint32_t order[] = {2, 0};
  for (const Value& value : values) {
    Vector& column = flat.columns.emplace_back(value.type());
    column.ResetFlat(3);
    column.SetValue(0, value);
    column.SetValue(1, resolved->function->strict ? Value::Null(value.type()) : value);
    column.SetValue(2, value);
  }
  flat.size = 3;
  for (const Vector& column : flat.columns) {
    dictionary.columns.emplace_back(column.type()).Select(column, order, 2);
  }
  dictionary.size = 2;
  const auto column = [&](size_t i) {
    return std::make_unique<ColumnExpr>(static_cast<VarId>(i), values[i].type());
  };
  const std::string by_flat = answer(column, flat, 2);
  const std::string by_dictionary = answer(column, dictionary, 1);
  if (by_flat != constant || by_dictionary != constant) {
    return constant + " / " + by_flat + " / " + by_dictionary;
  }
  return constant;
}

TEST(FunctionTest, AnswersAsPostgres) {
  for (const Case& c : kCases) {
    std::string call(c.name);
    for (const std::string_view arg : c.args) call += " " + std::string(arg);
    EXPECT_EQ(Answer(c), c.expected) << call;
  }
}

TEST(FunctionTest, EveryComparisonHasItsCommutatorAndNegator) {
  for (const Function* f : FunctionTable::Get().all()) {
    if (!f->is_operator || (f->name != "=" && f->name != "<")) continue;
    if (f->args[0] != f->args[1]) continue;  // xid = integer has none in PostgreSQL either
    EXPECT_FALSE(f->commutator.empty()) << f->name << " " << f->oid;
    EXPECT_FALSE(f->negator.empty() && f->name == "<") << f->oid;
  }
}

}  // namespace
}  // namespace oxibase
