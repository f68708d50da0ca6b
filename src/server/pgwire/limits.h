#pragma once

#include <cstddef>
#include <cstdint>

namespace oxibase::pgwire {

/// PostgreSQL's MAX_STARTUP_PACKET_LENGTH.
inline constexpr uint32_t kStartupBytesMax = 10'000;
/// A message's length: above any statement (statement_bytes_max) or parameter that is accepted, and
/// low enough that some clients at once do not exhaust memory.
inline constexpr uint32_t kMessageBytesMax = uint32_t{256} << 20;
/// PostgreSQL's MaxAttrNumber-like bound of a 16-bit count.
inline constexpr size_t kParamsMax = 65'535;
/// Replies are sent when this many bytes have gathered, even in the middle of a result.
inline constexpr size_t kSendBytes = size_t{64} << 10;
/// Between looks at whether the server stops while a client does not read.
inline constexpr int kSendCheckMs = 100;
/// Connections at once; each costs a descriptor and some KiB.
inline constexpr size_t kConnectionsMax = 10'000;
/// Buffers larger than this are given back after a message.
inline constexpr size_t kBufferKeptBytes = size_t{1} << 20;

}  // namespace oxibase::pgwire
