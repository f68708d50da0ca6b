// What a session knows of itself: users, settings, clock, sequences, types of arguments.

#include <algorithm>

#include "common/array.h"
#include "common/datetime_pattern.h"
#include "expr/function_registry.h"
#include "expr/kernels.h"
#include "expr/table_function.h"
#include "expr/time_zone_of.h"

namespace oxibase {
namespace {

using View = std::string_view;

Result<SessionServices*> Session(Frame& frame) {
  if (!frame.context.session) {
    return Error(ErrorCode::kFeatureNotSupported, "function {}() cannot be used here",
                 frame.site.function->name);
  }
  return frame.context.session;
}

Result<std::string> CurrentUser(Frame& frame) {
  ASSIGN_OR_RETURN(SessionServices * session, Session(frame));
  return session->CurrentUser();
}
Result<std::string> SessionUser(Frame& frame) {
  ASSIGN_OR_RETURN(SessionServices * session, Session(frame));
  return session->SessionUser();
}
Result<std::string> CurrentDatabase(Frame& frame) {
  ASSIGN_OR_RETURN(SessionServices * session, Session(frame));
  return session->CurrentDatabase();
}
Result<std::optional<std::string>> CurrentSchema(Frame& frame) {
  ASSIGN_OR_RETURN(SessionServices * session, Session(frame));
  const std::vector<std::string> path = session->SearchPath(false);
  if (path.empty()) return std::optional<std::string>();
  return std::optional<std::string>(path.front());
}
Result<std::string> CurrentSchemas(Frame& frame, bool with_implicit) {
  ASSIGN_OR_RETURN(SessionServices * session, Session(frame));
  ArrayBuilder builder(TypeId::kName);
  for (const std::string& schema : session->SearchPath(with_implicit)) builder.AddString(schema);
  std::string bytes;
  builder.Finish(&bytes);
  return bytes;
}
Result<std::optional<std::string>> CurrentSetting(Frame& frame, View name, bool missing_ok) {
  ASSIGN_OR_RETURN(SessionServices * session, Session(frame));
  auto value = session->GetSetting(name, missing_ok);
  if (!value.ok()) {
    if (missing_ok && value.code() == ErrorCode::kUndefinedObject) {
      return std::optional<std::string>();
    }
    return std::move(value).status();
  }
  return std::optional<std::string>(std::move(*value));
}

/// set_config(name, value, is_local): NULL as the value resets it.
Status SetConfig(EvalContext& context, CallSite& site, std::span<const Vector* const> args,
                 uint32_t rows, Vector& out) {
  out.ResetFlat(rows);
  Frame frame{context, site, out.arena()};
  ASSIGN_OR_RETURN(SessionServices * session, Session(frame));
  for (uint32_t i = 0; i < rows; ++i) {
    const Value name = args[0]->GetValue(i);
    const Value value = args[1]->GetValue(i);
    const Value local = args[2]->GetValue(i);
    if (name.is_null()) {
      return Error(ErrorCode::kNullValueNotAllowed, "SET requires parameter name");
    }
    RETURN_IF_ERROR(session->SetSetting(name.bytes(), value.is_null() ? "" : value.bytes(),
                                        !local.is_null() && local.AsBool()));
    ASSIGN_OR_RETURN(auto now, session->GetSetting(name.bytes(), false));
    kernels::Put(out, i, now);
  }
  return {};
}

Result<std::string> Version(Frame& frame) {
  ASSIGN_OR_RETURN(SessionServices * session, Session(frame));
  ASSIGN_OR_RETURN(const std::string version, session->GetSetting("server_version", false));
  return "PostgreSQL " + version + " on x86_64-pc-linux-gnu, 64-bit";
}
Result<int32_t> BackendPid(Frame& frame) {
  ASSIGN_OR_RETURN(SessionServices * session, Session(frame));
  return session->BackendPid();
}

Result<int64_t> NextValue(Frame& frame, uint32_t sequence) {
  ASSIGN_OR_RETURN(SessionServices * session, Session(frame));
  return session->NextValue(sequence);
}
Result<int64_t> CurrentValue(Frame& frame, uint32_t sequence) {
  ASSIGN_OR_RETURN(SessionServices * session, Session(frame));
  return session->CurrentValue(sequence);
}
Result<int64_t> LastValue(Frame& frame) {
  ASSIGN_OR_RETURN(SessionServices * session, Session(frame));
  return session->LastValue();
}
Result<int64_t> SetValueCalled(Frame& frame, uint32_t sequence, int64_t value, bool is_called) {
  ASSIGN_OR_RETURN(SessionServices * session, Session(frame));
  RETURN_IF_ERROR(session->SetValue(sequence, value, is_called));
  return value;
}
Result<int64_t> SetValue(Frame& frame, uint32_t sequence, int64_t value) {
  return SetValueCalled(frame, sequence, value, true);
}

int64_t TransactionTime(Frame& frame) { return frame.context.transaction_micros; }
int64_t StatementTime(Frame& frame) { return frame.context.statement_micros; }
int64_t ClockTime(Frame& frame) {
  const int64_t now = frame.context.session ? frame.context.session->ClockMicros() : 0;
  return now != 0 ? now : frame.context.statement_micros;
}

Status TypeOf(EvalContext&, CallSite& site, std::span<const Vector* const>, uint32_t rows,
              Vector& out) {
  out.ResetFlat(rows);
  for (uint32_t i = 0; i < rows; ++i) {
    out.data<uint32_t>()[i] = static_cast<Oid>(site.arg_types[0].id);
  }
  return {};
}

template <bool kNulls>
Status CountNulls(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
                  Vector& out) {
  out.ResetFlat(rows);
  for (uint32_t i = 0; i < rows; ++i) {
    int32_t n = 0;
    for (const Vector* arg : args) n += arg->IsNull(i) == kNulls;
    out.data<int32_t>()[i] = n;
  }
  return {};
}

/// format_type(oid, typmod): NULL for a NULL oid.
Status FormatTypeKernel(EvalContext&, CallSite&, std::span<const Vector* const> args, uint32_t rows,
                        Vector& out) {
  out.ResetFlat(rows);
  for (uint32_t i = 0; i < rows; ++i) {
    const Value oid = args[0]->GetValue(i);
    const Value typmod = args[1]->GetValue(i);
    if (oid.is_null()) {
      kernels::PutNull(out, i);
      continue;
    }
    const auto id = static_cast<TypeId>(oid.As<Oid>());
    const int32_t modifier = typmod.is_null() ? -1 : typmod.As<int32_t>();
    kernels::Put(out, i,
                 oid.As<Oid>() == 0 ? std::string("-") : oxibase::FormatType(Type(id, modifier)));
  }
  return {};
}

template <char kKind>
Result<std::optional<uint32_t>> ToReg(Frame& frame, View name) {
  if (!frame.context.catalog) {
    return Error(ErrorCode::kFeatureNotSupported, "function {}() cannot be used here",
                 frame.site.function->name);
  }
  auto oid = frame.context.catalog->FindOid(kKind, name);
  // A type that is not there is an error beside a function's name.
  if (!oid.ok() && kKind == 'F' && oid.status().code() != ErrorCode::kUndefinedFunction) {
    return oid.status();
  }
  if (!oid.ok()) return std::optional<uint32_t>();
  return std::optional<uint32_t>(*oid);
}

Function Own(Oid oid, std::string_view name, TypeId result, Kernel kernel,
             std::vector<TypeId> args = {}) {
  Function f;
  f.oid = oid;
  f.name = name;
  f.args = std::move(args);
  f.result = result;
  f.volatility = Volatility::kStable;
  f.kernel = kernel;
  return f;
}

/// pg_listening_channels(): the session has them as an array.
TableRows OpenListeningChannels(EvalContext& context, CallSite& site, std::span<const Value>) {
  if (!context.session) {
    return Error(ErrorCode::kFeatureNotSupported, "function {}() cannot be used here",
                 site.function->name);
  }
  ASSIGN_OR_RETURN(const Value channels,
                   context.session->CatalogFunction("pg_listening_channels", {}));
  auto rows = std::make_unique<RowsOfValues>(OutTypes(site));
  const ArrayView array(channels.bytes());
  for (uint32_t i = 0; i < array.size(); ++i) rows->Add(0, array.GetValue(i));
  return std::unique_ptr<TableFunctionState>(std::move(rows));
}

}  // namespace

void RegisterSystem(FunctionRegistry& r) {
  r.Table("pg_listening_channels", &OpenListeningChannels);
  r.Scalar("current_user", &Strict<&CurrentUser>);
  r.Scalar("session_user", &Strict<&SessionUser>);
  r.Scalar("current_database", &Strict<&CurrentDatabase>);
  r.Scalar("current_schema", &Strict<&CurrentSchema>);
  r.Scalar("current_schemas", &Strict<&CurrentSchemas>);
  r.Scalar("show_config_by_name",
           StrictOf([](Frame& f, View name) { return CurrentSetting(f, name, false); }));
  r.Scalar("show_config_by_name_missing_ok", &Strict<&CurrentSetting>);
  r.Scalar("set_config_by_name", &SetConfig);
  r.Scalar("pgsql_version", &Strict<&Version>);
  r.Scalar("pg_backend_pid", &Strict<&BackendPid>);
  r.Scalar("nextval_oid", &Strict<&NextValue>);
  r.Scalar("currval_oid", &Strict<&CurrentValue>);
  r.Scalar("lastval", &Strict<&LastValue>);
  r.Scalar("setval_oid", &Strict<&SetValue>);
  r.Scalar("setval3_oid", &Strict<&SetValueCalled>);
  r.Scalar("now", &Strict<&TransactionTime>);
  r.Scalar("statement_timestamp", &Strict<&StatementTime>);
  r.Scalar("clock_timestamp", &Strict<&ClockTime>);
  r.Scalar("timeofday", StrictOf([](Frame& frame) -> Result<std::string> {
             std::string text;
             ASSIGN_OR_RETURN([[maybe_unused]] const bool made,
                              FormatTimestampTz(ClockTime(frame), "Dy Mon DD HH24:MI:SS.US YYYY TZ",
                                                ZoneOf(frame.context), &text));
             return text;
           }));
  r.Scalar("pg_typeof", &TypeOf);
  r.Scalar("pg_num_nulls", &CountNulls<true>);
  r.Scalar("pg_num_nonnulls", &CountNulls<false>);
  r.Scalar("format_type", &FormatTypeKernel);
  r.Scalar("pg_client_encoding", StrictOf([]() { return std::string("UTF8"); }));
  r.Scalar("getdatabaseencoding", StrictOf([]() { return std::string("UTF8"); }));
  r.Scalar("PG_encoding_to_char", StrictOf([](int32_t n) {
             return std::string(n == 6 ? "UTF8" : n == 0 ? "SQL_ASCII" : "");
           }));
  r.Scalar("PG_char_to_encoding",
           StrictOf([](View name) { return name == "UTF8" || name == "utf8" ? 6 : -1; }));
  for (const std::string_view key : {"inet_server_port", "inet_client_port"}) {
    r.Scalar(key, StrictOf([]() -> std::optional<int32_t> { return std::nullopt; }));
  }
  r.Scalar("pg_is_in_recovery", StrictOf([]() { return false; }));
  r.Scalar("to_regclass", &Strict<&ToReg<'r'>>);
  r.Scalar("to_regnamespace", &Strict<&ToReg<'n'>>);
  r.Scalar("to_regtype", &Strict<&ToReg<'t'>>);
  r.Scalar("to_regproc", &Strict<&ToReg<'f'>>);
  r.Scalar("to_regprocedure", &Strict<&ToReg<'F'>>);
  r.Scalar("to_regrole", &Strict<&ToReg<'o'>>);
  // The rest asks the catalog, by name.
  static constexpr std::string_view kCatalogFunctions[] = {
      "catalog:pg_get_expr",
      "catalog:pg_get_indexdef",
      "catalog:pg_get_constraintdef",
      "catalog:pg_get_viewdef",
      "catalog:pg_get_userbyid",
      "catalog:acldefault",
      "catalog:pg_get_serial_sequence",
      "catalog:pg_get_functiondef",
      "catalog:pg_get_function_arguments",
      "catalog:pg_get_function_identity_arguments",
      "catalog:pg_get_function_result",
      "catalog:pg_get_function_sqlbody",
      "catalog:pg_get_function_arg_default",
      "catalog:pg_get_triggerdef",
      "catalog:pg_get_ruledef",
      "catalog:pg_get_statisticsobjdef_columns",
      "catalog:pg_get_statisticsobjdef",
      "catalog:pg_get_partkeydef",
      "catalog:pg_get_partition_constraintdef",
      "catalog:pg_get_replica_identity_index",
      "catalog:pg_table_is_visible",
      "catalog:pg_type_is_visible",
      "catalog:pg_function_is_visible",
      "catalog:pg_operator_is_visible",
      "catalog:pg_collation_is_visible",
      "catalog:pg_opclass_is_visible",
      "catalog:pg_opfamily_is_visible",
      "catalog:pg_conversion_is_visible",
      "catalog:pg_ts_config_is_visible",
      "catalog:pg_ts_dict_is_visible",
      "catalog:pg_ts_parser_is_visible",
      "catalog:pg_ts_template_is_visible",
      "catalog:pg_statistics_obj_is_visible",
      "catalog:pg_relation_size",
      "catalog:pg_table_size",
      "catalog:pg_total_relation_size",
      "catalog:pg_indexes_size",
      "catalog:pg_database_size",
      "catalog:pg_tablespace_size",
      "catalog:pg_tablespace_location",
      "catalog:obj_description",
      "catalog:col_description",
      "catalog:shobj_description",
      "catalog:has_table_privilege",
      "catalog:has_schema_privilege",
      "catalog:has_database_privilege",
      "catalog:has_column_privilege",
      "catalog:has_any_column_privilege",
      "catalog:has_function_privilege",
      "catalog:has_sequence_privilege",
      "catalog:has_type_privilege",
      "catalog:has_tablespace_privilege",
      "catalog:pg_has_role",
      "catalog:pg_relation_is_publishable",
      "catalog:pg_relation_filenode",
      "catalog:pg_relation_is_updatable",
      "catalog:pg_column_is_updatable",
      "catalog:pg_sequence_last_value",
      "catalog:pg_my_temp_schema",
      "catalog:pg_is_other_temp_schema",
      "catalog:pg_postmaster_start_time",
      "catalog:pg_conf_load_time",
      "catalog:pg_cancel_backend",
      "catalog:pg_terminate_backend",
      "catalog:pg_blocking_pids",
      "catalog:pg_sleep",
      "catalog:pg_sleep_for",
      "catalog:pg_advisory_lock",
      "catalog:pg_advisory_lock_shared",
      "catalog:pg_advisory_unlock",
      "catalog:pg_advisory_unlock_shared",
      "catalog:pg_advisory_unlock_all",
      "catalog:pg_advisory_xact_lock",
      "catalog:pg_advisory_xact_lock_shared",
      "catalog:pg_try_advisory_lock",
      "catalog:pg_try_advisory_lock_shared",
      "catalog:pg_try_advisory_xact_lock",
      "catalog:pg_try_advisory_xact_lock_shared",
      "catalog:txid_current",
      "catalog:txid_current_if_assigned",
      "catalog:pg_stat_get_numscans",
      "catalog:pg_stat_get_live_tuples",
      "catalog:row_security_active",
      "catalog:pg_describe_object",
      "catalog:pg_index_column_has_property",
      "catalog:pg_index_has_property",
      "catalog:pg_indexam_has_property",
      "catalog:current_query",
      "catalog:pg_reload_conf",
      "catalog:pg_char_max_length",
      "catalog:pg_notify",
      "catalog:pg_notification_queue_usage",
  };
  const Kernel ask = [](EvalContext& context, CallSite& site, std::span<const Vector* const> args,
                        uint32_t rows, Vector& out) -> Status {
    out.ResetFlat(rows);
    Frame frame{context, site, out.arena()};
    ASSIGN_OR_RETURN(SessionServices * session, Session(frame));
    std::vector<Value> values(args.size());
    for (uint32_t i = 0; i < rows; ++i) {
      bool is_null = false;
      for (size_t k = 0; k < args.size(); ++k) {
        values[k] = args[k]->GetValue(i);
        is_null = is_null || values[k].is_null();
      }
      if (is_null && site.function->strict) {
        kernels::PutNull(out, i);
        continue;
      }
      ASSIGN_OR_RETURN(const Value value, session->CatalogFunction(site.function->name, values));
      out.SetValue(i, value);
    }
    return {};
  };
  for (const std::string_view key : kCatalogFunctions) r.Scalar(key, ask);
  // Those that PostgreSQL has not.
  const auto own = [&](Oid oid, std::string_view name, TypeId result, std::vector<TypeId> args) {
    Function function = Own(oid, name, result, ask, std::move(args));
    function.strict = true;
    function.volatility = Volatility::kVolatile;
    r.Own(std::move(function));
  };
  own(12100, "sys_backup_begin", TypeId::kInt8, {});
  own(12101, "sys_backup_end", TypeId::kInt8, {});
  own(12102, "sys_backup_release", TypeId::kBool, {});
  own(12103, "sys_backup_read", TypeId::kBytea, {TypeId::kText, TypeId::kInt8, TypeId::kInt4});
  own(12104, "sys_backup_checksum", TypeId::kInt8, {TypeId::kText});
  own(12105, "sys_log_position", TypeId::kInt8, {});
  own(12106, "sys_transaction", TypeId::kInt8, {});
  Function commit_time =
      Own(12107, "pg_xact_commit_timestamp", TypeId::kTimestampTz, ask, {TypeId::kInt8});
  commit_time.strict = true;
  commit_time.volatility = Volatility::kStable;
  r.Own(std::move(commit_time));
  r.Own(Own(12001, "current_timestamp", TypeId::kTimestampTz, &Strict<&TransactionTime>));
  // Cast to their types by the binder.
  r.Own(Own(12051, "current_date", TypeId::kTimestampTz, &Strict<&TransactionTime>));
  r.Own(Own(12052, "localtime", TypeId::kTimestampTz, &Strict<&TransactionTime>));
  r.Own(Own(12053, "localtimestamp", TypeId::kTimestampTz, &Strict<&TransactionTime>));
}

}  // namespace oxibase
