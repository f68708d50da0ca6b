#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog_codec.h"
#include "catalog/catalog_version.h"
#include "common/status.h"
#include "engine/database.h"
#include "txn/transaction.h"

namespace oxibase {

struct TableStatistics;

/// The catalog changes of one transaction: what it sees of them, the catalog rows it writes, what
/// happens to storage at once and what waits for the commit. One session's; not thread-safe.
///
/// The statement that changes something takes the locks first: ACCESS EXCLUSIVE on a table it
/// alters or drops, `LockName` on a name it creates.
class DdlTransaction {
 public:
  DdlTransaction(Database::Impl& database, Transaction& txn) : database_(database), txn_(txn) {}

  /// Whether it has changed the object (and so holds a lock on it that keeps others from that).
  bool HasChanged(Oid oid) const;
  bool has_changes() const { return overlay_ != nullptr || !on_commit_.empty(); }
  /// The catalog as this transaction sees it.
  std::shared_ptr<const CatalogVersion> catalog() const;
  Oid NewOid();

  /// Keeps others from creating a relation of this name (schema 0: a schema) until this transaction
  /// ends; waits for one that does.
  Status LockName(Oid schema, std::string_view name);

  /// As DdlHost: storage follows the definition.
  Status PutTable(TableDef table);
  Status PutView(ViewDef view);
  Status PutSequence(SequenceDef sequence);
  Status PutSchema(SchemaDef schema);
  /// An empty text removes it.
  Status PutComment(CommentDef comment);
  /// Shows others the table as it is going to be, before the commit: plans made from now on are for
  /// that. Undone with the rest, and not there after a crash.
  void ShowAhead(const TableDef& table);
  /// Makes everybody plan anew.
  void RenewPlans();
  /// Further things to be done then.
  void OnUndo(std::function<void()> action);
  void OnCommit(std::function<void()> action) { on_commit_.push_back(std::move(action)); }
  /// Keeps what ANALYZE found; others see it from the commit on.
  Status PutStatistics(Oid table, std::shared_ptr<const TableStatistics> statistics);
  /// Removes the object alone; what depends on it is the caller's affair.
  Status Remove(ObjectKind kind, Oid oid);

  // --- Called by the session.

  struct Mark {
    std::shared_ptr<const CatalogVersion> overlay;
    uint64_t overlay_base;
    size_t changes, undo, on_commit;
  };
  Mark mark() const {
    return {overlay_, overlay_base_, changes_.size(), undo_.size(), on_commit_.size()};
  }
  /// Undoes what came after it. (The rows are undone by the transaction.)
  void RollbackTo(const Mark& mark);
  /// Makes the changes the newest catalog. Just before the transaction commits, while its locks
  /// still keep others from using what changed.
  void Publish();
  /// After the commit: drops what waited for it.
  void Committed();
  /// After a commit that failed: takes Publish back.
  void Rollback();

 private:
  struct Change {
    ObjectKind kind;
    Oid oid;
    int32_t sub = 0;
    std::shared_ptr<const CatalogObject> before, after;  // null: none
  };

  Status AddIndex(Tablet& tablet, const TableDef& table, const IndexDef& index);
  Status NewTablet(TableDef table, const TableDef* old);
  Status AlterTable(TableDef table, const TableDef& before);
  Status Write(ObjectKind kind, Oid oid, int32_t sub, std::string_view name,
               const CatalogObject* object);
  /// A row of the catalog's table; null removes it.
  Status WriteRow(ObjectKind kind, Oid oid, int32_t sub, std::string_view name,
                  const std::string* definition);
  Status Apply(ObjectKind kind, Oid oid, int32_t sub, std::string_view name,
               std::shared_ptr<const CatalogObject> after);
  void Record(Change change);
  std::shared_ptr<const CatalogObject> Current(ObjectKind kind, Oid oid) const;
  static void ApplyTo(CatalogVersion& catalog, const Change& change, bool forward);
  void Rebase() const;
  void PublishChanges(bool forward);
  /// Tables whose past cannot be read as what they are now: whether it is to begin after the
  /// commit.
  void EndHistories();
  void BeginHistories();

  Database::Impl& database_;
  Transaction& txn_;
  // The newest catalog with the changes applied, and the number of what that was. Made anew when
  // others have changed it.
  mutable std::shared_ptr<const CatalogVersion> overlay_;
  mutable uint64_t overlay_base_ = 0;
  std::vector<Change> changes_;
  std::vector<std::function<void()>> undo_;
  std::vector<std::function<void()>> on_commit_;
  bool published_ = false;
  std::vector<std::shared_ptr<Tablet>> ended_histories_;  // between Publish and the end
};

}  // namespace oxibase
