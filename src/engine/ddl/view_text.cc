// Laid out as PostgreSQL 15's ruleutils.c does it: a keyword that begins a line stands so that what
// follows it is in column with the rest.
#include "engine/ddl/view_text.h"

#include <vector>

#include "engine/ddl/ddl_names.h"
#include "engine/ddl/view_writer.h"
#include "sql/parse/identifier.h"
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

std::string StoredViewQuery(DdlHost& host, const ViewDef& view) {
  const auto statements = Parse(view.query_sql);
  const auto catalog = host.catalog();
  if (!statements.ok() || statements->size() != 1) return view.query_sql;
  BindContext context = MakeBindContext(host, *catalog);
  const auto bound = BindStatement(*(*statements)[0], context);
  if (!bound.ok()) return view.query_sql;
  const std::vector<OutputColumn>& output = bound->result;
  std::string names, targets;
  bool renamed = output.size() != view.columns.size();
  for (size_t i = 0; i < view.columns.size() && i < output.size(); ++i) {
    const std::string& name = view.columns[i].first;
    renamed = renamed || name != output[i].name;
    names += (names.empty() ? "" : ", ") + QuoteIdentifier(name);
    targets += (targets.empty() ? "stored." : ", stored.") + QuoteIdentifier(name);
  }
  if (!renamed) return view.query_sql;
  return "SELECT " + targets + " FROM (" + view.query_sql + ") stored(" + names + ")";
}

}  // namespace oxibase::ddl
