#include "expr/cast.h"

#include <gtest/gtest.h>

#include "expr/type_io.h"

namespace oxibase {
namespace {

std::string Cast(std::string_view text, TypeId from, Type to,
                 CastContext context = CastContext::kExplicit) {
  const TypeIo io;
  EvalContext eval;
  auto value = TextIn(from, text, io);
  if (!value.ok()) return std::string(SqlState(value.code()));
  Vector input(from);
  input.SetConstant(*value);
  std::vector<std::pair<const Function*, Type>> steps;
  if (from != to.id) {
    if (!CanCast(from, to.id, context)) return "no cast";
    steps.emplace_back(FindCast(from, to.id)->function, Type(to.id));
  }
  if (to.typmod >= 0) {
    steps.emplace_back(TypmodCast(to.id, context == CastContext::kExplicit), to);
  }
  std::vector<Vector> results;
  results.reserve(steps.size());
  const Vector* current = &input;
  for (const auto& [function, type] : steps) {
    results.emplace_back(type);
    CallSite site;
    site.function = function;
    site.result = type;
    site.arg_types = {current->type()};
    const Vector* const args[] = {current};
    const Status status = function->kernel(eval, site, {args, 1}, 1, results.back());
    if (!status.ok()) return std::string(SqlState(status.code()));
    current = &results.back();
  }
  if (current->IsNull(0)) return "NULL";
  std::string out;
  TextOut(to, current->view(), 0, io, &out);
  return out;
}

using T = TypeId;

TEST(Cast, NumbersRoundAndOverflowAsPostgres) {
  EXPECT_EQ(Cast("32768", T::kInt4, T::kInt2), "22003");
  EXPECT_EQ(Cast("2.5", T::kFloat8, T::kInt4), "2");
  EXPECT_EQ(Cast("3.5", T::kFloat8, T::kInt4), "4");
  EXPECT_EQ(Cast("2.5", T::kNumeric, T::kInt4), "3");
  EXPECT_EQ(Cast("NaN", T::kFloat8, T::kInt8), "22003");
  EXPECT_EQ(Cast("9223372036854775807", T::kInt8, T::kFloat8), "9.223372036854776e+18");
  EXPECT_EQ(Cast("9223372036854775808", T::kFloat8, T::kInt8), "22003");
  EXPECT_EQ(Cast("1e300", T::kFloat8, T::kFloat4), "22003");
  EXPECT_EQ(Cast("0.1", T::kFloat4, T::kNumeric), "0.1");
  EXPECT_EQ(Cast("-1", T::kInt8, T::kOid), "22003");
  EXPECT_EQ(Cast("-1", T::kInt4, T::kOid), "4294967295");
}

TEST(Cast, Strings) {
  EXPECT_EQ(Cast("t", T::kBool, T::kText), "true");
  EXPECT_EQ(Cast("abc", T::kText, Type(T::kVarchar, 6)), "ab");
  EXPECT_EQ(Cast("abc", T::kText, Type(T::kVarchar, 6), CastContext::kAssignment), "22001");
  EXPECT_EQ(Cast("ab   ", T::kText, Type(T::kVarchar, 6), CastContext::kAssignment), "ab");
  EXPECT_EQ(Cast("a", T::kText, Type(T::kBpChar, 7)), "a  ");
  EXPECT_EQ(Cast("\xC3\xA4\xC3\xB6\xC3\xBC", T::kText, Type(T::kBpChar, 6)), "\xC3\xA4\xC3\xB6");
  EXPECT_EQ(Cast("a  ", T::kBpChar, T::kText), "a");
  EXPECT_EQ(Cast(" 12 ", T::kText, T::kInt4), "12");
  EXPECT_EQ(Cast("x", T::kText, T::kInt4), "22P02");
  EXPECT_EQ(Cast("x", T::kText, T::kInt4, CastContext::kAssignment), "no cast");
}

TEST(Cast, ArraysByElement) {
  EXPECT_EQ(Cast("{1,NULL,3}", T::kInt4Array, T::kFloat8Array), "{1,NULL,3}");
  EXPECT_EQ(Cast("{1.5,2.5}", T::kNumericArray, T::kInt4Array), "{2,3}");
  EXPECT_EQ(Cast("[0:1]={abc,d}", T::kTextArray, Type(T::kVarcharArray, 6)), "[0:1]={ab,d}");
  EXPECT_EQ(Cast("{{1,2},{3,4}}", T::kInt4Array, T::kTextArray), "{{1,2},{3,4}}");
  EXPECT_FALSE(CanCast(T::kInt4Array, T::kDateArray, CastContext::kExplicit));
}

TEST(Cast, ContextsOfTheCatalog) {
  EXPECT_TRUE(CanCast(T::kInt4, T::kNumeric, CastContext::kImplicit));
  EXPECT_FALSE(CanCast(T::kNumeric, T::kInt4, CastContext::kImplicit));
  EXPECT_TRUE(CanCast(T::kNumeric, T::kInt4, CastContext::kAssignment));
  EXPECT_FALSE(CanCast(T::kInt4, T::kBool, CastContext::kAssignment));
  EXPECT_TRUE(CanCast(T::kUnknown, T::kJsonb, CastContext::kImplicit));
  EXPECT_FALSE(CanCast(T::kDate, T::kInt4, CastContext::kExplicit));
  EXPECT_TRUE(IsBinaryCoercible(T::kVarchar, T::kText));
  EXPECT_GT(AllCasts().count, 100u);
}

TEST(Cast, JsonbScalars) {
  EXPECT_EQ(Cast("1.5", T::kJsonb, T::kInt4), "2");
  EXPECT_EQ(Cast("\"1\"", T::kJsonb, T::kInt4), "22023");
  EXPECT_EQ(Cast("{\"b\":1,  \"a\": 2}", T::kJson, T::kJsonb), "{\"a\": 2, \"b\": 1}");
}

}  // namespace
}  // namespace oxibase
