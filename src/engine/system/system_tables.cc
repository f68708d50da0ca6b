#include <absl/container/flat_hash_map.h>

#include "engine/session_impl.h"
#include "engine/system/system_table.h"

namespace oxibase {
namespace {

using system_tables::SystemTable;

const std::vector<SystemTable>& All() {
  static const auto* const kAll = [] {
    auto* all = new std::vector<SystemTable>;
    for (auto* list : {&system_tables::RelationTables, &system_tables::DependencyTables,
                       &system_tables::PrivilegeTables, &system_tables::AbsentTables,
                       &system_tables::BackupTables, &system_tables::HistoryTables,
                       &system_tables::TypeTables, &system_tables::ServerTables,
                       &system_tables::StatisticsTables, &system_tables::InformationSchemaTables}) {
      const auto tables = list();
      all->insert(all->end(), tables.begin(), tables.end());
    }
    return all;
  }();
  return *kAll;
}

/// Columns from "name type, name type".
std::vector<ColumnDef> ParseColumns(std::string_view text) {
  std::vector<ColumnDef> columns;
  while (!text.empty()) {
    const size_t space = text.find(' ');
    const size_t comma = std::min(text.find(','), text.size());
    ColumnDef column;
    column.id = ColumnId(static_cast<int16_t>(columns.size() + 1));
    column.name = std::string(text.substr(0, space));
    column.type = FindTypeByName(text.substr(space + 1, comma - space - 1));
    OXI_CHECK(column.type.id != TypeId::kInvalid);
    columns.push_back(std::move(column));
    text.remove_prefix(std::min(comma + 2, text.size()));
  }
  return columns;
}

class SystemTables : public VirtualTableProvider {
 public:
  explicit SystemTables(SessionImpl& session) : session_(session) {}

  Status Rows(VirtualTableId table, const system_tables::Emit& emit) override {
    const auto catalog = session_.catalog();
    return All()[table].rows({session_, *catalog, emit});
  }

 private:
  SessionImpl& session_;
};

}  // namespace

void AddSystemTables(CatalogVersion& catalog) {
  for (const auto& [oid, name] : {std::pair<Oid, const char*>{kPgCatalogSchema, "pg_catalog"},
                                  {kInformationSchema, "information_schema"}}) {
    SchemaDef schema;
    schema.oid = oid;
    schema.name = name;
    catalog.Put(std::make_shared<const SchemaDef>(std::move(schema)));
  }
  CommentDef comment;
  comment.object = kPgCatalogSchema;
  comment.class_kind = 'n';
  comment.text = "system catalog schema";
  catalog.PutComment(comment);
  for (size_t i = 0; i < All().size(); ++i) {
    const SystemTable& system = All()[i];
    TableDef table;
    table.oid = system.oid;
    table.schema = system.schema;
    table.name = std::string(system.name);
    table.columns = ParseColumns(system.columns);
    table.next_column_id = static_cast<int16_t>(table.columns.size() + 1);
    table.virtual_table = static_cast<VirtualTableId>(i);
    catalog.Put(std::make_shared<const TableDef>(std::move(table)));
  }
}

std::unique_ptr<VirtualTableProvider> MakeSystemTables(SessionImpl& session) {
  return std::make_unique<SystemTables>(session);
}

}  // namespace oxibase
