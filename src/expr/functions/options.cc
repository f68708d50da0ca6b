#include "expr/functions/options.h"

#include "common/array.h"
#include "expr/table_function.h"

namespace oxibase {
namespace {

/// A row for each "name=value"; without the sign the value is NULL.
TableRows OpenOptions(EvalContext&, CallSite& site, std::span<const Value> args) {
  auto rows = std::make_unique<RowsOfValues>(OutTypes(site));
  const ArrayView options(args[0].bytes());
  for (uint32_t i = 0; i < options.size(); ++i) {
    if (options.IsNull(i)) continue;
    const std::string_view option = options.GetBytes(i);
    const size_t sign = option.find('=');
    rows->Add(0, Value::Text(std::string(option.substr(0, sign))));
    rows->Add(1, sign == std::string_view::npos
                     ? Value::Null(TypeId::kText)
                     : Value::Text(std::string(option.substr(sign + 1))));
  }
  return std::unique_ptr<TableFunctionState>(std::move(rows));
}

}  // namespace

void RegisterOptions(FunctionRegistry& r) {
  Function options;
  options.oid = 2289;
  options.name = "pg_options_to_table";
  options.kind = FunctionKind::kTable;
  options.args = {TypeId::kTextArray};
  options.result = TypeId::kRecord;
  options.strict = true;
  options.volatility = Volatility::kStable;
  options.open = &StrictOpen<OpenOptions>;
  options.out_columns = {{"option_name", TypeId::kText}, {"option_value", TypeId::kText}};
  r.Own(std::move(options));
}

}  // namespace oxibase
