// Laid out as PostgreSQL 15's ruleutils.c does it: a keyword that begins a line stands so that what
// follows it is in column with the rest.
#include "engine/ddl/view_text.h"

#include <vector>

#include "engine/ddl/ddl_names.h"
#include "engine/ddl/view_writer.h"
#include "sql/parse/parser.h"

namespace oxibase::ddl {

Result<std::string> ViewQueryText(DdlHost& host, const ViewDef& view, bool pretty) {
  ASSIGN_OR_RETURN(const std::vector<ast::StatementPtr> statements, Parse(view.query_sql));
  const auto* select =
      statements.size() == 1 ? ast::TryAs<ast::SelectStmt>(statements[0].get()) : nullptr;
  if (!select) return NotSupported("a view without a query");
  BindTrace trace;
  const auto catalog = host.catalog();
  BindContext context = MakeBindContext(host, *catalog);
  context.trace = &trace;
  RETURN_IF_ERROR(BindStatement(*select, context).status());
  std::vector<std::string> names;
  for (const auto& [name, type] : view.columns) names.push_back(name);
  QueryWriter writer(host, trace, pretty, names);
  std::string text = writer.Query(*select, &names, 0, nullptr);
  if (!writer.unknown().empty()) return NotSupported(writer.unknown());
  return text;
}

}  // namespace oxibase::ddl
