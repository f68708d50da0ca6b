#pragma once
// What statements that change the catalog need of the session they run in. They are written against
// this interface alone; the session implements it.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog_version.h"
#include "common/status.h"
#include "expr/eval_context.h"
#include "sql/plan/logical.h"
#include "txn/snapshot.h"

namespace oxibase {

namespace ast {
struct Statement;
}
class Tablet;
class Transaction;

class DdlHost {
 public:
  virtual ~DdlHost() = default;

  // ---- The catalog.

  /// As the transaction sees it: the newest committed version with the transaction's own changes.
  /// Another object after each change, and after LockTable (which may have waited for one).
  virtual std::shared_ptr<const CatalogVersion> catalog() = 0;
  /// Never given out before, nor again.
  virtual Oid NewOid() = 0;
  virtual TabletId NewTabletId() = 0;

  /// Each puts an object in place of the one with the same oid, or adds it, as a change of this
  /// transaction (and savepoint): the catalog's row is written, and catalog() shows it. What the
  /// object refers to is locked against changes as by LockTable.
  ///
  /// Storage follows a table's definition. A tablet id that is new gets an empty tablet with the
  /// definition's indexes. Otherwise: a higher schema_version changes the tablet's layouts
  /// (BuildTableSchema), an index that is new is built over the rows (23505), one that is gone is
  /// dropped, and when the tablet id changes, the old tablet is dropped at commit. Rollback undoes
  /// all of it.
  /// REQUIRES: an ACCESS EXCLUSIVE lock on the table, for a new index at least SHARE
  virtual Status PutTable(TableDef table) = 0;
  virtual Status PutView(ViewDef view) = 0;
  /// A new one begins at its start value, not yet called.
  virtual Status PutSequence(SequenceDef sequence) = 0;
  virtual Status PutSchema(SchemaDef schema) = 0;
  /// An empty text removes the comment.
  virtual Status PutComment(CommentDef comment) = 0;
  /// A schema, table, view or sequence, with its comments; a table's storage goes at commit.
  virtual Status Remove(ObjectKind kind, Oid oid) = 0;

  // ---- Names.

  /// As BindContext wants it.
  virtual std::vector<Oid> SearchPath() = 0;
  /// Where an unqualified new object goes: the first schema of search_path that exists. 0: none.
  virtual Oid CreationSchema() = 0;
  /// The session's schema of temporary objects, made if there is none.
  virtual Result<Oid> TempSchema() = 0;
  /// 0 if there is none yet.
  virtual Oid ExistingTempSchema() = 0;

  // ---- Locks and rows.

  /// Keeps others from creating a relation of this name (schema 0: a schema) until the transaction
  /// ends; waits for one that does. catalog() then shows what it did.
  virtual Status LockName(Oid schema, std::string_view name) = 0;

  /// Any object of the catalog, by its oid; held to the end of the transaction. When the object is
  /// no longer what the catalog had when the statement began, this fails and the statement is begun
  /// anew, with its locks: what comes after the lock may trust what it saw before.
  virtual Status LockTable(Oid table, TableLockMode mode, LockWait wait = LockWait::kBlock) = 0;
  /// 55006 if checks of the table's deferrable constraints wait for the transaction's end.
  /// `command` is what that keeps from running: "ALTER TABLE".
  virtual Status CheckNotInUse(const TableDef& table, std::string_view command) = 0;
  virtual Transaction& txn() = 0;
  virtual Result<std::shared_ptr<Tablet>> FindTablet(const TableDef& table) = 0;
  /// A sequence's next value is `value`.
  virtual Status RestartSequence(Oid sequence, int64_t value) = 0;

  // ---- Indexes beside readers and writers (engine/concurrent_index.cc).

  /// 25001 in a transaction block; `command` is what the message calls it.
  virtual Status RefuseInBlock(std::string_view command) = 0;
  /// Builds an index of `table`, a definition that has it, before the catalog does; PutTable
  /// follows. 23505. Waits for those who write. REQUIRES: a SHARE UPDATE EXCLUSIVE lock
  virtual Status BuildIndexBeside(const TableDef& table, const IndexDef& index) = 0;
  /// Puts `table`, which has lost the index, into the catalog, and drops it: waits for all who use
  /// the table. REQUIRES: a SHARE UPDATE EXCLUSIVE lock
  virtual Status DropIndexBeside(TableDef table, const IndexDef& index) = 0;
  /// Builds the index of that definition anew, and puts it in the place of the old one. Waits for
  /// all who use the table. REQUIRES: a SHARE UPDATE EXCLUSIVE lock
  virtual Status RebuildIndexBeside(const TableDef& table, const IndexDef& index) = 0;

  // ---- Running statements inside this one: same transaction, a new command.

  /// The first row of a query, or nothing.
  virtual Result<std::optional<std::vector<Value>>> FirstRow(const std::string& sql) = 0;
  /// Takes the locks that running the plan needs. They may wait for changes of what it was bound
  /// to.
  virtual Status LockTablesOf(const LogicalPlan& plan) = 0;
  /// Runs a bound INSERT, its parameters being `params`; the number of rows.
  virtual Result<uint64_t> Run(LogicalPlan plan, std::span<const Value> params) = 0;
  /// A query that is part of the running statement, with the values of its parameters.
  struct InnerQuery {
    std::shared_ptr<const ast::Statement> tree;
    std::vector<Type> types;
    std::vector<Value> params;
  };
  /// `query` with the running statement's parameters, or what EXECUTE names with its own: 42809 if
  /// that is no SELECT.
  virtual Result<InnerQuery> QueryOf(const ast::Statement& query) = 0;

  // ---- The rest.

  virtual EvalContext& eval() = 0;
  virtual std::string current_user() = 0;
  /// NOTICE or WARNING to the client.
  /// Whenever a transaction commits, `table`, which is temporary, is emptied or dropped.
  virtual void AtCommit(Oid table, bool drop) = 0;
  virtual void Notice(std::string_view severity, const ErrorInfo& info) = 0;
};

}  // namespace oxibase
