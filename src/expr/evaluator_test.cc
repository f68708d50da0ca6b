#include "expr/evaluator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/array.h"
#include "expr/function.h"

namespace oxibase {
namespace {

using testing::ElementsAre;

/// A batch with one int4 column (NULL where the optional is empty) in a form of choice.
Batch Int4Batch(const std::vector<std::optional<int32_t>>& values) {
  Batch batch;
  batch.columns.emplace_back(TypeId::kInt4);
  Vector& column = batch.columns[0];
  column.ResetFlat(static_cast<uint32_t>(values.size()));
  for (uint32_t i = 0; i < values.size(); ++i) {
    column.SetValue(i, values[i] ? Value::Int4(*values[i]) : Value::Null(TypeId::kInt4));
  }
  batch.size = static_cast<uint32_t>(values.size());
  return batch;
}

ExprPtr Const(int32_t value) { return std::make_unique<ConstantExpr>(Value::Int4(value)); }
ExprPtr Column() { return std::make_unique<ColumnExpr>(0, TypeId::kInt4, "x"); }
ExprPtr Op(std::string_view name, ExprPtr a, ExprPtr b) {
  const std::vector<TypeId> types = {a->type.id, b->type.id};
  const Function* f = FunctionTable::Get().FindExact(name, true, types);
  OXI_CHECK(f != nullptr);
  std::vector<ExprPtr> args;
  args.push_back(std::move(a));
  args.push_back(std::move(b));
  return std::make_unique<CallExpr>(*f, f->result, std::move(args), CallExpr::Syntax::kOperator);
}
ExprPtr Bool(ExprKind kind, ExprPtr a, ExprPtr b) {
  std::vector<ExprPtr> args;
  args.push_back(std::move(a));
  args.push_back(std::move(b));
  return std::make_unique<BoolExpr>(kind, std::move(args));
}

std::vector<std::string> Values(const Expr& expr, const Batch& batch) {
  EvalContext context;
  auto evaluator = Evaluator::Compile(expr);
  OXI_CHECK(evaluator.ok());
  auto result = evaluator->Evaluate(context, batch);
  if (!result.ok()) return {std::string(SqlState(result.code()))};
  std::vector<std::string> texts;
  for (uint32_t i = 0; i < batch.size; ++i) {
    const Value v = (*result)->GetValue(i);
    if (v.is_null()) {
      texts.push_back("NULL");
    } else if (v.type().id == TypeId::kBool) {
      texts.push_back(v.AsBool() ? "t" : "f");
    } else {
      texts.push_back(std::to_string(v.As<int32_t>()));
    }
  }
  return texts;
}

std::vector<uint32_t> Selected(const Expr& expr, const Batch& batch) {
  EvalContext context;
  auto evaluator = Evaluator::Compile(expr);
  OXI_CHECK(evaluator.ok());
  std::vector<uint32_t> sel(batch.size);
  auto count = evaluator->Select(context, batch, sel.data());
  OXI_CHECK(count.ok());
  sel.resize(*count);
  return sel;
}

TEST(EvaluatorTest, AddsAndKeepsNulls) {
  const Batch batch = Int4Batch({1, std::nullopt, 3});
  EXPECT_THAT(Values(*Op("+", Column(), Const(10)), batch), ElementsAre("11", "NULL", "13"));
  EXPECT_THAT(Values(*Op("+", Const(1), Const(2)), batch), ElementsAre("3", "3", "3"));
}

TEST(EvaluatorTest, OverflowAndDivisionByZeroFail) {
  const Batch batch = Int4Batch({1, 2147483647, std::nullopt});
  EXPECT_THAT(Values(*Op("+", Column(), Const(1)), batch), ElementsAre("22003"));
  EXPECT_THAT(Values(*Op("/", Column(), Const(0)), batch), ElementsAre("22012"));
}

TEST(EvaluatorTest, SelectsByComparison) {
  const Batch batch = Int4Batch({5, std::nullopt, 7, 1});
  EXPECT_THAT(Selected(*Op(">", Column(), Const(4)), batch), ElementsAre(0, 2));
  EXPECT_THAT(Selected(*Op("<", Const(4), Column()), batch), ElementsAre(0, 2));
  EXPECT_THAT(
      Selected(*Bool(ExprKind::kAnd, Op(">", Column(), Const(4)), Op("<>", Column(), Const(5))),
               batch),
      ElementsAre(2));
  EXPECT_THAT(Selected(*Bool(ExprKind::kOr, Op("=", Column(), Const(1)),
                             Op("=", Op("+", Column(), Const(0)), Const(5))),
                       batch),
              ElementsAre(0, 3));
}

TEST(EvaluatorTest, DictionaryInputsAreReadThroughTheirSelection) {
  Batch flat = Int4Batch({10, std::nullopt, 30});
  const uint32_t sel[] = {2, 1, 2};
  Batch batch;
  batch.columns.emplace_back(TypeId::kInt4);
  batch.columns[0].Select(flat.columns[0], sel, 3);
  batch.size = 3;
  EXPECT_THAT(Values(*Op("-", Column(), Const(1)), batch), ElementsAre("29", "NULL", "29"));
  EXPECT_THAT(Selected(*Op("=", Column(), Const(30)), batch), ElementsAre(0, 2));
}

TEST(EvaluatorTest, AndIsThreeValuedAndLazy) {
  const Batch batch = Int4Batch({0, 2, std::nullopt});
  auto divides = [] { return Op("=", Op("/", Const(10), Column()), Const(5)); };
  EXPECT_THAT(Values(*Bool(ExprKind::kAnd, Op("<>", Column(), Const(0)), divides()), batch),
              ElementsAre("f", "t", "NULL"));
  EXPECT_THAT(Values(*Bool(ExprKind::kOr, Op("=", Column(), Const(0)), divides()), batch),
              ElementsAre("t", "t", "NULL"));
}

TEST(EvaluatorTest, CaseEvaluatesOnlyTheChosenBranch) {
  const Batch batch = Int4Batch({0, 2, std::nullopt});
  CaseExpr expr(TypeId::kInt4);
  expr.branches.push_back({Op("=", Column(), Const(0)), Const(-1)});
  expr.branches.push_back({Op("=", Column(), Const(2)), Op("/", Const(10), Column())});
  EXPECT_THAT(Values(expr, batch), ElementsAre("-1", "5", "NULL"));
  expr.otherwise = Const(9);
  EXPECT_THAT(Values(expr, batch), ElementsAre("-1", "5", "9"));
}

TEST(EvaluatorTest, CoalesceAndGreatest) {
  const Batch batch = Int4Batch({0, 2, std::nullopt});
  std::vector<ExprPtr> args;
  args.push_back(Column());
  args.push_back(Const(7));
  EXPECT_THAT(Values(CoalesceExpr(TypeId::kInt4, std::move(args)), batch),
              ElementsAre("0", "2", "7"));
  args.clear();
  args.push_back(Column());
  args.push_back(Const(1));
  const std::vector<TypeId> ints(2, TypeId::kInt4);
  const Function* less = FunctionTable::Get().FindExact("<", true, ints);
  EXPECT_THAT(Values(MinMaxExpr(TypeId::kInt4, *less, true, std::move(args)), batch),
              ElementsAre("1", "2", "1"));
}

TEST(EvaluatorTest, AnyOfAConstantArray) {
  const std::vector<TypeId> ints(2, TypeId::kInt4);
  const Function* eq = FunctionTable::Get().FindExact("=", true, ints);
  for (const int count : {2, 20}) {  // by comparing, by hashing
    ArrayBuilder builder(TypeId::kInt4);
    for (int i = 0; i < count; ++i) builder.Add<int32_t>(i);
    std::string bytes;
    builder.Finish(&bytes);
    AnyAllExpr in(*eq, false, Column(),
                  std::make_unique<ConstantExpr>(Value::String(TypeId::kInt4Array, bytes)));
    EXPECT_THAT(Values(in, Int4Batch({1, 50, std::nullopt})), ElementsAre("t", "f", "NULL"));
    builder.AddNull();
    bytes.clear();
    builder.Finish(&bytes);
    AnyAllExpr with_null(*eq, false, Column(),
                         std::make_unique<ConstantExpr>(Value::String(TypeId::kInt4Array, bytes)));
    EXPECT_THAT(Values(with_null, Int4Batch({1, 50})), ElementsAre("t", "NULL"));
  }
}

TEST(ExpressionTest, ClonesAreEqualAndHashAlike) {
  const ExprPtr a = Op("+", Column(), Const(1));
  const ExprPtr b = Clone(*a);
  EXPECT_TRUE(Equal(*a, *b));
  EXPECT_EQ(HashExpr(*a), HashExpr(*b));
  EXPECT_FALSE(Equal(*a, *Op("+", Column(), Const(2))));
  EXPECT_EQ(Format(*a), "(x + 1)");
}

}  // namespace
}  // namespace oxibase
