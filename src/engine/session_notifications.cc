#include "engine/session_notifications.h"

#include <utility>

namespace oxibase {
namespace {

constexpr size_t kChannelBytesMax = 63;
/// One more is too long, as in PostgreSQL.
constexpr size_t kPayloadBytesMax = 7999;

std::string KeyOf(std::string_view channel, std::string_view payload) {
  std::string key(channel);
  key += '\0';
  key += payload;
  return key;
}

}  // namespace

Status SessionNotifications::Notify(std::string_view channel, std::string_view payload) {
  if (channel.empty()) {
    return Error(ErrorCode::kInvalidParameterValue, "channel name cannot be empty");
  }
  if (channel.size() > kChannelBytesMax) {
    return Error(ErrorCode::kInvalidParameterValue, "channel name too long");
  }
  if (payload.size() > kPayloadBytesMax) {
    return Error(ErrorCode::kInvalidParameterValue, "payload string too long");
  }
  if (!known_.insert(KeyOf(channel, payload)).second) return {};
  changes_.notified.push_back({std::string(channel), std::string(payload), 0});
  notified_bytes_ += NotificationHub::BytesOf(channel, payload);
  if (notified_bytes_ > NotificationHub::kBytesMax) {
    return Error(ErrorCode::kProgramLimitExceeded, "too many notifications in one transaction");
  }
  return {};
}

void SessionNotifications::Listen(std::string_view channel) {
  changes_.actions.push_back({NotificationChanges::Action::Kind::kListen, std::string(channel)});
}

void SessionNotifications::Unlisten(std::string_view channel) {
  changes_.actions.push_back({NotificationChanges::Action::Kind::kUnlisten, std::string(channel)});
}

void SessionNotifications::UnlistenAll() {
  changes_.actions.push_back({NotificationChanges::Action::Kind::kUnlistenAll, {}});
}

void SessionNotifications::RollbackTo(const Mark& mark) {
  changes_.actions.resize(mark.actions);
  for (size_t i = mark.notified; i < changes_.notified.size(); ++i) {
    const Notification& gone = changes_.notified[i];
    known_.erase(KeyOf(gone.channel, gone.payload));
    notified_bytes_ -= NotificationHub::BytesOf(gone.channel, gone.payload);
  }
  changes_.notified.resize(mark.notified);
}

void SessionNotifications::Clear() {
  if (!has_changes()) return;
  changes_ = {};
  known_ = {};
  notified_bytes_ = 0;
}

Result<Lsn> SessionNotifications::Commit(Transaction& txn, const std::function<void()>& undone) {
  NotificationChanges changes = std::exchange(changes_, {});
  known_ = {};
  notified_bytes_ = 0;
  return hub_.Commit(txn, undone, *listener_, std::move(changes));
}

std::vector<Notification> SessionNotifications::Take(size_t bytes_max, Lsn* lsn) {
  std::vector<Notification> taken;
  hub_.Take(*listener_, bytes_max, &taken, lsn);
  return taken;
}

}  // namespace oxibase
