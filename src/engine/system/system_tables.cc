#include "engine/session_impl.h"

namespace oxibase {
namespace {

class SystemTables : public VirtualTableProvider {
 public:
  Status Rows(VirtualTableId, const std::function<void(std::span<const Value>)>&) override {
    return Error(ErrorCode::kInternalError, "no such system table");
  }
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
}

std::unique_ptr<VirtualTableProvider> MakeSystemTables(SessionImpl&) {
  return std::make_unique<SystemTables>();
}

Result<Value> CallCatalogFunction(SessionImpl&, std::string_view name, std::span<const Value>) {
  return Error(ErrorCode::kUndefinedFunction, "function {} does not exist", name);
}

}  // namespace oxibase
