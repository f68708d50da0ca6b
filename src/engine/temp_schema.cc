// The session's schema of temporary objects, pg_temp_N: an ordinary schema that only this session's
// search path has, made on first use and dropped with the session. What a crash left behind under
// the same number is cleared when the schema is next wanted.
#include "engine/ddl/drop_set.h"
#include "engine/session_impl.h"

namespace oxibase {

Oid SessionImpl::ExistingTempSchema() {
  // A rollback may have taken it back.
  return temp_schema_ != 0 && ddl_->catalog()->SchemaByOid(temp_schema_) ? temp_schema_ : 0;
}

Result<Oid> SessionImpl::TempSchema() {
  if (const Oid existing = ExistingTempSchema()) return existing;
  SchemaDef schema;
  schema.name = fmt::format("pg_temp_{}", pid_);
  RETURN_IF_ERROR(LockName(0, schema.name));
  if (const auto stale = ddl_->catalog()->FindSchema(schema.name)) {
    ddl::DropSet drop(*this, nullptr);
    drop.AddSchema(stale->oid);
    mute_notices_ = true;
    Status dropped = drop.Resolve(ast::DropBehavior::kCascade);
    if (dropped.ok()) dropped = drop.Execute();
    mute_notices_ = false;
    RETURN_IF_ERROR(dropped);
  }
  schema.oid = NewOid();
  temp_schema_ = schema.oid;
  RETURN_IF_ERROR(PutSchema(std::move(schema)));
  return temp_schema_;
}

void SessionImpl::DropTempSchema() {
  if (ExistingTempSchema() == 0) return;
  mute_notices_ = true;
  static_cast<Session&>(*this)
      .Execute(fmt::format("DROP SCHEMA pg_temp_{} CASCADE", pid_))
      .Ignore("the session is over; whoever gets its number next clears the schema");
}

}  // namespace oxibase
