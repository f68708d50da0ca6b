#include "life.h"

#include "txn/tablet_restorer.h"

namespace oxibase::sim {
namespace {

std::shared_ptr<const TableSchema> MakeSchema() {
  auto layout = std::make_shared<const RowLayout>(
      SchemaVersion{1}, std::vector<std::pair<ColumnId, Type>>{{ColumnId(1), Type(TypeId::kInt8)},
                                                               {ColumnId(2), Type(TypeId::kInt8)},
                                                               {ColumnId(3), Type(TypeId::kInt8)},
                                                               {ColumnId(4), Type(TypeId::kText)}});
  return std::make_shared<const TableSchema>(std::vector<std::shared_ptr<const RowLayout>>{layout});
}

}  // namespace

Life::Life(Env& env) : txns_(env.clock()) {}

Result<std::unique_ptr<Life>> Life::Open(Env& env, const LifeOptions& options) {
  auto life = std::unique_ptr<Life>(new Life(env));
  life->cache_ = std::make_unique<BlockCache>(life->txns_.epochs(), nullptr, options.cache_bytes);
  TabletRestorer restorer(life->txns_);
  DataFolder::Options folder;
  folder.path = "db";
  folder.wal = options.wal;
  folder.cache = life->cache_.get();
  ASSIGN_OR_RETURN(life->folder_, DataFolder::Open(env, folder, restorer));
  restorer.Finish();
  life->recovered_ = life->txns_.last_commit_ts();
  life->txns_.AttachLog(&life->folder_->wal());
  for (int i = 0; i < kTables; ++i) {
    const TabletId id(static_cast<uint64_t>(i) + 1);
    std::shared_ptr<Tablet> tablet = life->txns_.tablets().Find(id);
    if (tablet == nullptr) {
      tablet =
          std::make_shared<Tablet>(id, nullptr, life->txns_.epochs(), &life->txns_.row_memory());
      life->txns_.tablets().Add(tablet);
    }
    tablet->SetSchema(MakeSchema());
    RETURN_IF_ERROR(tablet->FinishRestore());
    IndexSpec key;
    key.oid = kKeyIndex;
    key.name = "key";
    key.unique = true;
    key.referable = true;
    key.columns = {{ColumnId(1), {}}};
    RETURN_IF_ERROR(tablet->AddIndex(std::move(key)).status());
    IndexSpec value;
    value.oid = kValueIndex;
    value.name = "value";
    if (options.bitmap) value.method = IndexSpec::Method::kBitmap;
    value.columns = {{ColumnId(2), {}}};
    RETURN_IF_ERROR(tablet->AddIndex(std::move(value)).status());
    life->tables_.push_back(std::move(tablet));
  }
  life->source_ = std::make_unique<TxnCheckpointSource>(life->txns_);
  life->checkpointer_ =
      std::make_unique<Checkpointer>(*life->folder_, *life->source_, options.checkpoints);
  life->txns_.StartBackground();
  life->checkpointer_->StartBackground();
  return life;
}

Life::~Life() {
  checkpointer_.reset();
  source_.reset();
  txns_.AttachLog(nullptr);
}

}  // namespace oxibase::sim
