#include "common/numeric.h"

#include <gtest/gtest.h>

#include "common/numeric_aggregate.h"

namespace oxibase {
namespace {

struct Case {
  const char* op;
  const char* a;
  const char* b;
  const char* expected;
};
constexpr Case kCases[] = {
#include "common/numeric_cases.inc"
};

Numeric N(std::string_view text) { return *Numeric::Parse(text); }

Status Apply(std::string_view op, const Numeric& a, const Case& c, Numeric* out) {
  const std::string_view b = c.b;
  const int digits = std::atoi(c.b);
  if (op == "sqrt") return a.Sqrt(out);
  if (op == "exp") return a.Exp(out);
  if (op == "ln") return a.Ln(out);
  if (op == "ceil") return a.Ceil(out);
  if (op == "floor") return a.Floor(out);
  if (op == "round") return a.Round(digits, out);
  if (op == "trunc") return a.Trunc(digits, out);
  if (op == "trim") return *out = a.TrimScale(), Status();
  if (op == "typmod") {
    *out = a;
    return out->ApplyTypmod((digits / 1000 << 16 | digits % 1000) + 4);
  }
  if (op == "+") return Numeric::Add(a, N(b), out);
  if (op == "-") return Numeric::Sub(a, N(b), out);
  if (op == "*") return Numeric::Mul(a, N(b), out);
  if (op == "/") return Numeric::Div(a, N(b), out);
  if (op == "%") return Numeric::Mod(a, N(b), out);
  if (op == "div") return Numeric::DivTrunc(a, N(b), out);
  if (op == "^") return Numeric::Power(a, N(b), out);
  if (op == "log") return Numeric::Log(a, N(b), out);
  return Error(ErrorCode::kInternalError, "no such operation");
}

std::string Hex(std::string_view bytes) {
  std::string out;
  for (const unsigned char c : bytes) out += fmt::format("{:02x}", c);
  return out;
}

int Sign(int i) { return (i > 0) - (i < 0); }

std::string Evaluate(const Case& c) {
  const std::string_view op = c.op;
  const Numeric a = N(c.a);
  if (op == "bin") {
    std::string bytes;
    a.AppendBinary(&bytes);
    EXPECT_EQ(Numeric::ParseBinary(bytes)->ToText(), a.ToText());
    return Hex(bytes);
  }
  if (op == "i8") {
    const auto i = a.ToInt64();
    return i.ok() ? std::to_string(*i) : std::string(SqlState(i.code()));
  }
  if (op == "cmp") {
    const Numeric b = N(c.b);
    std::string a_key;
    std::string b_key;
    a.AppendKey(&a_key);
    b.AppendKey(&b_key);
    EXPECT_EQ(Sign(a_key.compare(b_key)), Sign(Numeric::Compare(a, b))) << c.a << ' ' << c.b;
    return std::to_string(Sign(Numeric::Compare(a, b)));
  }
  Numeric result;
  const Status status = Apply(op, a, c, &result);
  return status.ok() ? result.ToText() : std::string(SqlState(status.code()));
}

TEST(Numeric, AnswersAsPostgres) {
  for (const Case& c : kCases)
    EXPECT_EQ(Evaluate(c), c.expected) << c.op << ' ' << c.a << ' ' << c.b;
}

TEST(Numeric, BytesRoundTripInlineAndBeyond) {
  Arena arena;
  for (const char* text :
       {"0", "-0.00", "1.50", "999999999999999999999999", "-123456789012345678901234567890.12345",
        "1e200", "NaN", "Infinity", "-Infinity", "0.000000000000000000000000000000000000000001"}) {
    const Numeric n = N(text);
    EXPECT_EQ(Numeric(n.Store(arena)).ToText(), n.ToText());
    EXPECT_EQ(Numeric(std::string_view(n.Bytes())).ToText(), n.ToText());
  }
  EXPECT_TRUE(N("999999999999999999999999").Store(arena).is_inline());
}

TEST(Numeric, EqualNumbersHashEqual) {
  EXPECT_EQ(N("1.50").Hash(), N("1.5000").Hash());
  EXPECT_EQ(N("1e60").Hash(), N("1e60").Hash());
  EXPECT_EQ(N("1" + std::string(45, '0') + "." + std::string(30, '0')).Hash(),
            N("1" + std::string(45, '0')).Hash());
}

TEST(Numeric, RefusesWhatIsTooLargeOrNoNumber) {
  EXPECT_EQ(Numeric::Parse("1e131072").code(), ErrorCode::kNumericValueOutOfRange);
  EXPECT_TRUE(Numeric::Parse("1e131071").ok());
  EXPECT_EQ(Numeric::Parse("1e99999999999").code(), ErrorCode::kNumericValueOutOfRange);
  EXPECT_EQ(Numeric::Parse("1e-16384").code(), ErrorCode::kNumericValueOutOfRange);
  for (const char* bad : {"", " ", ".", "-", "1e", "1 2", "0x10", "--1", "1.2.3", "infinit"}) {
    EXPECT_EQ(Numeric::Parse(bad).code(), ErrorCode::kInvalidTextRepresentation) << bad;
  }
}

TEST(NumericSum, LeavesAndReenters128Bits) {
  NumericSum sum;
  sum.Add(N("170141183460469231731687303715884105727"));
  sum.Add(N("170141183460469231731687303715884105727"));
  sum.Add(N("0.25"));
  sum.Add(N("1e-30"));
  Numeric result;
  ASSERT_TRUE(sum.Sum(&result).ok());
  EXPECT_EQ(result.ToText(),
            "340282366920938463463374607431768211454.250000000000000000000000000001");
  sum.Subtract(N("170141183460469231731687303715884105727"));
  sum.Subtract(N("170141183460469231731687303715884105727"));
  ASSERT_TRUE(sum.Sum(&result).ok());
  EXPECT_EQ(result.ToText(), "0.250000000000000000000000000001");
  EXPECT_EQ(sum.count(), 2);
}

TEST(NumericVariance, AsPostgres) {
  NumericVariance variance;
  for (const char* text : {"1", "2.5", "4", "10.25"}) variance.Add(N(text));
  const auto finish = [&](NumericVariance::Kind kind) {
    Numeric out;
    EXPECT_TRUE(*variance.Finish(kind, &out));
    return out.ToText();
  };
  EXPECT_EQ(finish(NumericVariance::Kind::kVarPop), "12.3867187500000000");
  EXPECT_EQ(finish(NumericVariance::Kind::kVarSamp), "16.5156250000000000");
  EXPECT_EQ(finish(NumericVariance::Kind::kStddevPop), "3.5194770563252717");
  EXPECT_EQ(finish(NumericVariance::Kind::kStddevSamp), "4.0639420517522146");
}

}  // namespace
}  // namespace oxibase
