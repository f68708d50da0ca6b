#include "engine/ddl_transaction.h"

#include <absl/hash/hash.h>

#include <algorithm>
#include <utility>

#include "catalog/table_storage.h"
#include "common/key_codec.h"
#include "engine/database_impl.h"
#include "engine/ddl/storage_properties.h"
#include "engine/history_retention.h"
#include "storage/mvcc/tablet.h"
#include "txn/tablet_access.h"

namespace oxibase {
namespace {

/// The name space of LockObject for names of relations and schemas.
constexpr uint32_t kNameLockSpace = 2;

/// Where objects are found: by (kind, oid, sub).
std::string CatalogKey(ObjectKind kind, Oid oid, int32_t sub) {
  std::string key;
  AppendKey(&key, Value::Int4(static_cast<int32_t>(kind)));
  AppendKey(&key, Value::Int8(oid));
  AppendKey(&key, Value::Int4(sub));
  return key;
}

/// Whether a column's type changed while its values stayed as they were.
bool HasOtherTypes(const TableDef& table, const TableDef& before) {
  return !std::equal(table.columns.begin(), table.columns.end(), before.columns.begin(),
                     before.columns.end(),
                     [](const ColumnDef& a, const ColumnDef& b) { return a.type == b.type; });
}

}  // namespace

std::shared_ptr<const CatalogVersion> DdlTransaction::catalog() const {
  if (!overlay_) return database_.Catalog();
  if (overlay_base_ != database_.catalog_number()) Rebase();
  return overlay_;
}

// Others have committed changes meanwhile: of other objects than those changed here, whose locks
// this transaction holds.
void DdlTransaction::Rebase() const {
  const auto base = database_.Catalog();
  auto next = std::make_shared<CatalogVersion>(*base);
  for (const Change& change : changes_) ApplyTo(*next, change, true);
  next->set_number(database_.next_overlay_number.fetch_add(1, std::memory_order_relaxed));
  overlay_ = std::move(next);
  overlay_base_ = base->number();
}

bool DdlTransaction::HasChanged(Oid oid) const {
  return std::any_of(changes_.begin(), changes_.end(), [&](const Change& change) {
    return change.oid == oid && change.kind != ObjectKind::kComment;
  });
}

Oid DdlTransaction::NewOid() { return database_.NewOid(); }

Status DdlTransaction::LockName(Oid schema, std::string_view name) {
  const uint64_t object = absl::HashOf(schema, name);
  return txn_.LockObject(kNameLockSpace, object, TableLockMode::kExclusive, LockWait::kBlock);
}

Status DdlTransaction::Write(ObjectKind kind, Oid oid, int32_t sub, std::string_view name,
                             const CatalogObject* object) {
  if (!object) return WriteRow(kind, oid, sub, name, nullptr);
  const std::string definition = EncodeObject(*object);
  return WriteRow(kind, oid, sub, name, &definition);
}

Status DdlTransaction::WriteRow(ObjectKind kind, Oid oid, int32_t sub, std::string_view name,
                                const std::string* definition) {
  const std::shared_ptr<Tablet> tablet = database_.txns.tablets().Find(kCatalogTablet);
  const Snapshot snapshot = txn_.LatestSnapshot();
  RowId existing;
  {
    ReadGuard guard(txn_);
    IndexCursor cursor(txn_, *tablet, *tablet->indexes()[0]);
    KeyRange range;
    range.lower = range.upper = CatalogKey(kind, oid, sub);
    range.has_lower = range.has_upper = true;
    cursor.Seek(range, false);
    RowRef row;
    Snapshot own = snapshot;
    own.command = UINT32_MAX;  // what this very statement wrote, too
    ASSIGN_OR_RETURN(const size_t count, cursor.Next(own, std::span(&row, 1)));
    if (count == 1) existing = row.id;
  }
  if (!definition) {
    if (!existing) return {};
    txn_.NextCommand();
    ASSIGN_OR_RETURN([[maybe_unused]] RowOutcome outcome,
                     DeleteRow(txn_, *tablet, existing, txn_.LatestSnapshot()));
    return {};
  }
  Vector columns[5] = {Vector(TypeId::kInt4), Vector(TypeId::kInt8), Vector(TypeId::kInt4),
                       Vector(TypeId::kText), Vector(TypeId::kBytea)};
  columns[0].SetConstant(Value::Int4(static_cast<int32_t>(kind)));
  columns[1].SetConstant(Value::Int8(oid));
  columns[2].SetConstant(Value::Int4(sub));
  columns[3].SetConstant(Value::Text(std::string(name)));
  columns[4].SetConstant(Value::String(TypeId::kBytea, *definition));
  const Vector* row[5] = {&columns[0], &columns[1], &columns[2], &columns[3], &columns[4]};
  if (!existing) {
    ASSIGN_OR_RETURN([[maybe_unused]] RowId id, InsertRow(txn_, *tablet, row, 0));
    return {};
  }
  // The row as it is now, whatever was committed since the statement or the transaction began: the
  // locks of the object keep others away.
  txn_.NextCommand();
  ASSIGN_OR_RETURN(const RowOutcome outcome,
                   UpdateRow(txn_, *tablet, existing, txn_.LatestSnapshot(), row, 0));
  if (outcome != RowOutcome::kDone) {
    return Error(ErrorCode::kSerializationFailure, "could not serialize access to \"{}\"", name);
  }
  return {};
}

std::shared_ptr<const CatalogObject> DdlTransaction::Current(ObjectKind kind, Oid oid) const {
  const auto catalog = this->catalog();
  const auto wrap = [](const auto& pointer) -> std::shared_ptr<const CatalogObject> {
    return pointer ? std::make_shared<const CatalogObject>(*pointer) : nullptr;
  };
  switch (kind) {
    case ObjectKind::kTable:
      return wrap(catalog->TableByOid(oid));
    case ObjectKind::kView:
      return wrap(catalog->ViewByOid(oid));
    case ObjectKind::kSequence:
      return wrap(catalog->SequenceByOid(oid));
    case ObjectKind::kSchema:
      return wrap(catalog->SchemaByOid(oid));
    default:
      return nullptr;
  }
}

void DdlTransaction::ApplyTo(CatalogVersion& catalog, const Change& change, bool forward) {
  const auto& object = forward ? change.after : change.before;
  if (object) {
    PutObject(catalog, *object);
  } else if (change.kind == ObjectKind::kComment) {
    CommentDef gone = std::get<CommentDef>(forward ? *change.before : *change.after);
    gone.text.clear();
    catalog.PutComment(gone);
  } else {
    catalog.RemoveObject(change.kind, change.oid);
  }
}

Status DdlTransaction::Apply(ObjectKind kind, Oid oid, int32_t sub, std::string_view name,
                             std::shared_ptr<const CatalogObject> after) {
  RETURN_IF_ERROR(Write(kind, oid, sub, name, after.get()));
  Change change{kind, oid, sub, Current(kind, oid), std::move(after)};
  Record(std::move(change));
  return {};
}

void DdlTransaction::Record(Change change) {
  const auto current = catalog();
  if (!overlay_) overlay_base_ = current->number();
  auto next = std::make_shared<CatalogVersion>(*current);
  ApplyTo(*next, change, true);
  next->set_number(database_.next_overlay_number.fetch_add(1, std::memory_order_relaxed));
  overlay_ = std::move(next);
  changes_.push_back(std::move(change));
}

Status DdlTransaction::PutTable(TableDef table) {
  const auto old = catalog()->TableByOid(table.oid);
  if (!old) RETURN_IF_ERROR(txn_.LockTable(table.oid, TableLockMode::kAccessExclusive));
  return old && old->tablet == table.tablet ? AlterTable(std::move(table), *old)
                                            : NewTablet(std::move(table), old.get());
}

Status DdlTransaction::AddIndex(Tablet& tablet, const TableDef& table, const IndexDef& index) {
  Status status = tablet.AddIndex(BuildIndexSpec(table, index)).status();
  if (status.code() != ErrorCode::kUniqueViolation) return status;
  const auto schema = catalog()->SchemaByOid(table.schema);
  return std::move(status).Table(schema ? schema->name : "", table.name);
}

Status DdlTransaction::NewTablet(TableDef table, const TableDef* old) {
  const std::shared_ptr<Tablet> tablet = database_.MakeTablet(table);
  for (const IndexDef& index : table.indexes) {
    RETURN_IF_ERROR(AddIndex(*tablet, table, index));
  }
  TabletRegistry& registry = database_.txns.tablets();
  registry.Add(tablet);
  undo_.push_back([&registry, id = table.tablet] { registry.Remove(id); });
  if (old) on_commit_.push_back([&registry, id = old->tablet] { registry.Remove(id); });
  const std::string name = table.name;
  const Oid oid = table.oid;
  return Apply(ObjectKind::kTable, oid, 0, name,
               std::make_shared<const CatalogObject>(std::move(table)));
}

Status DdlTransaction::AlterTable(TableDef table, const TableDef& before) {
  const auto old = std::make_shared<const TableDef>(before);
  const std::shared_ptr<Tablet> tablet = database_.txns.tablets().Find(table.tablet);
  if (!tablet) return Error(ErrorCode::kInternalError, "no tablet {}", table.tablet.value);
  if (table.schema_version != old->schema_version || HasOtherTypes(table, *old)) {
    tablet->SetSchema(BuildTableSchema(table, &tablet->schema()));
    undo_.push_back(
        [tablet, old] { tablet->SetSchema(BuildTableSchema(*old, &tablet->schema())); });
  }
  if (table.name != old->name) {
    tablet->set_name(table.name);
    undo_.push_back([tablet, old] { tablet->set_name(old->name); });
  }
  for (const IndexDef& index : old->indexes) {
    if (table.FindIndex(index.oid)) continue;
    auto dropped = tablet->DropIndex(index.oid);
    undo_.push_back([tablet, dropped] { tablet->RestoreIndex(dropped); });
  }
  for (const IndexDef& index : table.indexes) {
    // (One that was built beside writers is there.)
    if (old->FindIndex(index.oid) || tablet->FindIndex(index.oid)) continue;
    RETURN_IF_ERROR(AddIndex(*tablet, table, index));
    undo_.push_back([tablet, oid = index.oid] { tablet->DropIndex(oid); });
  }
  const std::string name = table.name;
  const Oid oid = table.oid;
  return Apply(ObjectKind::kTable, oid, 0, name,
               std::make_shared<const CatalogObject>(std::move(table)));
}

Status DdlTransaction::PutView(ViewDef view) {
  const std::string name = view.name;
  const Oid oid = view.oid;
  return Apply(ObjectKind::kView, oid, 0, name,
               std::make_shared<const CatalogObject>(std::move(view)));
}

Status DdlTransaction::PutSequence(SequenceDef sequence) {
  const std::string name = sequence.name;
  const Oid oid = sequence.oid;
  if (!catalog()->SequenceByOid(oid)) {
    undo_.push_back([this, oid] { database_.sequences.Forget(oid); });
  }
  return Apply(ObjectKind::kSequence, oid, 0, name,
               std::make_shared<const CatalogObject>(std::move(sequence)));
}

Status DdlTransaction::PutSchema(SchemaDef schema) {
  const std::string name = schema.name;
  const Oid oid = schema.oid;
  return Apply(ObjectKind::kSchema, oid, 0, name,
               std::make_shared<const CatalogObject>(std::move(schema)));
}

Status DdlTransaction::PutComment(CommentDef comment) {
  const int32_t sub = static_cast<int32_t>(comment.class_kind) << 16 | comment.sub_id;
  const std::string* old = catalog()->Comment(comment.object, comment.class_kind, comment.sub_id);
  std::shared_ptr<const CatalogObject> before, after;
  if (old) {
    CommentDef previous = comment;
    previous.text = *old;
    before = std::make_shared<const CatalogObject>(std::move(previous));
  }
  if (!comment.text.empty()) after = std::make_shared<const CatalogObject>(comment);
  if (!before && !after) return {};
  RETURN_IF_ERROR(Write(ObjectKind::kComment, comment.object, sub, "", after.get()));
  Record({ObjectKind::kComment, comment.object, sub, std::move(before), std::move(after)});
  return {};
}

Status DdlTransaction::PutStatistics(Oid table, std::shared_ptr<const TableStatistics> statistics) {
  const std::string definition = EncodeStatistics(*statistics);
  RETURN_IF_ERROR(WriteRow(kStatisticsRow, table, 0, "", &definition));
  on_commit_.push_back([this, table, statistics = std::move(statistics)] {
    {
      MutexLock lock(database_.statistics_mu);
      database_.statistics[table] = statistics;
    }
    RenewPlans();  // those made without them
  });
  return {};
}

void DdlTransaction::RenewPlans() {
  MutexLock lock(database_.catalog_mu);
  auto next = std::make_shared<CatalogVersion>(*database_.catalog);
  next->set_number(database_.catalog->number() + 1);
  database_.catalog = std::move(next);
  database_.catalog_number_now.store(database_.catalog->number(), std::memory_order_release);
}

void DdlTransaction::ShowAhead(const TableDef& table) {
  const auto show = [this](const TableDef& shown) {
    MutexLock lock(database_.catalog_mu);
    auto next = std::make_shared<CatalogVersion>(*database_.catalog);
    PutObject(*next, CatalogObject(shown));
    next->set_number(database_.catalog->number() + 1);
    database_.catalog = std::move(next);
    database_.catalog_number_now.store(database_.catalog->number(), std::memory_order_release);
  };
  OnUndo([show, before = database_.Catalog()->TableByOid(table.oid)] { show(*before); });
  show(table);
}

void DdlTransaction::OnUndo(std::function<void()> action) {
  undo_.push_back(std::move(action));
  on_commit_.push_back([] {});  // so that there is something to undo
}

Status DdlTransaction::Remove(ObjectKind kind, Oid oid) {
  if (kind == ObjectKind::kTable) {
    RETURN_IF_ERROR(WriteRow(kStatisticsRow, oid, 0, "", nullptr));
    on_commit_.push_back([this, oid] {
      MutexLock lock(database_.statistics_mu);
      database_.statistics.erase(oid);
    });
    const auto table = catalog()->TableByOid(oid);
    TabletRegistry& registry = database_.txns.tablets();
    if (table && table->tablet) {
      on_commit_.push_back([&registry, id = table->tablet] { registry.Remove(id); });
    }
  } else if (kind == ObjectKind::kSequence) {
    on_commit_.push_back([this, oid] { database_.sequences.Forget(oid); });
  }
  return Apply(kind, oid, 0, "", nullptr);
}

void DdlTransaction::RollbackTo(const Mark& mark) {
  while (undo_.size() > mark.undo) {
    undo_.back()();
    undo_.pop_back();
  }
  changes_.resize(mark.changes);
  on_commit_.resize(mark.on_commit);
  overlay_ = mark.overlay;
  overlay_base_ = mark.overlay_base;
}

void DdlTransaction::PublishChanges(bool forward) {
  MutexLock lock(database_.catalog_mu);
  auto next = std::make_shared<CatalogVersion>(*database_.catalog);
  if (forward) {
    for (const Change& change : changes_) ApplyTo(*next, change, true);
  } else {
    for (auto it = changes_.rbegin(); it != changes_.rend(); ++it) ApplyTo(*next, *it, false);
  }
  const uint64_t number = database_.catalog->number() + 1;
  next->set_number(number);
  database_.catalog = std::move(next);
  database_.catalog_number_now.store(number, std::memory_order_release);
}

// Nobody reads these tables now: the locks say so.
void DdlTransaction::EndHistories() {
  for (const Change& change : changes_) {
    if (change.kind != ObjectKind::kTable || !change.before || !change.after) continue;
    const auto& before = std::get<TableDef>(*change.before);
    const auto& after = std::get<TableDef>(*change.after);
    if (before.tablet != after.tablet || !ChangesOldRows(before, after)) continue;
    std::shared_ptr<Tablet> tablet = database_.txns.tablets().Find(after.tablet);
    if (!tablet) continue;
    tablet->history().Begin(Timestamp::Max());
    ended_histories_.push_back(std::move(tablet));
  }
}

void DdlTransaction::BeginHistories() {
  for (const auto& tablet : ended_histories_) database_.txns.BeginHistory(*tablet);
  ended_histories_.clear();
}

void DdlTransaction::Publish() {
  if (changes_.empty()) return;
  EndHistories();
  PublishChanges(true);
  published_ = true;
}

void DdlTransaction::Committed() {
  for (const auto& action : on_commit_) action();
  BeginHistories();
  const auto catalog = database_.Catalog();
  for (const Change& change : changes_) {
    const bool is_storage = change.kind == ObjectKind::kComment &&
                            change.sub >> 16 == ddl::StorageProperties::kClassKind;
    if (is_storage && change.oid == kPostgresDatabase) {
      ApplyRetentions(database_, *catalog);
    } else if (is_storage || (change.kind == ObjectKind::kTable && change.after)) {
      const auto table = catalog->TableByOid(change.oid);
      if (table) ApplyRetention(database_, *catalog, *table);
    }
  }
  changes_.clear();
  undo_.clear();
  on_commit_.clear();
  overlay_.reset();
  published_ = false;
}

void DdlTransaction::Rollback() {
  if (published_) PublishChanges(false);
  BeginHistories();
  published_ = false;
  RollbackTo({nullptr, 0, 0, 0, 0});
}

}  // namespace oxibase
