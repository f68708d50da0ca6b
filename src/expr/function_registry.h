#pragma once
// How expr/functions/*.cc put their kernels into the function table. Names, types, oids and
// volatility of PostgreSQL's own functions come from its catalogs (functions/pg_functions.inc,
// pg_operators.inc); a kernel is found by the entry's key: the name of PostgreSQL's C function
// ("int4pl", which serves the function and the operator) or the SQL signature ("lpad(text,int4)").

#include <string_view>
#include <unordered_map>
#include <vector>

#include "expr/function.h"

namespace oxibase {

class FunctionRegistry {
 public:
  struct Entry {
    Kernel kernel = nullptr;
    SelectKernel select = nullptr;
    const AggregateImpl* aggregate = nullptr;
    bool ordered_set = false;
    WindowFunctionId window = WindowFunctionId::kNone;
    TableFunctionOpen open = nullptr;
    std::vector<OutColumn> columns;
  };

  void Scalar(std::string_view key, Kernel kernel, SelectKernel select = nullptr) {
    entries_[key] = {.kernel = kernel, .select = select};
  }
  /// `aggregate` lives as long as the process.
  void Aggregate(std::string_view key, const AggregateImpl* aggregate, bool ordered_set = false) {
    entries_[key] = {.aggregate = aggregate, .ordered_set = ordered_set};
  }
  void Window(std::string_view key, WindowFunctionId id) { entries_[key] = {.window = id}; }
  void Table(std::string_view key, TableFunctionOpen open, std::vector<OutColumn> columns = {}) {
    entries_[key] = {.open = open, .columns = std::move(columns)};
  }
  /// A function of our own, with everything it needs.
  void Own(Function function) { own_.push_back(std::move(function)); }

  const Entry* Find(std::string_view key) const {
    const auto it = entries_.find(key);
    return it == entries_.end() ? nullptr : &it->second;
  }
  std::vector<Function>& own() { return own_; }

 private:
  std::unordered_map<std::string_view, Entry> entries_;
  std::vector<Function> own_;
};

// One for each file in expr/functions/.
void RegisterComparison(FunctionRegistry& registry);
void RegisterComparisonNumbers(FunctionRegistry& registry);
void RegisterArithmetic(FunctionRegistry& registry);
void RegisterMathNumeric(FunctionRegistry& registry);
void RegisterMathFloat(FunctionRegistry& registry);
void RegisterLike(FunctionRegistry& registry);
void RegisterString(FunctionRegistry& registry);
void RegisterBytes(FunctionRegistry& registry);
void RegisterWindow(FunctionRegistry& registry);
void RegisterSystem(FunctionRegistry& registry);
void RegisterSeries(FunctionRegistry& registry);
void RegisterArray(FunctionRegistry& registry);
void RegisterPattern(FunctionRegistry& registry);
void RegisterDateTime(FunctionRegistry& registry);
void RegisterSeriesTime(FunctionRegistry& registry);
void RegisterStringFormat(FunctionRegistry& registry);
void RegisterJson(FunctionRegistry& registry);
void RegisterJsonTable(FunctionRegistry& registry);
void RegisterAggregateCollect(FunctionRegistry& registry);
void RegisterAggregateStatistics(FunctionRegistry& registry);
void RegisterJsonObject(FunctionRegistry& registry);
void RegisterOverlaps(FunctionRegistry& registry);
void RegisterToCharNumber(FunctionRegistry& registry);
void RegisterToChar(FunctionRegistry& registry);
void RegisterDateTimeFields(FunctionRegistry& registry);
void RegisterUnicode(FunctionRegistry& registry);
void RegisterAggregateSum(FunctionRegistry& registry);
void RegisterAggregateMinMax(FunctionRegistry& registry);

}  // namespace oxibase
