#pragma once
// The binder: syntax trees in, bound logical plans out, by PostgreSQL 15's rules for names, types,
// casts, operators and functions. Stateless between calls: everything it needs stands in
// BindContext. All errors carry a location where the text has one.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog_version.h"
#include "common/status.h"
#include "expr/eval_context.h"
#include "expr/expression.h"
#include "sql/plan/logical.h"

namespace oxibase {

struct BindTrace;
namespace ast {
struct Expr;
struct QualifiedName;
struct Statement;
struct TypeName;
}  // namespace ast

/// What the text of a stored query (a view's) needs so that it means the same under any search
/// path and after columns were added: `length` bytes at `location` become `text`; a negative length
/// means everything up to the next star, which goes, too (`t.*` written out).
struct TextReplacement {
  int32_t location = 0;
  int32_t length = 0;
  std::string text;
};

/// What a cursor needs to know of its query.
struct CursorFacts {
  /// A second run would show: it may yield other rows, or change something.
  bool is_volatile = false;
  /// FOR UPDATE and its like.
  bool locks_rows = false;
  /// Behind the query's own columns its result has the row ids (int8) of these tables' rows, for
  /// WHERE CURRENT OF: those it locks, or the one it reads.
  std::vector<Oid> row_id_tables;
};

/// WHERE CURRENT OF: this scan yields the row alone on which the cursor stands.
struct CurrentOf {
  std::string cursor;
  uint32_t scan_id = 0;
  std::shared_ptr<const TableDef> table;
};

/// What one call of the binder sees, and what it learns besides the plan. Everything pointed at
/// outlives the call.
struct BindContext {
  const CatalogVersion& catalog;
  /// Schemas in the order in which they are searched, the implicit ones (temporary schema,
  /// pg_catalog) included at their place.
  std::vector<Oid> search_path = {kPgCatalogSchema, kPublicSchema};
  /// What `pg_temp.` means; 0: none yet.
  Oid temp_schema = 0;
  /// Converts constants ('2020-01-01'::date, 't'::regclass, 'now') and folds them: settings,
  /// catalog and times are used. Must not be null.
  EvalContext* eval = nullptr;
  /// Types of $1, $2, ...; kInvalid or kUnknown, or missing at the end: inferred, and filled in on
  /// return.
  std::vector<Type> param_types;
  /// False where a parameter is an error (42P02): DDL, and statements prepared without types that
  /// are run at once.
  bool allow_params = true;
  /// Tables and views that were looked up, without doubles. Filled by the binder.
  std::vector<Oid> depends_on;
  /// If set: how the text must change to be stored (schemas put before tables' names, stars
  /// written out). In order of location.
  std::vector<TextReplacement>* replacements = nullptr;
  /// Filled by the binder: conditions that are none of the plan's.
  std::vector<CurrentOf> current_of;
  /// If set: the statement is a cursor's query. Filled by the binder.
  CursorFacts* cursor = nullptr;
  /// If set: filled with what the statement's parts became.
  BindTrace* trace = nullptr;
};

/// SELECT, VALUES, INSERT, UPDATE, DELETE; anything else is 0A000.
Result<LogicalPlan> BindStatement(const ast::Statement& statement, BindContext& context);

/// What an expression that stands alone is for: says what may not be in it, and how errors call it.
enum class ExprUse : uint8_t {
  kDefault,         // no columns, no subqueries
  kGenerated,       // immutable
  kCheck,           // boolean
  kIndexElement,    // immutable
  kIndexPredicate,  // immutable, boolean
  kAlterUsing,      // ALTER COLUMN TYPE ... USING
  kExecuteArgument,
  kCopyWhere,  // boolean
  kUtility,    // any other argument of a utility statement
};

/// The columns that such an expression may name: those of one table, or none.
struct ScalarScope {
  const TableDef* table = nullptr;
  /// Parallel to table->columns: the variables that stand for them. 0: not visible.
  std::vector<VarId> column_vars;
};

/// Binds one expression. With `expected.id` != kInvalid the result has that type and modifier:
/// coerced as an assignment would (42804 naming `target`, e.g. a column), for boolean uses as a
/// condition. With kInvalid an unknown literal becomes text.
Result<ExprPtr> BindScalarExpression(const ast::Expr& expr, ExprUse use, const ScalarScope& scope,
                                     Type expected, const std::string& target,
                                     BindContext& context);

/// Binds a table's stored SQL (generated columns, hidden columns of indexes, checks) over fresh
/// variables, which are taken from `next_var`.
Result<TableRules> BindTableRules(const TableDef& table, VarId& next_var, BindContext& context);
/// A column's default as an expression of the column's type without variables: its DEFAULT,
/// nextval of an identity column, or null if there is none (NULL then).
Result<ExprPtr> BindColumnDefault(const TableDef& table, const ColumnDef& column,
                                  BindContext& context);

/// A type as written, with its modifier: 42704 if there is none, 22023 for a bad modifier.
Result<Type> ResolveTypeName(const ast::TypeName& type, BindContext& context);

/// What a name in FROM means: exactly one of these is set.
struct ResolvedRelation {
  std::shared_ptr<const TableDef> table;
  std::shared_ptr<const ViewDef> view;
  std::shared_ptr<const SequenceDef> sequence;  // in FROM only
};
/// Looks a table or view up, by its schema or along the search path: 42P01, 3F000; 42809 for
/// sequences and indexes.
Result<ResolvedRelation> ResolveRelation(const ast::QualifiedName& name, BindContext& context);

}  // namespace oxibase
