#pragma once

#include <memory>
#include <string>
#include <vector>

#include "catalog/objects.h"
#include "engine/ddl/ddl_host.h"
#include "engine/ddl/ddl_names.h"
#include "engine/ddl/rewrite_table.h"
#include "engine/ddl/table_columns.h"
#include "sql/parse/ast_ddl.h"

namespace oxibase::ddl {

/// One ALTER TABLE under way: its commands change a draft of the definition and note what must
/// happen to the rows; `Finish` then does all of it in one go.
class TableChange {
 public:
  TableChange(DdlHost& host, std::shared_ptr<const TableDef> before)
      : host_(host), before_(std::move(before)), after_(*before_) {}

  /// Commands run in passes, as in PostgreSQL, so that DROP a, ADD a means what it seems to.
  static int PassOf(ast::AlterTableKind kind);
  static constexpr int kPasses = 5;
  Status Run(const ast::AlterTableCommand& command);
  /// Constraints written behind new columns: after all columns are there.
  Status RunColumnConstraints();
  Status Finish();

 private:
  Status AddColumn(const ast::AlterTableCommand& command);
  Status DropColumn(const ast::AlterTableCommand& command);
  Status DropConstraint(const ast::AlterTableCommand& command);
  Status AddConstraint(const ast::Constraint& constraint, const std::string& column);
  Status AlterConstraint(const ast::AlterTableCommand& command);
  Status ValidateConstraint(const ast::AlterTableCommand& command);
  // alter_column.cc
  Status AlterType(const ast::AlterTableCommand& command);
  Status AfterTypeChange(ColumnDef& column);
  Status ColumnDefault(const ast::AlterTableCommand& command);
  Status DropNotNull(const ast::AlterTableCommand& command);
  Status SetNotNull(const ast::AlterTableCommand& command);
  Status SetExpression(const ast::AlterTableCommand& command);
  Status DropExpression(const ast::AlterTableCommand& command);
  Status AddIdentity(const ast::AlterTableCommand& command);
  Status SetIdentity(const ast::AlterTableCommand& command);
  Status DropIdentity(const ast::AlterTableCommand& command);
  // alter_storage.cc
  Status ColumnStorage(const ast::AlterTableCommand& command);
  Status TableStorage(const ast::AlterTableCommand& command);

  /// 42703 if there is none.
  Result<ColumnDef*> Column(const std::string& name);
  size_t PositionOf(ColumnId id) const;
  void MustValidate(const std::string& constraint) { validate_.push_back(constraint); }

  DdlHost& host_;
  const std::shared_ptr<const TableDef> before_;
  TableDef after_;
  bool raised_version_ = false;
  bool rewrite_ = false;
  std::vector<RowChange::Computed> from_old_;
  std::vector<ColumnConstraint> column_constraints_;
  std::vector<std::string> validate_;  // constraints by name
  std::vector<ColumnId> validate_not_null_;
};

/// What ALTER VIEW, INDEX and SEQUENCE say of storage: 42809 for what their kind does not have.
Status SetStorageOfOther(DdlHost& host, const Relation& found,
                         const ast::AlterTableCommand& command);

}  // namespace oxibase::ddl
