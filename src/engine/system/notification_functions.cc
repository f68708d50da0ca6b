// pg_notify and its kin.

#include "common/array.h"
#include "engine/session_impl.h"

namespace oxibase {
namespace {

using Args = std::span<const Value>;

Result<Value> Notify(SessionImpl& session, Args args) {
  const auto text = [&](size_t i) {
    return args[i].is_null() ? std::string_view() : args[i].bytes();
  };
  RETURN_IF_ERROR(session.notifications().Notify(text(0), text(1)));
  return Value::String(TypeId::kVoid, "");
}

/// An array; pg_listening_channels() has a row for each element.
Result<Value> ListeningChannels(SessionImpl& session, Args) {
  ArrayBuilder builder(TypeId::kText);
  for (const std::string& channel : session.notifications().Channels()) builder.AddString(channel);
  std::string bytes;
  builder.Finish(&bytes);
  return Value::String(TypeId::kTextArray, std::move(bytes));
}

Result<Value> QueueUsage(SessionImpl& session, Args) {
  return Value::Float8(session.database().impl().notifications.Usage());
}

}  // namespace

const CatalogFunctions& NotificationFunctions() {
  static const CatalogFunctions kFunctions = {
      {"pg_notify", Notify},
      {"pg_listening_channels", ListeningChannels},
      {"pg_notification_queue_usage", QueueUsage},
  };
  return kFunctions;
}

}  // namespace oxibase
