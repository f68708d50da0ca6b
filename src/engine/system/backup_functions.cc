// What `oxibase backup` and `oxibase archive` ask of a server: sys_backup_begin() keeps the newest
// checkpoint and the log since then as they are, the table sys_backup_files lists them,
// sys_backup_read() gives pieces of them, sys_backup_end() says where the log is now, which with
// what was read before makes a whole. It ends with sys_backup_release(), or the session.

#include <algorithm>
#include <charconv>

#include "engine/session_impl.h"
#include "engine/system/system_table.h"
#include "storage/checksum.h"

namespace oxibase {

struct BackupPin {
  std::unique_ptr<DataFolder::Pin> pin;
  /// Where the log ended at sys_backup_end(); 0: it was not called.
  uint64_t log_end = 0;
};

namespace {

using Args = std::span<const Value>;

constexpr int32_t kReadBytesMax = 16 << 20;
constexpr uint64_t kPieceBytes = uint64_t{1} << 20;

struct PinnedFile {
  std::string name;
  uint64_t bytes = 0;
};

Result<DataFolder*> FolderOf(SessionImpl& session) {
  if (session.db().folder) return session.db().folder.get();
  return Error(ErrorCode::kFeatureNotSupported, "a database in memory has no files");
}

Result<BackupPin*> PinOf(SessionImpl& session) {
  if (session.backup_pin()) return session.backup_pin().get();
  return Error(ErrorCode::kObjectNotInPrerequisiteState, "this session takes no backup")
      .Hint("Call sys_backup_begin() first.");
}

/// The number of a segment's, or an index run's, file; empty: it is none.
std::optional<uint64_t> DataFileNumber(std::string_view name) {
  if (!name.ends_with(".seg") && !name.ends_with(".run")) return std::nullopt;
  const std::string_view digits = name.substr(0, name.size() - 4);
  uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

/// All that the checkpoint is made of, and the log as far as it is durable.
Result<std::vector<PinnedFile>> FilesOf(SessionImpl& session) {
  ASSIGN_OR_RETURN(DataFolder * folder, FolderOf(session));
  ASSIGN_OR_RETURN(BackupPin * backup, PinOf(session));
  FileSystem& files = session.db().env.files();
  std::vector<PinnedFile> list;
  const auto add = [&](std::string name, uint64_t bytes_max) -> Status {
    ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                     files.Open(JoinPath(folder->path(), name), OpenMode::kRead));
    ASSIGN_OR_RETURN(const uint64_t bytes, file->Size());
    list.push_back({std::move(name), std::min(bytes, bytes_max)});
    return {};
  };
  RETURN_IF_ERROR(add("OXIBASE", UINT64_MAX));
  if (backup->pin->number != 0) RETURN_IF_ERROR(add(ManifestName(backup->pin->number), UINT64_MAX));
  ASSIGN_OR_RETURN(const std::vector<std::string> data, files.List(folder->data_path()));
  for (const std::string& name : data) {
    const auto number = DataFileNumber(name);
    if (number && *number < backup->pin->next_file_number) {
      RETURN_IF_ERROR(add("data/" + name, UINT64_MAX));
    }
  }
  const uint64_t end = backup->log_end != 0 ? backup->log_end : folder->wal().durable_lsn().value;
  ASSIGN_OR_RETURN(const std::vector<std::string> wal, files.List(JoinPath(folder->path(), "wal")));
  std::vector<uint64_t> begins;
  for (const std::string& name : wal) {
    const auto begin = ParseWalSegmentName(name);
    if (begin && *begin < end) begins.push_back(*begin);
  }
  std::sort(begins.begin(), begins.end());
  for (size_t i = 0; i < begins.size(); ++i) {
    const uint64_t next = i + 1 < begins.size() ? begins[i + 1] : end;
    if (next <= backup->pin->replay_from.value && i + 1 < begins.size()) continue;
    RETURN_IF_ERROR(
        add("wal/" + WalSegmentName(begins[i]), kWalSegmentHeaderBytes + (next - begins[i])));
  }
  return list;
}

Result<PinnedFile> FileNamed(SessionImpl& session, const std::string& name) {
  ASSIGN_OR_RETURN(const std::vector<PinnedFile> files, FilesOf(session));
  for (const PinnedFile& file : files) {
    if (file.name == name) return file;
  }
  return Error(ErrorCode::kUndefinedFile, "the backup has no file \"{}\"", name);
}

/// The number of the checkpoint that is kept.
Result<Value> Begin(SessionImpl& session, Args) {
  ASSIGN_OR_RETURN(DataFolder * folder, FolderOf(session));
  if (session.backup_pin()) {
    return Error(ErrorCode::kObjectNotInPrerequisiteState, "this session takes a backup already");
  }
  session.BeforeBlocking();
  // So that there is little log to copy, and to read when it is restored.
  RETURN_IF_ERROR(session.db().checkpointer->Run());
  auto backup = std::make_shared<BackupPin>();
  backup->pin = folder->PinCheckpoint();
  session.backup_pin() = std::move(backup);
  return Value::Int8(static_cast<int64_t>(session.backup_pin()->pin->number));
}

/// Where the log ends, durable up to there.
Result<Value> End(SessionImpl& session, Args) {
  ASSIGN_OR_RETURN(DataFolder * folder, FolderOf(session));
  ASSIGN_OR_RETURN(BackupPin * backup, PinOf(session));
  const Lsn end = folder->wal().position().next;
  session.BeforeBlocking();
  RETURN_IF_ERROR(folder->wal().WaitDurable(end));
  backup->log_end = end.value;
  return Value::Int8(static_cast<int64_t>(end.value));
}

Result<Value> Release(SessionImpl& session, Args) {
  const bool had = session.backup_pin() != nullptr;
  session.backup_pin().reset();
  return Value::Bool(had);
}

Result<Value> Read(SessionImpl& session, Args args) {
  ASSIGN_OR_RETURN(DataFolder * folder, FolderOf(session));
  const int64_t offset = args[1].As<int64_t>();
  const int32_t length = args[2].As<int32_t>();
  ASSIGN_OR_RETURN(const PinnedFile wanted, FileNamed(session, args[0].bytes()));
  if (offset < 0 || length < 0 || length > kReadBytesMax) {
    return Error(ErrorCode::kInvalidParameterValue, "a piece of a file has 0 to {} bytes",
                 kReadBytesMax);
  }
  const auto from = std::min(static_cast<uint64_t>(offset), wanted.bytes);
  std::string bytes(std::min<uint64_t>(static_cast<uint64_t>(length), wanted.bytes - from), '\0');
  ASSIGN_OR_RETURN(
      const std::unique_ptr<File> file,
      session.db().env.files().Open(JoinPath(folder->path(), wanted.name), OpenMode::kRead));
  session.BeforeBlocking();
  RETURN_IF_ERROR(
      file->ReadExactlyAt(from, {reinterpret_cast<std::byte*>(bytes.data()), bytes.size()}));
  return Value::String(TypeId::kBytea, std::move(bytes));
}

/// CRC-32C: tells whether an older backup has the file.
Result<Value> Checksum(SessionImpl& session, Args args) {
  ASSIGN_OR_RETURN(DataFolder * folder, FolderOf(session));
  ASSIGN_OR_RETURN(const PinnedFile wanted, FileNamed(session, args[0].bytes()));
  ASSIGN_OR_RETURN(
      const std::unique_ptr<File> file,
      session.db().env.files().Open(JoinPath(folder->path(), wanted.name), OpenMode::kRead));
  session.BeforeBlocking();
  uint32_t sum = 0;
  std::vector<std::byte> piece;
  for (uint64_t at = 0; at < wanted.bytes; at += piece.size()) {
    RETURN_IF_ERROR(session.CheckInterrupts());
    piece.resize(std::min(kPieceBytes, wanted.bytes - at));
    RETURN_IF_ERROR(file->ReadExactlyAt(at, piece));
    sum = Crc32c(piece, sum);
  }
  return Value::Int8(sum);
}

/// What --to-lsn takes: all that was committed up to now lies before it.
Result<Value> LogPosition(SessionImpl& session, Args) {
  ASSIGN_OR_RETURN(DataFolder * folder, FolderOf(session));
  return Value::Int8(static_cast<int64_t>(folder->wal().position().next.value));
}

/// What --to-transaction takes: the id of the running one; NULL as long as it has written nothing.
Result<Value> TransactionId(SessionImpl& session, Args) {
  const TxnId id = session.txn().id();
  if (id.value == 0) return Value::Null(TypeId::kInt8);
  return Value::Int8(static_cast<int64_t>(id.value & (kTxnIdBit - 1)));
}

}  // namespace

const CatalogFunctions& BackupFunctions() {
  static const CatalogFunctions kFunctions = {
      {"sys_backup_begin", Begin},        {"sys_backup_end", End},
      {"sys_backup_release", Release},    {"sys_backup_read", Read},
      {"sys_backup_checksum", Checksum},  {"sys_log_position", LogPosition},
      {"sys_transaction", TransactionId},
  };
  return kFunctions;
}

namespace system_tables {
namespace {

Status SysBackupFiles(const Source& s) {
  if (!s.session.backup_pin()) return {};
  ASSIGN_OR_RETURN(const std::vector<PinnedFile> files, FilesOf(s.session));
  for (const PinnedFile& file : files) s.Row({T(file.name), I8(static_cast<int64_t>(file.bytes))});
  return {};
}

}  // namespace

std::vector<SystemTable> BackupTables() {
  return {{12110, kPgCatalogSchema, "sys_backup_files", "name text, bytes int8", SysBackupFiles}};
}

}  // namespace system_tables
}  // namespace oxibase
