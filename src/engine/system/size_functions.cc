// pg_relation_size and its like: the files of segments and index runs that hold a table since the
// last checkpoint; of tables that no checkpoint has written yet, what they take in memory.

#include "engine/session_impl.h"
#include "engine/system/system_table.h"
#include "expr/function.h"
#include "storage/index/index_run.h"
#include "storage/index/tablet_index.h"
#include "storage/mvcc/tablet.h"
#include "storage/segment/frozen_segment.h"
#include "storage/segment/segment_list.h"

namespace oxibase {
namespace {

using Args = std::span<const Value>;

/// pg_default's oid.
constexpr Oid kDefaultTablespace = 1663;

Value Bytes(uint64_t bytes) { return Value::Int8(static_cast<int64_t>(bytes)); }
Oid OidAt(Args args) { return args[0].As<uint32_t>(); }

uint64_t RowBytes(Tablet& tablet) {
  const std::shared_ptr<const SegmentList> list = tablet.segment_list();
  if (!list) return tablet.memory().bytes();
  uint64_t bytes = 0;
  for (const SegmentList::Part& part : list->all()) bytes += part.segment->file().file_bytes();
  return bytes;
}

/// Of one index, or of all.
uint64_t IndexBytes(const Tablet& tablet, std::optional<Oid> only) {
  uint64_t bytes = 0;
  const std::shared_ptr<const SegmentList> list = tablet.segment_list();
  if (!list) {
    for (const auto& index : tablet.indexes()) {
      if (!only || index->spec().oid == *only) bytes += index->bytes();
    }
    return bytes;
  }
  for (const SegmentList::Part& part : list->all()) {
    for (const auto& [index, run] : part.runs) {
      if (!only || index == *only) bytes += run.file->file().file_bytes();
    }
  }
  return bytes;
}

struct Relation {
  std::shared_ptr<Tablet> tablet;  // null: nothing is stored
  std::optional<Oid> index;
};

Relation RelationOf(SessionImpl& session, Oid oid) {
  auto table = session.catalog()->TableByOid(oid);
  Relation relation;
  if (!table) {
    const auto [of, index] = session.catalog()->IndexByOid(oid);
    if (!index) return relation;
    table = of;
    relation.index = oid;
  }
  if (!table->virtual_table) relation.tablet = session.db().txns.tablets().Find(table->tablet);
  return relation;
}

/// A table's rows, or an index.
Result<Value> RelationSize(SessionImpl& session, Args args) {
  const Relation relation = RelationOf(session, OidAt(args));
  if (!relation.tablet) return Bytes(0);
  EpochGuard guard(session.db().txns.epochs());
  return Bytes(relation.index ? IndexBytes(*relation.tablet, relation.index)
                              : RowBytes(*relation.tablet));
}

Result<Value> IndexesSize(SessionImpl& session, Args args) {
  const Relation relation = RelationOf(session, OidAt(args));
  if (!relation.tablet || relation.index) return Bytes(0);
  EpochGuard guard(session.db().txns.epochs());
  return Bytes(IndexBytes(*relation.tablet, {}));
}

Result<Value> TotalSize(SessionImpl& session, Args args) {
  const Relation relation = RelationOf(session, OidAt(args));
  if (!relation.tablet) return Bytes(0);
  EpochGuard guard(session.db().txns.epochs());
  return Bytes((relation.index ? 0 : RowBytes(*relation.tablet)) +
               IndexBytes(*relation.tablet, relation.index));
}

Result<Value> DatabaseSize(SessionImpl& session, Args) {
  EpochGuard guard(session.db().txns.epochs());
  uint64_t bytes = 0;
  for (const auto& tablet : session.db().txns.tablets().All()) {
    bytes += RowBytes(*tablet) + IndexBytes(*tablet, {});
  }
  return Bytes(bytes);
}

/// One tablespace has everything.
Result<Value> TablespaceSize(SessionImpl& session, Args args) {
  const bool is_default = PhysicalTypeOf(args[0].type()) == PhysicalType::kString
                              ? args[0].bytes() == "pg_default"
                              : OidAt(args) == kDefaultTablespace;
  return is_default ? DatabaseSize(session, args) : Bytes(0);
}

}  // namespace

const CatalogFunctions& SizeFunctions() {
  static const CatalogFunctions kFunctions = {
      {"pg_relation_size", RelationSize},    {"pg_table_size", RelationSize},
      {"pg_total_relation_size", TotalSize}, {"pg_indexes_size", IndexesSize},
      {"pg_database_size", DatabaseSize},    {"pg_tablespace_size", TablespaceSize},
  };
  return kFunctions;
}

}  // namespace oxibase
