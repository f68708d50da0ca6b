#include <algorithm>
#include <deque>
#include <iterator>
#include <unordered_map>

#include "expr/function.h"
#include "expr/function_registry.h"

namespace oxibase {
namespace {

using T = TypeId;

struct FunctionRow {
  Oid oid;
  std::string_view name;
  std::string_view key;
  char kind;
  TypeId result;
  TypeId args[8];
  uint8_t arg_count;
  bool variadic;
  uint8_t defaults;
  bool strict;
  char volatility;
  std::string_view arg_names;
};
struct OperatorRow {
  Oid oid;
  std::string_view name;
  std::string_view key;
  TypeId result;
  TypeId args[2];
  uint8_t arg_count;
  bool strict;
  char volatility;
  std::string_view commutator, negator;
  Oid implementation;
};

constexpr FunctionRow kFunctions[] = {
#include "expr/functions/pg_functions.inc"
};
constexpr OperatorRow kOperators[] = {
#include "expr/functions/pg_operators.inc"
};

Function FromRow(const FunctionRow& row, const FunctionRegistry::Entry& entry) {
  Function f;
  f.oid = row.oid;
  f.name = row.name;
  f.args.assign(row.args, row.args + row.arg_count);
  f.result = row.result;
  f.variadic = row.variadic;
  f.optional_args = row.defaults;
  f.strict = row.strict;
  f.volatility = static_cast<Volatility>(row.volatility);
  f.arg_names = row.arg_names;
  f.kernel = entry.kernel;
  f.select = entry.select;
  f.aggregate = entry.aggregate;
  f.ordered_set = entry.ordered_set;
  f.open = entry.open;
  f.out_columns = entry.columns;
  f.window = entry.window;
  f.kind = entry.aggregate                           ? FunctionKind::kAggregate
           : entry.window != WindowFunctionId::kNone ? FunctionKind::kWindow
           : entry.open                              ? FunctionKind::kTable
                                                     : FunctionKind::kScalar;
  return f;
}

Function FromRow(const OperatorRow& row, const FunctionRegistry::Entry& entry) {
  Function f;
  f.oid = row.oid;
  f.name = row.name;
  f.is_operator = true;
  f.args.assign(row.args, row.args + row.arg_count);
  f.result = row.result;
  f.strict = row.strict;
  f.volatility = static_cast<Volatility>(row.volatility);
  f.commutator = row.commutator;
  f.negator = row.negator;
  f.implementation = row.implementation;
  f.kernel = entry.kernel;
  f.select = entry.select;
  return f;
}

}  // namespace

struct FunctionTable::Impl {
  using ByName = std::unordered_map<std::string_view, std::vector<const Function*>>;
  std::deque<Function> functions;  // addresses stay
  std::vector<const Function*> all;
  ByName by_name[2];  // functions, operators

  void Add(Function function) {
    functions.push_back(std::move(function));
    const Function* f = &functions.back();
    all.push_back(f);
    by_name[f->is_operator][f->name].push_back(f);
  }
};

const FunctionTable& FunctionTable::Get() {
  static const FunctionTable* const table = new FunctionTable;
  return *table;
}

FunctionTable::FunctionTable() : impl_(std::make_unique<Impl>()) {
  FunctionRegistry registry;
  RegisterComparison(registry);
  RegisterComparisonNumbers(registry);
  RegisterArithmetic(registry);
  RegisterMathNumeric(registry);
  RegisterMathFloat(registry);
  RegisterLike(registry);
  RegisterString(registry);
  RegisterBytes(registry);
  RegisterWindow(registry);
  RegisterSystem(registry);
  RegisterSeries(registry);
  RegisterArray(registry);
  RegisterPattern(registry);
  RegisterDateTime(registry);
  RegisterSeriesTime(registry);
  RegisterStringFormat(registry);
  RegisterJson(registry);
  RegisterJsonTable(registry);
  RegisterAggregateCollect(registry);
  RegisterAggregateStatistics(registry);
  RegisterJsonObject(registry);
  RegisterOverlaps(registry);
  RegisterToCharNumber(registry);
  RegisterToChar(registry);
  RegisterDateTimeFields(registry);
  RegisterUnicode(registry);
  RegisterAggregateSum(registry);
  RegisterAggregateMinMax(registry);
  for (const FunctionRow& row : kFunctions) {
    if (const auto* entry = registry.Find(row.key)) impl_->Add(FromRow(row, *entry));
  }
  for (const OperatorRow& row : kOperators) {
    if (const auto* entry = registry.Find(row.key)) impl_->Add(FromRow(row, *entry));
  }
  for (Function& f : registry.own()) impl_->Add(std::move(f));
}

std::span<const Function* const> FunctionTable::Find(std::string_view name,
                                                     bool is_operator) const {
  const auto& names = impl_->by_name[is_operator];
  const auto it = names.find(name);
  if (it == names.end()) return {};
  return it->second;
}

const Function* FunctionTable::FindExact(std::string_view name, bool is_operator,
                                         std::span<const TypeId> args) const {
  for (const Function* f : Find(name, is_operator)) {
    if (std::ranges::equal(f->args, args)) return f;
  }
  return nullptr;
}

std::span<const Function* const> FunctionTable::all() const { return impl_->all; }

}  // namespace oxibase
