#include "expr/resolve.h"

#include <gtest/gtest.h>

#include "expr/function.h"

namespace oxibase {
namespace {

using T = TypeId;

/// "name(types) -> result", or the SQLSTATE.
std::string Describe(const Result<ResolvedCall>& call) {
  if (!call.ok()) return std::string(SqlState(call.code()));
  std::string text(call->function ? call->function->name : "cast");
  text += "(";
  for (const T type : call->arg_types) text += std::string(TypeName(type)) + ",";
  return text + ") -> " + std::string(TypeName(call->result.id));
}
std::string Op(std::string_view name, T a, T b) {
  const T args[] = {a, b};
  return Describe(ResolveOperator(name, args));
}
std::string Call(std::string_view name, std::vector<T> args) {
  return Describe(ResolveFunction({.name = name, .args = args}));
}

TEST(ResolveTest, OperatorsFollowPostgresRules) {
  EXPECT_EQ(Op("+", T::kInt4, T::kInt4), "+(int4,int4,) -> int4");
  EXPECT_EQ(Op("+", T::kInt2, T::kInt8), "+(int2,int8,) -> int8");
  EXPECT_EQ(Op("=", T::kInt4, T::kUnknown), "=(int4,int4,) -> bool");
  EXPECT_EQ(Op("=", T::kVarchar, T::kUnknown), "=(text,text,) -> bool");
  EXPECT_EQ(Op("=", T::kVarchar, T::kBpChar), "=(bpchar,bpchar,) -> bool");
  EXPECT_EQ(Op("=", T::kUnknown, T::kUnknown), "=(text,text,) -> bool");
  EXPECT_EQ(Op("<", T::kInt4Array, T::kInt4Array), "<(_int4,_int4,) -> bool");
  EXPECT_EQ(Op("<", T::kInt4Array, T::kTextArray), "42883");
  EXPECT_EQ(Op("=", T::kInt4, T::kText), "42883");
  EXPECT_EQ(Op("+", T::kFloat4, T::kInt4), "+(float4,float8,) -> float8");
}

TEST(ResolveTest, AggregatesAndCasts) {
  EXPECT_EQ(Call("sum", {T::kInt4}), "sum(int4,) -> int8");
  EXPECT_EQ(Call("sum", {T::kInt8}), "sum(int8,) -> numeric");
  EXPECT_EQ(Call("max", {T::kVarchar}), "max(text,) -> text");
  EXPECT_EQ(Call("max", {T::kInt4Array}), "max(_int4,) -> _int4");
  EXPECT_EQ(Call("count", {}), "count() -> int8");
  EXPECT_EQ(Call("count", {T::kJson}), "count(json,) -> int8");
  EXPECT_EQ(Call("sum", {T::kText}), "42883");
  EXPECT_EQ(Call("float8", {T::kInt4}), "cast(float8,) -> float8");
  EXPECT_EQ(Call("nothing", {T::kInt4}), "42883");
}

TEST(ResolveTest, ErrorsSayWhatPostgresSays) {
  const T args[] = {T::kInt4, T::kText};
  const Status status = ResolveOperator("+", args).status();
  EXPECT_EQ(status.message(), "operator does not exist: integer + text");
  EXPECT_EQ(status.info().hint,
            "No operator matches the given name and argument types. You might need to add explicit "
            "type casts.");
  EXPECT_EQ(ResolveFunction({.name = "f", .args = args}).status().message(),
            "function f(integer, text) does not exist");
}

TEST(ResolveTest, CommonTypes) {
  const auto common = [](std::vector<T> types) -> std::string {
    const auto type = SelectCommonType(types, "CASE");
    return type.ok() ? std::string(TypeName(*type)) : std::string(SqlState(type.code()));
  };
  EXPECT_EQ(common({T::kInt4, T::kInt8}), "int8");
  EXPECT_EQ(common({T::kInt4, T::kUnknown}), "int4");
  EXPECT_EQ(common({T::kNumeric, T::kFloat8, T::kInt4}), "float8");
  EXPECT_EQ(common({T::kVarchar, T::kText}), "varchar");
  EXPECT_EQ(common({T::kDate, T::kTimestampTz}), "timestamptz");
  EXPECT_EQ(common({T::kUnknown, T::kUnknown}), "text");
  EXPECT_EQ(common({T::kInt4, T::kText}), "42804");
}

}  // namespace
}  // namespace oxibase
