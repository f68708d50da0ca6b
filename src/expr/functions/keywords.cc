#include "expr/functions/keywords.h"

#include "expr/table_function.h"

namespace oxibase {
namespace {

struct Keyword {
  std::string_view word;
  char category;
  bool is_bare_label;
};

constexpr Keyword kKeywords[] = {
#include "expr/functions/pg_keywords.inc"
};

std::string_view Describe(char category) {
  switch (category) {
    case 'U':
      return "unreserved";
    case 'C':
      return "unreserved (cannot be function or type name)";
    case 'T':
      return "reserved (can be function or type name)";
    default:
      return "reserved";
  }
}

TableRows OpenKeywords(EvalContext&, CallSite& site, std::span<const Value>) {
  auto rows = std::make_unique<RowsOfValues>(OutTypes(site));
  for (const Keyword& keyword : kKeywords) {
    rows->Add(0, Value::Text(std::string(keyword.word)));
    rows->Add(1, Value::Fixed<char>(TypeId::kChar, keyword.category));
    rows->Add(2, Value::Bool(keyword.is_bare_label));
    rows->Add(3, Value::Text(std::string(Describe(keyword.category))));
    rows->Add(4, Value::Text(keyword.is_bare_label ? "can be bare label" : "requires AS"));
  }
  return std::unique_ptr<TableFunctionState>(std::move(rows));
}

}  // namespace

void RegisterKeywords(FunctionRegistry& r) {
  Function keywords;
  keywords.oid = 1686;
  keywords.name = "pg_get_keywords";
  keywords.kind = FunctionKind::kTable;
  keywords.result = TypeId::kRecord;
  keywords.volatility = Volatility::kStable;
  keywords.open = &OpenKeywords;
  keywords.out_columns = {{"word", TypeId::kText},
                          {"catcode", TypeId::kChar},
                          {"barelabel", TypeId::kBool},
                          {"catdesc", TypeId::kText},
                          {"baredesc", TypeId::kText}};
  r.Own(std::move(keywords));
}

}  // namespace oxibase
