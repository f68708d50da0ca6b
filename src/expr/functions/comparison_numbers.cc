#include <cstdint>

#include "expr/function_registry.h"
#include "expr/functions/comparison_kernels.h"

namespace oxibase {
namespace {

template <typename Order>
void AddSix(FunctionRegistry& registry, std::string_view eq, std::string_view ne,
            std::string_view lt, std::string_view le, std::string_view gt, std::string_view ge) {
  using Op = ComparisonOp;
  const auto add = [&]<Op kOp>(std::string_view key) {
    using C = Comparison<Order, kOp>;
    registry.Scalar(key, &C::Run, &C::Select);
  };
  add.template operator()<Op::kEq>(eq);
  add.template operator()<Op::kNe>(ne);
  add.template operator()<Op::kLt>(lt);
  add.template operator()<Op::kLe>(le);
  add.template operator()<Op::kGt>(gt);
  add.template operator()<Op::kGe>(ge);
}

}  // namespace

void RegisterComparisonNumbers(FunctionRegistry& r) {
  using I2 = int16_t;
  using I4 = int32_t;
  using I8 = int64_t;
  AddSix<NumberOrder<I2, I2>>(r, "int2eq", "int2ne", "int2lt", "int2le", "int2gt", "int2ge");
  AddSix<NumberOrder<I4, I4>>(r, "int4eq", "int4ne", "int4lt", "int4le", "int4gt", "int4ge");
  AddSix<NumberOrder<I8, I8>>(r, "int8eq", "int8ne", "int8lt", "int8le", "int8gt", "int8ge");
  AddSix<NumberOrder<I2, I4>>(r, "int24eq", "int24ne", "int24lt", "int24le", "int24gt", "int24ge");
  AddSix<NumberOrder<I4, I2>>(r, "int42eq", "int42ne", "int42lt", "int42le", "int42gt", "int42ge");
  AddSix<NumberOrder<I2, I8>>(r, "int28eq", "int28ne", "int28lt", "int28le", "int28gt", "int28ge");
  AddSix<NumberOrder<I8, I2>>(r, "int82eq", "int82ne", "int82lt", "int82le", "int82gt", "int82ge");
  AddSix<NumberOrder<I4, I8>>(r, "int48eq", "int48ne", "int48lt", "int48le", "int48gt", "int48ge");
  AddSix<NumberOrder<I8, I4>>(r, "int84eq", "int84ne", "int84lt", "int84le", "int84gt", "int84ge");
  AddSix<NumberOrder<uint32_t, uint32_t>>(r, "oideq", "oidne", "oidlt", "oidle", "oidgt", "oidge");
  AddSix<NumberOrder<uint8_t, uint8_t>>(r, "booleq", "boolne", "boollt", "boolle", "boolgt",
                                        "boolge");
  AddSix<NumberOrder<uint8_t, uint8_t>>(r, "chareq", "charne", "charlt", "charle", "chargt",
                                        "charge");
  AddSix<NumberOrder<float, float>>(r, "float4eq", "float4ne", "float4lt", "float4le", "float4gt",
                                    "float4ge");
  AddSix<NumberOrder<double, double>>(r, "float8eq", "float8ne", "float8lt", "float8le", "float8gt",
                                      "float8ge");
  AddSix<NumberOrder<float, double>>(r, "float48eq", "float48ne", "float48lt", "float48le",
                                     "float48gt", "float48ge");
  AddSix<NumberOrder<double, float>>(r, "float84eq", "float84ne", "float84lt", "float84le",
                                     "float84gt", "float84ge");
  // Dates and times are integers underneath.
  AddSix<NumberOrder<I4, I4>>(r, "date_eq", "date_ne", "date_lt", "date_le", "date_gt", "date_ge");
  AddSix<NumberOrder<I8, I8>>(r, "time_eq", "time_ne", "time_lt", "time_le", "time_gt", "time_ge");
  AddSix<NumberOrder<I8, I8>>(r, "timestamp_eq", "timestamp_ne", "timestamp_lt", "timestamp_le",
                              "timestamp_gt", "timestamp_ge");
  AddSix<NumberOrder<I8, I8>>(r, "tideq", "tidne", "tidlt", "tidle", "tidgt", "tidge");
  const auto add_equality = [&](std::string_view eq, std::string_view ne) {
    using Order = NumberOrder<uint32_t, uint32_t>;
    r.Scalar(eq, &Comparison<Order, ComparisonOp::kEq>::Run,
             &Comparison<Order, ComparisonOp::kEq>::Select);
    r.Scalar(ne, &Comparison<Order, ComparisonOp::kNe>::Run,
             &Comparison<Order, ComparisonOp::kNe>::Select);
  };
  add_equality("xideq", "xidneq");
  add_equality("cideq", "cidneq");
}

}  // namespace oxibase
