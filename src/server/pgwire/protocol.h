#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/database.h"
#include "engine/session.h"
#include "expr/type_io.h"
#include "server/pgwire/message_reader.h"
#include "server/pgwire/message_writer.h"

namespace oxibase::pgwire {

/// One client's conversation in PostgreSQL's protocol 3, without its socket: bytes in, bytes out.
/// One thread at a time.
class Protocol {
 public:
  struct Hooks {
    /// The replies so far are many: send them now, waiting if need be. False: the client is gone.
    std::function<bool()> flush;
    std::function<void()> before_blocking;
    /// The session is to end: call Terminate. From any thread.
    std::function<void()> on_terminate;
    /// SendNotifications has something to say, as soon as the client is idle. From any thread.
    std::function<void()> on_notification;
  };

  Protocol(Database& database, std::string peer, Hooks hooks);
  ~Protocol();

  /// Takes whatever bytes came. False: the connection ends after the replies have been sent.
  bool Feed(std::string_view bytes);
  MessageWriter& output() { return out_; }
  /// Replies may be sent when the log is durable up to here.
  Lsn pending_lsn() const { return session_ ? session_->pending_lsn() : Lsn(); }
  /// What the client is told when that failed; the connection then ends.
  void CommitFailed(const Status& status);
  /// The last that the client hears: 57P01 when the server stops or somebody ended the session.
  void Terminate();
  /// The client was silent for longer than idle_limit_ms: 25P03, 57P05.
  void EndIdle();
  /// Puts what was notified to an idle client into the output; false: nothing, or it is not idle
  /// (then they go out when it is).
  bool SendNotifications();
  /// How long the client may be silent from now on, milliseconds; 0: for ever.
  int64_t idle_limit_ms() const;
  /// Memory of its buffers.
  bool has_partial_input() const { return !in_.empty(); }
  Session* session() { return session_.get(); }

 private:
  enum class Phase : uint8_t { kStartup, kReady, kClosed };

  struct Prepared {
    std::shared_ptr<PreparedStatement> statement;
  };
  struct OpenPortal {
    std::shared_ptr<PreparedStatement> statement;
    std::shared_ptr<Portal> portal;
    std::vector<int16_t> formats;
    bool done = false;
    bool named = false;  // SQL sees it, too, and may close it
  };
  using OpenPortals = std::map<std::string, OpenPortal, std::less<>>;

  /// The length of the message at the front of `bytes` if it is whole, 0 if more must come.
  Result<size_t> WholeMessage(std::string_view bytes) const;
  bool HandleStartup(std::string_view body);
  bool HandleMessage(char type, std::string_view body);
  Status Dispatch(char type, std::string_view body);
  void HandleQuery(std::string_view body);
  Status RunQuery(std::string_view sql);
  Status RunPortal(Portal& portal, bool is_last);
  Status HandleParse(std::string_view body);
  Status HandleBind(std::string_view body);
  Status HandleDescribe(std::string_view body);
  Status HandleExecute(std::string_view body);
  Status HandleClose(std::string_view body);
  void HandleSync();
  Status HandleCopy(char type, std::string_view body);
  Status StartCopyIn(std::shared_ptr<Portal> portal, bool simple);
  OpenPortals::iterator FindPortal(std::string_view name);
  void ClosePortal(OpenPortals::iterator portal);
  /// A cursor of DECLARE under the protocol: as FETCH would yield it.
  Result<std::shared_ptr<PreparedStatement>> PrepareFetch(std::string_view cursor,
                                                          uint32_t max_rows);
  Status ExecuteCursor(std::string_view cursor, uint32_t max_rows);
  Status StreamCopyOut(Portal& portal);
  void FinishQuery(const Status& status);

  Status SendRows(Portal& portal, std::span<const int16_t> formats, uint32_t max_rows, bool* done);
  Status SendBatch(const Batch& batch, std::span<const ResultColumn> columns,
                   std::span<const int16_t> formats);
  void SendRowDescription(std::span<const ResultColumn> columns, std::span<const int16_t> formats);
  void SendParameterTypes(std::span<const Type> types);
  void SendError(const Status& status, std::string_view severity, std::string_view text);
  void End(const Status& why);
  void SendNotice(std::string_view severity, const ErrorInfo& info);
  void SendFields(const ErrorInfo& info, std::string_view severity, std::string_view text);
  void SendComplete(std::string_view tag);
  void SendReady();
  bool PutNotifications();
  void SendParameter(std::string_view name, std::string_view value);
  Status FlushIfMany();
  void DropPortals();

  Database& database_;
  const std::string peer_;
  const Hooks hooks_;
  Phase phase_ = Phase::kStartup;
  std::unique_ptr<Session> session_;
  std::string in_;  // of a message that is not whole
  MessageWriter out_;
  bool skip_to_sync_ = false;
  bool is_ready_ = false;  // the last it was told is ReadyForQuery
  /// The text an error's position counts in.
  std::string_view text_;

  std::map<std::string, Prepared, std::less<>> statements_;
  OpenPortals portals_;

  std::shared_ptr<Portal> copy_;
  bool copy_simple_ = false;
  std::vector<std::string> rest_of_query_;  // statements behind a COPY FROM STDIN

  ParseMessage parse_;
  BindMessage bind_;
  std::vector<Value> params_;
};

}  // namespace oxibase::pgwire
