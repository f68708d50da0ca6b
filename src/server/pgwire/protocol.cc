#include "server/pgwire/protocol.h"

#include <algorithm>
#include <charconv>

#include "server/pgwire/limits.h"

namespace oxibase::pgwire {
namespace {

/// Settings that clients are told of at the beginning.
constexpr std::string_view kReported[] = {
    "application_name",
    "client_encoding",
    "DateStyle",
    "integer_datetimes",
    "IntervalStyle",
    "is_superuser",
    "server_encoding",
    "server_version",
    "session_authorization",
    "standard_conforming_strings",
    "TimeZone",
    "default_transaction_read_only",
};

/// Characters before byte `at` of UTF-8 text, plus one: what PostgreSQL calls a position.
size_t CharacterPosition(std::string_view text, size_t at) {
  at = std::min(at, text.size());
  return 1 + static_cast<size_t>(std::count_if(text.begin(), text.begin() + static_cast<long>(at),
                                               [](char c) { return (c & 0xC0) != 0x80; }));
}

int16_t FormatAt(std::span<const int16_t> formats, size_t i) {
  if (formats.empty()) return 0;
  return formats.size() == 1 ? formats[0] : i < formats.size() ? formats[i] : int16_t{0};
}

int16_t TypeLength(TypeId id) {
  const TypeInfo* info = FindType(id);
  return info ? info->length : int16_t{-1};
}

template <typename Int>
void AppendInteger(std::string* out, Int value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out->append(digits, static_cast<size_t>(end - digits));
}

}  // namespace

Protocol::Protocol(Database& database, std::string peer, Hooks hooks)
    : database_(database), peer_(std::move(peer)), hooks_(std::move(hooks)) {}

Protocol::~Protocol() {
  copy_.reset();
  portals_.clear();
  statements_.clear();
  // Its end rolls back, and tells of settings that go back to what they were.
  session_.reset();
}

// --- Bytes ------------------------------------------------------------------------------------

Result<size_t> Protocol::WholeMessage(std::string_view bytes) const {
  const size_t head = phase_ == Phase::kStartup ? 0 : 1;
  if (bytes.size() < head + 4) return size_t{0};
  FieldReader reader(bytes.substr(head));
  const auto length = static_cast<uint32_t>(*reader.Int32());
  const uint32_t most = phase_ == Phase::kStartup ? kStartupBytesMax : kMessageBytesMax;
  if (length < 4 || length > most) {
    return Error(ErrorCode::kProtocolViolation, "invalid length of {} packet: {}",
                 phase_ == Phase::kStartup ? "startup" : "message", length);
  }
  return bytes.size() < head + length ? size_t{0} : head + length;
}

bool Protocol::Feed(std::string_view bytes) {
  // A message that came whole is read where it lies.
  std::string joined;
  if (!in_.empty()) {
    in_ += bytes;
    joined = std::move(in_);
    in_.clear();
    bytes = joined;
  }
  while (phase_ != Phase::kClosed) {
    Result<size_t> size = WholeMessage(bytes);
    if (!size.ok()) {
      SendError(size.status(), "FATAL", {});
      phase_ = Phase::kClosed;
      break;
    }
    if (*size == 0) {
      if (!joined.empty() && bytes.size() == joined.size()) {
        in_ = std::move(joined);
      } else {
        in_.assign(bytes);
      }
      return true;
    }
    const std::string_view message = bytes.substr(0, *size);
    bytes.remove_prefix(*size);
    const bool goes_on = phase_ == Phase::kStartup ? HandleStartup(message.substr(4))
                                                   : HandleMessage(message[0], message.substr(5));
    if (!goes_on) phase_ = Phase::kClosed;
  }
  return false;
}

bool Protocol::HandleStartup(std::string_view body) {
  StartupMessage message;
  if (Status status = ReadStartup(body, &message); !status.ok()) {
    SendError(status, "FATAL", {});
    return false;
  }
  switch (message.kind) {
    case StartupMessage::Kind::kSsl:
    case StartupMessage::Kind::kGss:
      out_.Byte('N');
      return true;
    case StartupMessage::Kind::kCancel:
      // The client is told nothing, whatever happens.
      database_.Cancel(message.pid, message.secret);
      return false;
    case StartupMessage::Kind::kStartup:
      break;
  }
  SessionOptions options;
  options.client_address = peer_;
  options.user.clear();
  options.database.clear();
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<std::string> unknown;
  for (const auto& [name, value] : message.params) {
    if (name == "user") {
      options.user = value;
    } else if (name == "database") {
      options.database = value;
    } else if (name == "application_name") {
      options.application_name = value;
    } else if (name == "replication") {
      if (value != "false" && value != "off" && value != "0") {
        SendError(Error(ErrorCode::kFeatureNotSupported, "replication is not supported yet"),
                  "FATAL", {});
        return false;
      }
    } else if (name == "options") {
      // -c name=value, as libpq's PGOPTIONS has it.
      for (size_t at = 0; (at = value.find("-c", at)) != std::string::npos;) {
        size_t begin = at + 2;
        while (begin < value.size() && value[begin] == ' ') ++begin;
        size_t end = begin;
        while (end < value.size() && value[end] != ' ') end += value[end] == '\\' ? 2 : 1;
        std::string pair = value.substr(begin, std::min(end, value.size()) - begin);
        std::erase(pair, '\\');
        if (const size_t equals = pair.find('='); equals != std::string::npos) {
          settings.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
        }
        at = std::min(end, value.size());
      }
    } else if (name.starts_with("_pq_.")) {
      unknown.push_back(name);
    } else {
      settings.emplace_back(name, value);
    }
  }
  if (options.user.empty()) {
    SendError(Error(ErrorCode::kInvalidAuthorizationSpecification,
                    "no PostgreSQL user name specified in startup packet"),
              "FATAL", {});
    return false;
  }
  if (options.database.empty()) options.database = options.user;
  if (message.minor > 0 || !unknown.empty()) {
    out_.Begin('v');
    out_.Int32(0);
    out_.Int32(static_cast<int32_t>(unknown.size()));
    for (const auto& name : unknown) out_.String(name);
    out_.End();
  }
  options.on_notice = [this](std::string_view severity, const ErrorInfo& info) {
    SendNotice(severity, info);
  };
  options.on_parameter = [this](std::string_view name, std::string_view value) {
    SendParameter(name, value);
  };
  options.before_blocking = hooks_.before_blocking;
  options.on_terminate = hooks_.on_terminate;
  options.on_notification = hooks_.on_notification;
  // What changes during start-up is told below.
  const size_t mark = out_.size();
  Result<std::unique_ptr<Session>> session = database_.Connect(options);
  if (!session.ok()) {
    SendError(session.status(), "FATAL", {});
    return false;
  }
  session_ = std::move(*session);
  for (const auto& [name, value] : settings) {
    if (Status status = session_->Set(name, value); !status.ok()) {
      out_.Truncate(mark);
      SendError(status, "FATAL", {});
      return false;
    }
  }
  out_.Truncate(mark);
  phase_ = Phase::kReady;
  out_.Begin('R');
  out_.Int32(0);
  out_.End();
  for (const std::string_view name : kReported) {
    if (auto value = session_->Setting(name); value.ok()) SendParameter(name, *value);
  }
  out_.Begin('K');
  out_.Int32(session_->pid());
  out_.Int32(session_->secret());
  out_.End();
  SendReady();
  return true;
}

bool Protocol::HandleMessage(char type, std::string_view body) {
  is_ready_ = false;
  if (type == 'X') return false;
  if (copy_) {
    switch (type) {
      case 'd':
      case 'c':
      case 'f': {
        Status status = HandleCopy(type, body);
        if (!status.ok() && !copy_simple_) {
          SendError(status, "ERROR", text_);
          session_->FailTransaction();
          skip_to_sync_ = true;
        }
        return true;
      }
      case 'H':
      case 'S':
        return true;  // ignored during COPY, as PostgreSQL does
      default:
        break;
    }
    // Anything else ends the COPY with an error.
    const Status failed = copy_->CopyFail("unexpected message during COPY from stdin");
    copy_.reset();
    if (copy_simple_) {
      FinishQuery(failed);
    } else {
      SendError(failed, "ERROR", {});
      session_->FailTransaction();
      skip_to_sync_ = true;
    }
  }
  if (type == 'Q') {
    skip_to_sync_ = false;
    HandleQuery(body);
    return true;
  }
  if (type == 'S') {
    HandleSync();
    return true;
  }
  if (skip_to_sync_) return true;
  // Data of a COPY that has failed already.
  if (type == 'd' || type == 'c' || type == 'f') return true;
  Status status = Dispatch(type, body);
  if (status.ok()) return true;
  const bool fatal = status.code() == ErrorCode::kProtocolViolation && type != 'B' && type != 'P' &&
                     type != 'D' && type != 'E' && type != 'C';
  SendError(status, fatal ? "FATAL" : "ERROR", text_);
  session_->FailTransaction();
  skip_to_sync_ = true;
  return !fatal;
}

Status Protocol::Dispatch(char type, std::string_view body) {
  text_ = {};
  switch (type) {
    case 'P':
      return HandleParse(body);
    case 'B':
      return HandleBind(body);
    case 'D':
      return HandleDescribe(body);
    case 'E':
      return HandleExecute(body);
    case 'C':
      return HandleClose(body);
    case 'H':
      if (hooks_.flush) hooks_.flush();
      return {};
    case 'F':
      return Error(ErrorCode::kFeatureNotSupported, "the function call protocol is not supported");
    default:
      return Error(ErrorCode::kProtocolViolation, "invalid frontend message type {}",
                   static_cast<int>(static_cast<unsigned char>(type)));
  }
}

// --- The simple protocol ----------------------------------------------------------------------

void Protocol::HandleQuery(std::string_view body) {
  FieldReader reader(body);
  const Result<std::string_view> sql = reader.String();
  if (!sql.ok() || !reader.ExpectEnd().ok()) {
    FinishQuery(Error(ErrorCode::kProtocolViolation, "invalid message format"));
    return;
  }
  // A simple query takes the unnamed statement and portal away.
  portals_.erase("");
  rest_of_query_.clear();
  text_ = *sql;
  Status status = RunQuery(*sql);
  if (status.ok() && copy_) return;  // goes on when the data has come
  FinishQuery(status);
}

void Protocol::FinishQuery(const Status& status) {
  if (!status.ok()) {
    SendError(status, "ERROR", text_);
    session_->FailTransaction();
  }
  if (Status end = session_->EndImplicit(); !end.ok() && status.ok()) {
    SendError(end, "ERROR", {});
  }
  text_ = {};
  SendReady();
}

Status Protocol::RunQuery(std::string_view sql) {
  ASSIGN_OR_RETURN(std::unique_ptr<Portal> cached, session_->ExecuteCached(sql));
  if (cached) return RunPortal(*cached, true);
  ASSIGN_OR_RETURN(const std::vector<std::string_view> texts, session_->Split(sql));
  if (texts.empty()) {
    out_.Empty('I');
    return {};
  }
  for (size_t i = 0; i < texts.size(); ++i) {
    Status status = [&]() -> Status {
      ASSIGN_OR_RETURN(auto statement, session_->Prepare(texts[i], {}));
      statement->LetResultChange();
      if (!statement->param_types().empty()) {
        return Error(ErrorCode::kUndefinedParameter, "there is no parameter $1");
      }
      ASSIGN_OR_RETURN(auto portal, session_->Bind(std::move(statement), {}));
      if (portal->kind() == PortalKind::kCopyIn) {
        for (size_t k = i + 1; k < texts.size(); ++k) rest_of_query_.emplace_back(texts[k]);
        return StartCopyIn(std::move(portal), true);
      }
      return RunPortal(*portal, i + 1 == texts.size());
    }();
    if (!status.ok()) {
      // Locations count from the beginning of the statement; the client counts in the whole text.
      if (status.info().location >= 0) {
        status.info().location += static_cast<int32_t>(texts[i].data() - sql.data());
      }
      return status;
    }
    if (copy_) return {};
  }
  return {};
}

Status Protocol::RunPortal(Portal& portal, bool is_last) {
  // The last statement's word goes out only when the implicit transaction has been committed.
  const auto complete = [&]() -> Status {
    const std::string tag(portal.tag());
    if (is_last) RETURN_IF_ERROR(session_->EndImplicit());
    SendComplete(tag);
    return {};
  };
  if (portal.kind() == PortalKind::kCopyOut) {
    RETURN_IF_ERROR(StreamCopyOut(portal));
    return complete();
  }
  if (portal.kind() == PortalKind::kEmpty) {
    out_.Empty('I');
    return {};
  }
  const bool rows = portal.kind() == PortalKind::kRows;
  // The first batch before the description: an error then comes without one, as from PostgreSQL.
  bool described = false;
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* batch, portal.Next(0));
    if (rows && !described) SendRowDescription(portal.columns(), {});
    described = true;
    if (!batch) return complete();
    if (rows) RETURN_IF_ERROR(SendBatch(*batch, portal.columns(), {}));
  }
}

// --- The extended protocol --------------------------------------------------------------------

Status Protocol::HandleParse(std::string_view body) {
  RETURN_IF_ERROR(ReadParse(body, &parse_));
  text_ = parse_.sql;
  if (!parse_.name.empty() && statements_.contains(parse_.name)) {
    return Error(ErrorCode::kDuplicatePreparedStatement, "prepared statement \"{}\" already exists",
                 parse_.name);
  }
  std::vector<TypeId> types;
  for (const uint32_t oid : parse_.types) {
    if (oid != 0 && !FindType(static_cast<TypeId>(oid))) {
      return Error(ErrorCode::kUndefinedObject, "type with OID {} does not exist", oid);
    }
    types.push_back(static_cast<TypeId>(oid));
  }
  ASSIGN_OR_RETURN(auto statement, session_->Prepare(parse_.sql, types));
  statements_[std::string(parse_.name)] = {std::move(statement)};
  out_.Empty('1');
  return {};
}

Status Protocol::HandleBind(std::string_view body) {
  RETURN_IF_ERROR(ReadBind(body, &bind_));
  const auto it = statements_.find(bind_.statement);
  if (it == statements_.end()) {
    return bind_.statement.empty()
               ? Error(ErrorCode::kInvalidSqlStatementName,
                       "unnamed prepared statement does not exist")
               : Error(ErrorCode::kInvalidSqlStatementName,
                       "prepared statement \"{}\" does not exist", bind_.statement);
  }
  const auto& statement = it->second.statement;
  const auto types = statement->param_types();
  if (bind_.params.size() != types.size()) {
    return Error(ErrorCode::kProtocolViolation,
                 "bind message supplies {} parameters, but prepared statement \"{}\" requires {}",
                 bind_.params.size(), bind_.statement, types.size());
  }
  const TypeIo io(session_->io_settings(), 0, &session_->catalog_lookup());
  params_.resize(types.size());
  for (size_t i = 0; i < types.size(); ++i) {
    const auto& param = bind_.params[i];
    if (param.is_null) {
      params_[i] = Value::Null(types[i]);
      continue;
    }
    Result<Value> value = FormatAt(bind_.param_formats, i) == 1
                              ? BinaryIn(types[i], param.bytes, io)
                              : TextIn(types[i], param.bytes, io);
    if (!value.ok()) {
      return std::move(value).status().Context(fmt::format("unnamed portal parameter ${}", i + 1));
    }
    params_[i] = std::move(*value);
  }
  const auto found = FindPortal(bind_.portal);
  if (!bind_.portal.empty() && (found != portals_.end() || session_->HasCursor(bind_.portal))) {
    return Error(ErrorCode::kDuplicateCursor, "cursor \"{}\" already exists", bind_.portal);
  }
  if (found != portals_.end() && found->second.statement == statement &&
      found->second.portal->kind() != PortalKind::kCopyIn &&
      found->second.portal->kind() != PortalKind::kCopyOut &&
      session_->transaction_status() != TransactionStatus::kFailed) {
    RETURN_IF_ERROR(found->second.portal->Rebind(params_));
    found->second.formats.assign(bind_.result_formats.begin(), bind_.result_formats.end());
    found->second.done = false;
  } else {
    if (found != portals_.end()) portals_.erase(found);
    ASSIGN_OR_RETURN(auto portal, session_->Bind(statement, params_));
    OpenPortal& open = portals_[std::string(bind_.portal)];
    open.statement = statement;
    open.portal = std::move(portal);
    open.formats = bind_.result_formats;
    open.done = false;
    open.named = !bind_.portal.empty() && session_->NamePortal(bind_.portal, open.portal);
  }
  out_.Empty('2');
  return {};
}

Status Protocol::HandleDescribe(std::string_view body) {
  DescribeMessage message;
  RETURN_IF_ERROR(ReadDescribe(body, &message));
  if (message.kind == 'S') {
    const auto it = statements_.find(message.name);
    if (it == statements_.end()) {
      return Error(ErrorCode::kInvalidSqlStatementName, "prepared statement \"{}\" does not exist",
                   message.name);
    }
    SendParameterTypes(it->second.statement->param_types());
    if (it->second.statement->columns().empty()) {
      out_.Empty('n');
    } else {
      SendRowDescription(it->second.statement->columns(), {});
    }
    return {};
  }
  const auto it = FindPortal(message.name);
  if (it == portals_.end() && session_->HasCursor(message.name)) {
    ASSIGN_OR_RETURN(const auto fetch, PrepareFetch(message.name, 0));
    SendRowDescription(fetch->columns(), {});
    return {};
  }
  if (it == portals_.end()) {
    return Error(ErrorCode::kInvalidCursorName, "portal \"{}\" does not exist", message.name);
  }
  if (it->second.portal->kind() != PortalKind::kRows) {
    out_.Empty('n');
  } else {
    SendRowDescription(it->second.portal->columns(), it->second.formats);
  }
  return {};
}

Status Protocol::HandleExecute(std::string_view body) {
  ExecuteMessage message;
  RETURN_IF_ERROR(ReadExecute(body, &message));
  const auto it = FindPortal(message.portal);
  if (it == portals_.end()) {
    if (session_->HasCursor(message.portal)) {
      return ExecuteCursor(message.portal, message.max_rows);
    }
    return Error(ErrorCode::kInvalidCursorName, "portal \"{}\" does not exist", message.portal);
  }
  OpenPortal& open = it->second;
  text_ = open.statement->text();
  switch (open.portal->kind()) {
    case PortalKind::kEmpty:
      out_.Empty('I');
      return {};
    case PortalKind::kCopyIn: {
      std::shared_ptr<Portal> portal = std::move(open.portal);
      portals_.erase(it);
      return StartCopyIn(std::move(portal), false);
    }
    case PortalKind::kCopyOut:
      RETURN_IF_ERROR(StreamCopyOut(*open.portal));
      SendComplete(open.portal->tag());
      return {};
    default:
      break;
  }
  bool done = open.done;
  const uint64_t before = open.portal->rows();
  if (!done) RETURN_IF_ERROR(SendRows(*open.portal, open.formats, message.max_rows, &done));
  if (!done) {
    out_.Empty('s');
    return {};
  }
  if (open.done && open.portal->kind() == PortalKind::kRows) {
    SendComplete("SELECT 0");
    return {};
  }
  open.done = true;
  std::string tag(open.portal->tag());
  // Of rows only those of this call count.
  if (before > 0 && tag.starts_with("SELECT ")) {
    tag = fmt::format("SELECT {}", open.portal->rows() - before);
  }
  SendComplete(tag);
  // COMMIT and ROLLBACK end every portal but this one, which may be done away with as well.
  if (session_->transaction_status() == TransactionStatus::kIdle && portals_.size() > 1) {
    DropPortals();
  }
  return {};
}

Protocol::OpenPortals::iterator Protocol::FindPortal(std::string_view name) {
  const auto it = portals_.find(name);
  if (it == portals_.end() || !it->second.named ||
      session_->NamedPortal(name) == it->second.portal.get() ||
      session_->transaction_status() == TransactionStatus::kFailed) {
    return it;
  }
  portals_.erase(it);  // by CLOSE
  return portals_.end();
}

void Protocol::ClosePortal(OpenPortals::iterator portal) {
  if (portal->second.named && session_->NamedPortal(portal->first) == portal->second.portal.get()) {
    session_->CloseCursor(portal->first);
  }
  portals_.erase(portal);
}

Result<std::shared_ptr<PreparedStatement>> Protocol::PrepareFetch(std::string_view cursor,
                                                                  uint32_t max_rows) {
  std::string name = "\"";
  for (const char c : cursor) name.append(c == '"' ? 2 : 1, c);
  name += '"';
  const std::string count = max_rows == 0 ? "ALL" : std::to_string(max_rows);
  return session_->Prepare(fmt::format("FETCH FORWARD {} FROM {}", count, name), {});
}

Status Protocol::ExecuteCursor(std::string_view cursor, uint32_t max_rows) {
  text_ = {};
  ASSIGN_OR_RETURN(auto statement, PrepareFetch(cursor, max_rows));
  ASSIGN_OR_RETURN(const auto portal, session_->Bind(std::move(statement), {}));
  bool done = false;
  RETURN_IF_ERROR(SendRows(*portal, {}, 0, &done));
  if (max_rows != 0 && portal->rows() == max_rows) {
    out_.Empty('s');
  } else {
    SendComplete(fmt::format("SELECT {}", portal->rows()));
  }
  return {};
}

Status Protocol::SendRows(Portal& portal, std::span<const int16_t> formats, uint32_t max_rows,
                          bool* done) {
  uint32_t left = max_rows;
  *done = false;
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* batch, portal.Next(left));
    if (!batch) {
      *done = true;
      return {};
    }
    RETURN_IF_ERROR(SendBatch(*batch, portal.columns(), formats));
    if (max_rows == 0) continue;
    left -= batch->size;
    if (left == 0) return {};
  }
}

Status Protocol::HandleClose(std::string_view body) {
  DescribeMessage message;
  RETURN_IF_ERROR(ReadDescribe(body, &message));
  if (message.kind == 'S') {
    const auto it = statements_.find(message.name);
    if (it != statements_.end()) statements_.erase(it);
  } else if (const auto it = FindPortal(message.name); it != portals_.end()) {
    ClosePortal(it);
  } else {
    session_->CloseCursor(message.name);
  }
  out_.Empty('3');
  return {};
}

void Protocol::HandleSync() {
  skip_to_sync_ = false;
  if (Status status = session_->EndImplicit(); !status.ok()) SendError(status, "ERROR", {});
  if (session_->transaction_status() == TransactionStatus::kIdle) DropPortals();
  SendReady();
}

/// Portals end with their transaction; the unnamed one is kept to be bound again without work.
void Protocol::DropPortals() {
  if (portals_.empty() || (portals_.size() == 1 && portals_.begin()->first.empty())) return;
  for (auto it = portals_.begin(); it != portals_.end();) {
    const auto portal = it++;
    if (!portal->first.empty()) ClosePortal(portal);
  }
}

// --- COPY -------------------------------------------------------------------------------------

Status Protocol::StartCopyIn(std::shared_ptr<Portal> portal, bool simple) {
  const Portal::CopyFormat format = portal->copy_format();
  out_.Begin('G');
  out_.Byte(format.binary ? 1 : 0);
  out_.Int16(static_cast<int16_t>(format.columns));
  for (uint16_t i = 0; i < format.columns; ++i) out_.Int16(format.binary ? 1 : 0);
  out_.End();
  copy_ = std::move(portal);
  copy_simple_ = simple;
  text_ = {};  // the message it lies in is gone when the data comes
  return {};
}

Status Protocol::HandleCopy(char type, std::string_view body) {
  Status status;
  if (type == 'd') {
    status = copy_->CopyData(body);
    if (status.ok()) return {};
  } else if (type == 'c') {
    status = copy_->CopyDone();
    if (status.ok() && copy_simple_ && rest_of_query_.empty()) status = session_->EndImplicit();
    if (status.ok()) SendComplete(copy_->tag());
  } else {
    FieldReader reader(body);
    const Result<std::string_view> reason = reader.String();
    status = copy_->CopyFail(reason.ok() ? *reason : "");
  }
  copy_.reset();
  if (!copy_simple_) return status;
  if (status.ok()) {
    const std::vector<std::string> rest = std::move(rest_of_query_);
    rest_of_query_.clear();
    for (size_t i = 0; i < rest.size() && status.ok() && !copy_; ++i) {
      status = RunQuery(rest[i]);
      if (copy_) {
        for (size_t k = i + 1; k < rest.size(); ++k) rest_of_query_.push_back(rest[k]);
      }
    }
    if (status.ok() && copy_) return {};
  }
  FinishQuery(status);
  return status;
}

Status Protocol::StreamCopyOut(Portal& portal) {
  const Portal::CopyFormat format = portal.copy_format();
  out_.Begin('H');
  out_.Byte(format.binary ? 1 : 0);
  out_.Int16(static_cast<int16_t>(format.columns));
  for (uint16_t i = 0; i < format.columns; ++i) out_.Int16(format.binary ? 1 : 0);
  out_.End();
  for (;;) {
    ASSIGN_OR_RETURN(const std::string_view bytes, portal.NextCopyData());
    if (bytes.empty()) break;
    // One message a row, as the protocol promises.
    size_t begin = 0;
    for (const size_t end : portal.copy_row_ends()) {
      out_.Begin('d');
      out_.Bytes(bytes.substr(begin, end - begin));
      out_.End();
      begin = end;
      RETURN_IF_ERROR(FlushIfMany());
    }
  }
  out_.Empty('c');
  return {};
}

// --- Replies ----------------------------------------------------------------------------------

Status Protocol::FlushIfMany() {
  if (out_.size() < kSendBytes || !hooks_.flush) return {};
  if (hooks_.flush()) return {};
  return Error(ErrorCode::kConnectionFailure, "connection to client lost");
}

Status Protocol::SendBatch(const Batch& batch, std::span<const ResultColumn> columns,
                           std::span<const int16_t> formats) {
  const TypeIo io(session_->io_settings(), 0, &session_->catalog_lookup());
  const size_t count = batch.columns.size();
  // Views are made once a batch; most results have few columns.
  constexpr size_t kOnStack = 32;
  VectorView some[kOnStack];
  std::vector<VectorView> many;
  VectorView* views = some;
  if (count > kOnStack) {
    many.resize(count);
    views = many.data();
  }
  for (size_t c = 0; c < count; ++c) views[c] = batch.columns[c].view();
  std::string* buffer = out_.buffer();
  for (uint32_t row = 0; row < batch.size; ++row) {
    const size_t mark = out_.size();
    out_.Begin('D');
    out_.Int16(static_cast<int16_t>(count));
    for (size_t c = 0; c < count; ++c) {
      const VectorView& view = views[c];
      if (view.IsNull(row)) {
        out_.Int32(-1);
        continue;
      }
      const size_t begin = out_.BeginValue();
      const Type type = columns[c].type;
      if (FormatAt(formats, c) == 1) {
        if (Status status = BinaryOut(type, view, row, io, buffer); !status.ok()) {
          out_.Truncate(mark);
          return status;
        }
      } else if (type.id == TypeId::kInt4) {
        AppendInteger(buffer, view.Get<int32_t>(row));
      } else if (type.id == TypeId::kInt8) {
        AppendInteger(buffer, view.Get<int64_t>(row));
      } else if (type.id == TypeId::kText || type.id == TypeId::kVarchar) {
        buffer->append(view.Get<StringRef>(row).view());
      } else {
        TextOut(type, view, row, io, buffer);
      }
      out_.EndValue(begin);
    }
    out_.End();
    if (out_.size() >= kSendBytes) RETURN_IF_ERROR(FlushIfMany());
  }
  return {};
}

void Protocol::SendRowDescription(std::span<const ResultColumn> columns,
                                  std::span<const int16_t> formats) {
  out_.Begin('T');
  out_.Int16(static_cast<int16_t>(columns.size()));
  for (size_t i = 0; i < columns.size(); ++i) {
    const ResultColumn& column = columns[i];
    out_.String(column.name);
    out_.Int32(static_cast<int32_t>(column.table));
    out_.Int16(column.column);
    out_.Int32(static_cast<int32_t>(column.type.id));
    out_.Int16(TypeLength(column.type.id));
    out_.Int32(column.type.typmod);
    out_.Int16(FormatAt(formats, i));
  }
  out_.End();
}

void Protocol::SendParameterTypes(std::span<const Type> types) {
  out_.Begin('t');
  out_.Int16(static_cast<int16_t>(types.size()));
  for (const Type type : types) out_.Int32(static_cast<int32_t>(type.id));
  out_.End();
}

void Protocol::SendFields(const ErrorInfo& info, std::string_view severity, std::string_view text) {
  const auto field = [&](char code, std::string_view value) {
    if (value.empty()) return;
    out_.Byte(code);
    out_.String(value);
  };
  field('S', severity);
  field('V', severity);
  field('C', SqlState(info.code));
  out_.Byte('M');
  out_.String(info.message);
  field('D', info.detail);
  field('H', info.hint);
  if (info.location >= 0 && !text.empty()) {
    field('P', std::to_string(CharacterPosition(text, static_cast<size_t>(info.location))));
  }
  field('W', info.context);
  field('s', info.schema_name);
  field('t', info.table_name);
  field('c', info.column_name);
  field('d', info.datatype_name);
  field('n', info.constraint_name);
  out_.Byte('\0');
}

void Protocol::SendError(const Status& status, std::string_view severity, std::string_view text) {
  if (status.code() == ErrorCode::kAdminShutdown) {
    severity = "FATAL";
    phase_ = Phase::kClosed;
  }
  out_.Begin('E');
  SendFields(status.info(), severity, text);
  out_.End();
}

void Protocol::SendNotice(std::string_view severity, const ErrorInfo& info) {
  if (phase_ != Phase::kReady) return;
  out_.Begin('N');
  SendFields(info, severity, text_);
  out_.End();
}

void Protocol::SendComplete(std::string_view tag) {
  out_.Begin('C');
  out_.String(tag);
  out_.End();
}

void Protocol::SendReady() {
  is_ready_ = true;
  if (phase_ == Phase::kClosed) return;
  PutNotifications();
  out_.Begin('Z');
  out_.Byte(static_cast<char>(session_->transaction_status()));
  out_.End();
}

bool Protocol::SendNotifications() {
  // Between the messages of a pipeline the session is in a transaction, in PostgreSQL's eyes too.
  return phase_ == Phase::kReady && is_ready_ && !copy_ && PutNotifications();
}

bool Protocol::PutNotifications() {
  bool any = false;
  for (;;) {
    const std::vector<Notification> some = session_->TakeNotifications(kSendBytes);
    if (some.empty()) return any;
    any = true;
    for (const Notification& one : some) {
      out_.Begin('A');
      out_.Int32(one.pid);
      out_.String(one.channel);
      out_.String(one.payload);
      out_.End();
    }
    if (!FlushIfMany().ok()) return any;  // the client is gone
  }
}

void Protocol::SendParameter(std::string_view name, std::string_view value) {
  out_.Begin('S');
  out_.String(name);
  out_.String(value);
  out_.End();
}

void Protocol::CommitFailed(const Status& status) {
  out_.Truncate(0);
  SendError(status, "FATAL", {});
  phase_ = Phase::kClosed;
}

void Protocol::End(const Status& why) {
  if (phase_ == Phase::kReady) SendError(why, "FATAL", {});
  phase_ = Phase::kClosed;
}

void Protocol::Terminate() {
  End(Error(ErrorCode::kAdminShutdown, "terminating connection due to administrator command"));
}

void Protocol::EndIdle() {
  if (session_->transaction_status() == TransactionStatus::kIdle) {
    End(Error(ErrorCode::kIdleSessionTimeout,
              "terminating connection due to idle-session timeout"));
  } else {
    End(Error(ErrorCode::kIdleInTransactionSessionTimeout,
              "terminating connection due to idle-in-transaction timeout"));
  }
}

int64_t Protocol::idle_limit_ms() const {
  // A client that sends data of COPY, or a pipeline without its end, is not idle.
  const bool waits = phase_ == Phase::kReady && session_ && !copy_ && is_ready_;
  return waits ? session_->idle_limit_ms() : 0;
}

}  // namespace oxibase::pgwire
