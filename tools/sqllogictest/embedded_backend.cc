// The engine inside this process, one database in a folder of its own for each file. Speaks to
// `Session` the way the wire does for a simple query, so that COPY works too.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "backend.h"
#include "engine/database.h"
#include "engine/session.h"
#include "env/env.h"
#include "env/sim_file_system.h"
#include "expr/type_io.h"

namespace oxibase::slt {
namespace {

int64_t CountOf(std::string_view tag) {
  size_t space = tag.rfind(' ');
  if (space == std::string_view::npos) return 0;
  return std::atoll(std::string(tag.substr(space + 1)).c_str());
}

class EmbeddedClient : public Client {
 public:
  /// `frozen`: see OpenEmbedded; null: rows stay where they are.
  EmbeddedClient(std::unique_ptr<Session> session, Database* frozen)
      : session_(std::move(session)), frozen_(frozen) {}

  Outcome Execute(const std::string& sql, const std::string& copy_data) override {
    Outcome outcome;
    Status status = RunAll(sql, copy_data, outcome);
    if (!status.ok()) session_->FailTransaction();
    Status end = session_->EndImplicit();
    if (status.ok()) status = std::move(end);
    if (status.ok()) status = session_->WaitDurable();
    if (status.ok() && frozen_ != nullptr) status = frozen_->Checkpoint();
    if (!status.ok()) {
      outcome.sqlstate = std::string(SqlState(status.code()));
      outcome.message = std::string(status.message());
    }
    return outcome;
  }
  void Cancel() override { session_->Cancel(); }

 private:
  Status RunAll(const std::string& sql, const std::string& copy_data, Outcome& outcome) {
    ASSIGN_OR_RETURN(std::vector<std::string_view> statements, session_->Split(sql));
    for (std::string_view statement : statements) {
      ASSIGN_OR_RETURN(std::shared_ptr<PreparedStatement> prepared,
                       session_->Prepare(statement, {}));
      if (prepared->is_empty()) continue;
      if (!prepared->param_types().empty()) {
        return Error(ErrorCode::kUndefinedParameter, "there is no parameter $1");
      }
      ASSIGN_OR_RETURN(std::unique_ptr<Portal> portal, session_->Bind(prepared, {}));
      RETURN_IF_ERROR(RunPortal(*portal, copy_data, outcome));
    }
    return {};
  }

  Status RunPortal(Portal& portal, const std::string& copy_data, Outcome& outcome) {
    switch (portal.kind()) {
      case PortalKind::kEmpty:
        return {};
      case PortalKind::kCopyIn:
        // In two pieces, so that rows are cut somewhere.
        RETURN_IF_ERROR(
            portal.CopyData(std::string_view(copy_data).substr(0, copy_data.size() / 2)));
        RETURN_IF_ERROR(portal.CopyData(std::string_view(copy_data).substr(copy_data.size() / 2)));
        RETURN_IF_ERROR(portal.CopyDone());
        break;
      case PortalKind::kCopyOut:
        RETURN_IF_ERROR(TakeCopyOut(portal, outcome));
        break;
      case PortalKind::kRows:
      case PortalKind::kCommand:
        RETURN_IF_ERROR(TakeRows(portal, outcome));
        break;
    }
    outcome.count = CountOf(portal.tag());
    return {};
  }

  static Status TakeCopyOut(Portal& portal, Outcome& outcome) {
    outcome.has_rows = true;
    outcome.columns = 1;
    std::string all;
    for (;;) {
      ASSIGN_OR_RETURN(std::string_view bytes, portal.NextCopyData());
      if (bytes.empty()) break;
      all += bytes;
    }
    for (size_t at = 0; at < all.size();) {
      size_t end = all.find('\n', at);
      if (end == std::string::npos) end = all.size();
      outcome.rows.push_back({all.substr(at, end - at)});
      at = end + 1;
    }
    return {};
  }

  Status TakeRows(Portal& portal, Outcome& outcome) {
    bool has_rows = portal.kind() == PortalKind::kRows;
    if (has_rows) {
      outcome.has_rows = true;
      outcome.columns = portal.columns().size();
      outcome.rows.clear();
    }
    for (;;) {
      ASSIGN_OR_RETURN(const Batch* batch, portal.Next(0));
      if (batch == nullptr) return {};
      if (!has_rows) continue;
      TypeIo io(session_->io_settings(), 0, &session_->catalog_lookup());
      for (uint32_t row = 0; row < batch->size; ++row) {
        auto& values = outcome.rows.emplace_back();
        for (const Vector& column : batch->columns) {
          Value value = column.GetValue(row);
          if (value.is_null()) {
            values.emplace_back();
            continue;
          }
          std::string text;
          TextOut(value, io, &text);
          values.emplace_back(std::move(text));
        }
      }
    }
  }

  std::unique_ptr<Session> session_;
  Database* const frozen_;
};

class EmbeddedBackend : public Backend {
 public:
  EmbeddedBackend(std::string folder, bool freeze)
      : folder_(std::move(folder)),
        freeze_(freeze),
        env_(Env::Real().clock(), Env::Real().random(), files_) {
    files_.MakeDirectory(".").Ignore("a new one has none");
  }
  ~EmbeddedBackend() override {
    database_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  bool Open(std::string& error) {
    DatabaseOptions options;
    options.path = folder_ + "/data";
    if (freeze_) {
      options.env = &env_;
      options.path = "data";
      options.hot_bytes_max = 1;
      options.txn_bytes_max = 32 << 10;
      options.block_cache_bytes = 1 << 20;
    }
    Result<std::unique_ptr<Database>> database = Database::Open(options);
    if (!database.ok()) return error = database.status().message(), false;
    database_ = std::move(*database);
    return true;
  }
  std::unique_ptr<Client> Connect(std::string& error) override {
    Result<std::unique_ptr<Session>> session = database_->Connect({});
    if (!session.ok()) return error = session.status().message(), nullptr;
    return std::make_unique<EmbeddedClient>(std::move(*session),
                                            freeze_ ? database_.get() : nullptr);
  }
  bool Restart(std::string& error) override {
    database_.reset();
    return Open(error);
  }
  bool Close(std::string&) override {
    database_.reset();
    return true;
  }

 private:
  const std::string folder_;
  const bool freeze_;
  SimFileSystem files_;
  ComposedEnv env_;
  std::unique_ptr<Database> database_;
};

}  // namespace

std::unique_ptr<Backend> OpenEmbedded(bool freeze, std::string& error) {
  const char* tmp = std::getenv("TMPDIR");
  std::string folder = std::string(tmp != nullptr ? tmp : "/tmp") + "/oxibase-embedded.XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    error = folder + ": cannot be made";
    return nullptr;
  }
  auto backend = std::make_unique<EmbeddedBackend>(folder, freeze);
  if (!backend->Open(error)) return nullptr;
  return backend;
}

}  // namespace oxibase::slt
