#include "engine/settings.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "common/datetime.h"
#include "common/interval.h"
#include "common/time_zone.h"

namespace oxibase {
namespace {

/// Lower, and the statement that raises it again might not fit.
constexpr int64_t kStatementBytesMin = 1024;
constexpr int64_t kWorkMemMin = 64;  // in kB

constexpr auto kSettings = std::to_array<SettingInfo>({
    {"application_name", "", "string", "", "Name of the client's program.", true},
    {"backslash_quote", "safe_encoding", "enum", "", "Accepted for compatibility."},
    {"bytea_output", "hex", "enum", "", "Output format of bytea."},
    {"check_function_bodies", "on", "bool", "", "Accepted for compatibility."},
    {"client_encoding", "UTF8", "string", "", "The client's encoding; always UTF8.", true},
    {"client_min_messages", "notice", "enum", "", "Least severity that is sent."},
    {"datestyle", "ISO, MDY", "string", "", "Display and input format of dates.", true},
    {"debug_spill", "off", "bool", "",
     "For tests: every operation writes to temporary files from its first rows on."},
    {"deadlock_timeout", "1s", "integer", "ms", "Wait before looking for a deadlock."},
    {"default_table_access_method", "heap", "string", "", "Accepted for compatibility."},
    {"default_tablespace", "", "string", "", "Accepted for compatibility."},
    {"default_text_search_config", "pg_catalog.simple", "string", "", "Accepted."},
    {"default_transaction_deferrable", "off", "bool", "", "Of new transactions."},
    {"default_transaction_isolation", "read committed", "enum", "", "Of new transactions."},
    {"default_transaction_read_only", "off", "bool", "", "Of new transactions."},
    {"enable_hashjoin", "on", "bool", "", "Accepted for compatibility."},
    {"enable_seqscan", "on", "bool", "", "Accepted for compatibility."},
    {"escape_string_warning", "on", "bool", "", "Accepted for compatibility."},
    {"extra_float_digits", "1", "integer", "", "Digits of floating-point output."},
    {"idle_in_transaction_session_timeout", "0", "integer", "ms",
     "Longest silence of a client within a transaction; 0 is off."},
    {"idle_session_timeout", "0", "integer", "ms",
     "Longest silence of a client outside of a transaction; 0 is off."},
    {"integer_datetimes", "on", "bool", "", "Always on.", true, true},
    {"intervalstyle", "postgres", "enum", "", "Display format of intervals.", true},
    {"is_superuser", "on", "bool", "", "The only role is a superuser.", true, true},
    {"jit", "off", "bool", "", "Accepted for compatibility."},
    {"lc_collate", "C", "string", "", "Order of text.", false, true},
    {"lc_ctype", "C", "string", "", "Classes of characters.", false, true},
    {"lc_messages", "C", "string", "", "Language of messages."},
    {"lc_monetary", "C", "string", "", "Accepted for compatibility."},
    {"lc_numeric", "C", "string", "", "Accepted for compatibility."},
    {"lc_time", "C", "string", "", "Accepted for compatibility."},
    {"lock_timeout", "0", "integer", "ms", "Longest wait for a lock; 0 is off."},
    {"max_connections", "10000", "integer", "", "Most connections of a server.", false, true},
    {"max_identifier_length", "63", "integer", "", "Longest name in bytes.", false, true},
    {"max_index_keys", "32", "integer", "", "Most columns of an index.", false, true},
    {"memory_limit", "0", "integer", "kB", "What the process should hold in memory at most.", false,
     true},
    {"quote_all_identifiers", "off", "bool", "", "Accepted for compatibility."},
    {"role", "none", "string", "", "The current role."},
    {"row_security", "on", "bool", "", "Accepted for compatibility."},
    {"search_path", "\"$user\", public", "string", "", "Schemas searched for names."},
    {"server_encoding", "UTF8", "string", "", "Always UTF8.", true, true},
    {"server_version", "15.0 (OxiBase 0.1.0)", "string", "", "PostgreSQL's, and ours.", true, true},
    {"server_version_num", "150000", "integer", "", "PostgreSQL's version.", false, true},
    {"session_authorization", "postgres", "string", "", "The session's role.", true, true},
    {"standard_conforming_strings", "on", "bool", "", "Always on.", true, true},
    {"statement_bytes_max", "64MB", "integer", "B", "Longest text of statements."},
    {"statement_timeout", "0", "integer", "ms", "Longest run of a statement; 0 is off."},
    {"synchronize_seqscans", "on", "bool", "", "Accepted for compatibility."},
    {"synchronous_commit", "on", "enum", "", "Whether a commit waits for the disk."},
    {"temp_file_limit", "-1", "integer", "kB",
     "Most that a statement may have in temporary files; -1 is no limit."},
    {"timezone", "UTC", "string", "", "Time zone of timestamps with time zone.", true},
    {"transaction_deferrable", "off", "bool", "", "Of the current transaction."},
    {"transaction_isolation", "read committed", "enum", "", "Of the current transaction."},
    {"transaction_read_only", "off", "bool", "", "Of the current transaction."},
    {"vacuum_cost_delay", "0", "real", "ms", "Accepted for compatibility."},
    {"work_mem", "4MB", "integer", "kB",
     "What each operation may hold in memory before it writes to temporary files."},
    {"xmloption", "content", "enum", "", "Accepted for compatibility."},
});

const SettingInfo* Find(std::string_view name) {
  const auto it = std::find_if(kSettings.begin(), kSettings.end(),
                               [&](const SettingInfo& info) { return info.name == name; });
  return it == kSettings.end() ? nullptr : &*it;
}

/// The spelling in which clients expect the names of reported settings.
std::string_view ReportName(std::string_view name) {
  if (name == "datestyle") return "DateStyle";
  if (name == "intervalstyle") return "IntervalStyle";
  if (name == "timezone") return "TimeZone";
  return name;
}

Status BadValue(std::string_view name, std::string_view value) {
  return Error(ErrorCode::kInvalidParameterValue, "invalid value for parameter \"{}\": \"{}\"",
               ReportName(name), value);
}

/// The zone that a value of TimeZone names: a zone, hours east of UTC, or "INTERVAL '...'".
Result<const Zone*> ZoneOf(std::string_view value) {
  constexpr std::string_view kInterval = "interval";
  const auto refuse = [&](std::string_view why) {
    return BadValue("timezone", value).Detail(std::string(why));
  };
  const absl::string_view text(value.data(), value.size());
  int64_t seconds;
  if (absl::StartsWithIgnoreCase(text, absl::string_view(kInterval.data(), kInterval.size()))) {
    std::string_view rest = value.substr(kInterval.size());
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    if (rest.size() < 2 || !rest.starts_with('\'') || !rest.ends_with('\'')) {
      return BadValue("timezone", value);
    }
    ASSIGN_OR_RETURN(const IntervalValue interval,
                     ParseInterval(rest.substr(1, rest.size() - 2), -1, DateTimeFormat()));
    if (interval.months != 0) return refuse("Cannot specify months in time zone interval.");
    if (interval.days != 0) return refuse("Cannot specify days in time zone interval.");
    seconds = interval.micros / kMicrosPerSecond;
  } else if (double hours; absl::SimpleAtod(text, &hours)) {
    seconds = std::fabs(hours) < 1e6 ? std::lround(hours * 3600) : INT32_MAX;
  } else {
    const Zone* const zone = Zone::FindSetting(value);
    return zone ? Result<const Zone*>(zone) : BadValue("timezone", value);
  }
  if (std::abs(seconds) > int64_t{167} * 3600 + 3599) {
    return refuse("UTC timezone offset is out of range.");
  }
  return Zone::Fixed(static_cast<int32_t>(seconds));
}

std::optional<bool> ParseBool(std::string_view text) {
  const std::string lower = absl::AsciiStrToLower(std::string(text));
  for (const std::string_view yes : {"on", "true", "yes", "1", "t", "y"}) {
    if (lower == yes) return true;
  }
  for (const std::string_view no : {"off", "false", "no", "0", "f", "n"}) {
    if (lower == no) return false;
  }
  return {};
}

/// Milliseconds from "5", "5s", "2min", "1h", "100ms".
std::optional<int64_t> ParseMillis(std::string_view text) {
  size_t digits = 0;
  while (digits < text.size() && (absl::ascii_isdigit(static_cast<unsigned char>(text[digits])) ||
                                  text[digits] == '-' || text[digits] == '.')) {
    ++digits;
  }
  double number;
  const std::string head(text.substr(0, digits));
  if (!absl::SimpleAtod(head, &number)) return {};
  std::string_view unit = text.substr(digits);
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  double factor;
  if (unit.empty() || unit == "ms") {
    factor = 1;
  } else if (unit == "us") {
    factor = 0.001;
  } else if (unit == "s") {
    factor = 1000;
  } else if (unit == "min") {
    factor = 60'000;
  } else if (unit == "h") {
    factor = 3'600'000;
  } else if (unit == "d") {
    factor = 86'400'000;
  } else {
    return {};
  }
  const double millis = std::round(number * factor);
  if (!(millis >= 0 && millis <= INT32_MAX)) return {};
  return static_cast<int64_t>(millis);
}

std::string ShowMillis(int64_t millis) {
  if (millis == 0) return "0";
  if (millis % 86'400'000 == 0) return fmt::format("{}d", millis / 86'400'000);
  if (millis % 3'600'000 == 0) return fmt::format("{}h", millis / 3'600'000);
  if (millis % 60'000 == 0) return fmt::format("{}min", millis / 60'000);
  if (millis % 1000 == 0) return fmt::format("{}s", millis / 1000);
  return fmt::format("{}ms", millis);
}

struct ByteUnit {
  std::string_view name;
  int64_t bytes;
};
constexpr ByteUnit kByteUnits[] = {
    {"TB", int64_t{1} << 40}, {"GB", int64_t{1} << 30}, {"MB", 1 << 20}, {"kB", 1 << 10}, {"B", 1}};

/// How many of the unit, "B" or "kB", from "5", "5B", "5kB", "64MB", "1GB"; a bare number counts
/// such units.
std::optional<int64_t> ParseBytes(std::string_view text, std::string_view base) {
  const size_t digits = std::min(text.find_first_not_of("0123456789.-"), text.size());
  double number;
  if (!absl::SimpleAtod(std::string(text.substr(0, digits)), &number)) return {};
  std::string_view unit = text.substr(digits);
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  const double base_bytes = base == "kB" ? 1024 : 1;
  for (const ByteUnit& known : kByteUnits) {
    if (known.name != (unit.empty() ? base : unit)) continue;
    const double count = std::round(number * static_cast<double>(known.bytes) / base_bytes);
    if (!(std::fabs(count) <= INT32_MAX)) return {};
    return static_cast<int64_t>(count);
  }
  return {};
}

/// That a number has a unit which it cannot have.
Status BadUnit(std::string_view name, std::string_view value, std::string_view units) {
  Status bad = BadValue(name, value);
  const size_t digits = value.find_first_not_of("0123456789.-");
  if (digits == 0 || digits == std::string_view::npos) return bad;
  return std::move(bad).Hint(fmt::format("Valid units for this parameter are {}.", units));
}
constexpr std::string_view kTimeNames = "\"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\"";
constexpr std::string_view kByteNames = "\"B\", \"kB\", \"MB\", \"GB\", and \"TB\"";

Status OutsideRange(std::string_view name, int64_t value, std::string_view unit, int64_t least,
                    int64_t most) {
  return Error(ErrorCode::kInvalidParameterValue,
               "{} {} is outside the valid range for parameter \"{}\" ({} {} .. {} {})", value,
               unit, name, least, unit, most, unit);
}

}  // namespace

std::string ShowBytes(int64_t bytes) {
  for (const ByteUnit& unit : kByteUnits) {
    if (bytes % unit.bytes == 0) return fmt::format("{}{}", bytes / unit.bytes, unit.name);
  }
  return {};
}

namespace {

/// Names of a list, quotes taken off.
std::vector<std::string> SplitNames(std::string_view list) {
  std::vector<std::string> names;
  std::string name;
  bool quoted = false, was_quoted = false;
  const auto finish = [&] {
    if (!was_quoted) name = absl::AsciiStrToLower(std::string(absl::StripAsciiWhitespace(name)));
    if (!name.empty() || was_quoted) names.push_back(name);
    name.clear();
    was_quoted = false;
  };
  for (size_t i = 0; i < list.size(); ++i) {
    if (list[i] == '"') {
      if (quoted && i + 1 < list.size() && list[i + 1] == '"') {
        name += list[++i];
        continue;
      }
      if (!quoted) name.clear();
      quoted = !quoted;
      was_quoted = true;
    } else if (list[i] == ',' && !quoted) {
      finish();
    } else if (!was_quoted || quoted) {
      name += list[i];
    }
  }
  finish();
  return names;
}

std::optional<std::string> OneOf(std::string_view value,
                                 std::initializer_list<std::string_view> allowed) {
  const std::string lower = absl::AsciiStrToLower(std::string(value));
  for (const std::string_view one : allowed) {
    if (lower == one) return lower;
  }
  return {};
}

/// "ISO, DMY" from any of PostgreSQL's spellings; the parts not named keep their value.
std::optional<std::string> ParseDateStyle(std::string_view value, std::string_view current) {
  const size_t comma = current.find(", ");
  std::string style(current.substr(0, comma));
  std::string order(comma == std::string_view::npos ? "MDY" : current.substr(comma + 2));
  for (const absl::string_view raw :
       absl::StrSplit(absl::string_view(value.data(), value.size()), ',')) {
    const std::string part = absl::AsciiStrToLower(std::string(absl::StripAsciiWhitespace(raw)));
    if (part == "iso") {
      style = "ISO";
    } else if (part == "sql") {
      style = "SQL";
    } else if (part == "postgres") {
      style = "Postgres";
    } else if (part == "german") {
      style = "German";
      order = "DMY";
    } else if (part == "mdy" || part == "us" || part == "noneuropean") {
      order = "MDY";
    } else if (part == "dmy" || part == "euro" || part == "european") {
      order = "DMY";
    } else if (part == "ymd") {
      order = "YMD";
    } else if (part != "default") {
      return {};
    }
  }
  return style + ", " + order;
}

}  // namespace

Settings::Settings() {
  for (const SettingInfo& info : kSettings) {
    defaults_.emplace(info.name, info.default_value);
    values_.emplace(info.name, info.default_value);
    Apply(info.name, info.default_value).Ignore("the defaults are right");
  }
}

std::vector<SettingInfo> Settings::All() {
  std::vector<SettingInfo> all(kSettings.begin(), kSettings.end());
  for (SettingInfo& info : all) info.name = ReportName(info.name);
  return all;
}

Result<std::string> Settings::Get(std::string_view name) const {
  const std::string lower = absl::AsciiStrToLower(std::string(name));
  const auto it = values_.find(lower);
  if (it == values_.end()) {
    return Error(ErrorCode::kUndefinedObject, "unrecognized configuration parameter \"{}\"", name);
  }
  return it->second;
}

Status Settings::Check(std::string_view name, std::string_view value,
                       std::string* canonical) const {
  const SettingInfo* info = Find(name);
  *canonical = std::string(value);
  if (!info) {
    if (name.find('.') != std::string_view::npos) return {};
    return Error(ErrorCode::kUndefinedObject, "unrecognized configuration parameter \"{}\"", name);
  }
  std::optional<std::string> chosen = std::string(value);
  if (name == "timezone") {
    ASSIGN_OR_RETURN(const Zone* const zone, ZoneOf(value));
    chosen = zone->name();
  } else if (name == "datestyle") {
    chosen = ParseDateStyle(value, io_.date_style);
  } else if (name == "intervalstyle") {
    chosen = OneOf(value, {"postgres", "postgres_verbose", "sql_standard", "iso_8601"});
  } else if (name == "bytea_output") {
    chosen = OneOf(value, {"hex", "escape"});
  } else if (name == "client_min_messages") {
    chosen = OneOf(value, {"debug5", "debug4", "debug3", "debug2", "debug1", "debug", "log",
                           "notice", "warning", "error"});
  } else if (name == "client_encoding") {
    // Letters and digits count, as in PostgreSQL: utf-8, "UTF8".
    std::string upper = absl::AsciiStrToUpper(std::string(value));
    std::erase_if(upper,
                  [](char c) { return !absl::ascii_isalnum(static_cast<unsigned char>(c)); });
    if (upper == "UNICODE") upper = "UTF8";
    if (upper == "SQLASCII") upper = "SQL_ASCII";
    if (!upper.starts_with("LATIN") && !upper.starts_with("WIN") && !upper.starts_with("ISO") &&
        !upper.starts_with("EUC") && !upper.starts_with("KOI8") && upper != "SJIS" &&
        upper != "BIG5" && upper != "GBK" && upper != "UTF8" && upper != "SQL_ASCII") {
      return BadValue(name, value);
    }
    if (upper != "UTF8" && upper != "SQL_ASCII") {
      return Error(ErrorCode::kFeatureNotSupported,
                   "client encoding \"{}\" is not supported: only UTF8 is", value);
    }
    chosen = upper;
  } else if (name == "default_transaction_isolation" || name == "transaction_isolation") {
    chosen =
        OneOf(value, {"serializable", "repeatable read", "read committed", "read uncommitted"});
    if (!chosen) {
      return BadValue(name, value)
          .Hint(
              "Available values: serializable, repeatable read, read committed, read "
              "uncommitted.");
    }
  } else if (name == "synchronous_commit") {
    chosen = OneOf(value, {"on", "off", "local", "remote_write", "remote_apply"});
    if (!chosen) {
      if (const auto on = ParseBool(value)) chosen = *on ? "on" : "off";
    }
  } else if (name == "extra_float_digits") {
    int digits;
    if (!absl::SimpleAtoi(absl::string_view(value.data(), value.size()), &digits)) {
      return BadValue(name, value);
    }
    if (digits < -15 || digits > 3) {
      return Error(ErrorCode::kInvalidParameterValue,
                   "{} is outside the valid range for parameter \"{}\" (-15 .. 3)", digits, name);
    }
    chosen = std::to_string(digits);
  } else if (info->type == "bool") {
    const auto on = ParseBool(value);
    if (!on) {
      return Error(ErrorCode::kInvalidParameterValue, "parameter \"{}\" requires a Boolean value",
                   name);
    }
    chosen = *on ? "on" : "off";
  } else if (info->unit == "ms" && info->type == "integer") {
    const auto millis = ParseMillis(value);
    if (!millis) return BadUnit(name, value, kTimeNames);
    chosen = ShowMillis(*millis);
  } else if (name == "statement_bytes_max") {
    const auto bytes = ParseBytes(value, info->unit);
    if (!bytes) return BadUnit(name, value, kByteNames);
    const auto most = static_cast<int64_t>(kStatementBytesMax);
    if (*bytes < kStatementBytesMin || *bytes > most) {
      return OutsideRange(name, *bytes, info->unit, kStatementBytesMin, most);
    }
    chosen = ShowBytes(*bytes);
  } else if (info->unit == "kB") {
    const auto count = ParseBytes(value, info->unit);
    if (!count) return BadUnit(name, value, kByteNames);
    const bool may_be_off = name == "temp_file_limit";
    const int64_t least = may_be_off ? -1 : kWorkMemMin;
    if (*count < least) return OutsideRange(name, *count, info->unit, least, INT32_MAX);
    chosen = *count <= 0 ? std::to_string(*count) : ShowBytes(*count << 10);
  } else if (name == "role" && value != "none" && value != "postgres") {
    return Error(ErrorCode::kInvalidParameterValue, "role \"{}\" does not exist", value);
  }
  if (!chosen) return BadValue(name, value);
  *canonical = *chosen;
  return {};
}

bool Settings::IsSent(std::string_view severity) const {
  const auto rank = [](std::string_view name) {
    static constexpr std::string_view kUpwards[] = {"debug", "log", "notice", "warning", "error"};
    const std::string lower = absl::AsciiStrToLower(std::string(name));
    for (size_t i = 0; i < std::size(kUpwards); ++i) {
      if (lower.starts_with(kUpwards[i])) return i;
    }
    return std::size(kUpwards);  // INFO is always sent
  };
  return rank(severity) >= rank(least_severity_);
}

Status Settings::Apply(std::string_view name, std::string_view value) {
  if (name == "timezone") {
    io_.time_zone = value;
  } else if (name == "datestyle") {
    io_.date_style = value;
  } else if (name == "intervalstyle") {
    io_.interval_style = value;
  } else if (name == "client_min_messages") {
    least_severity_ = value;
  } else if (name == "bytea_output") {
    io_.bytea_hex = value == "hex";
  } else if (name == "extra_float_digits") {
    io_.extra_float_digits = std::atoi(std::string(value).c_str());
  } else if (name == "search_path") {
    search_path_ = SplitNames(value);
  } else if (name == "default_transaction_isolation") {
    default_modes_.SetIsolation(value);
  } else if (name == "default_transaction_read_only") {
    default_modes_.read_only = value == "on";
  } else if (name == "default_transaction_deferrable") {
    default_modes_.deferrable = value == "on";
  } else if (name == "synchronous_commit") {
    synchronous_commit_ = value != "off";
  } else if (name == "lock_timeout") {
    lock_timeout_ms_ = ParseMillis(value).value_or(0);
  } else if (name == "idle_in_transaction_session_timeout") {
    idle_in_transaction_timeout_ms_ = ParseMillis(value).value_or(0);
  } else if (name == "idle_session_timeout") {
    idle_timeout_ms_ = ParseMillis(value).value_or(0);
  } else if (name == "statement_timeout") {
    statement_timeout_ms_ = ParseMillis(value).value_or(0);
  } else if (name == "deadlock_timeout") {
    deadlock_timeout_ms_ = ParseMillis(value).value_or(1000);
  } else if (name == "debug_spill") {
    debug_spill_ = value == "on";
  } else if (name == "work_mem") {
    work_mem_bytes_ = static_cast<size_t>(ParseBytes(value, "kB").value_or(kWorkMemMin)) << 10;
  } else if (name == "temp_file_limit") {
    const int64_t limit = ParseBytes(value, "kB").value_or(-1);
    temp_bytes_max_ = limit < 0 ? 0 : std::max<uint64_t>(static_cast<uint64_t>(limit) << 10, 1);
  } else if (name == "statement_bytes_max") {
    statement_bytes_max_ = static_cast<size_t>(
        ParseBytes(value, "B").value_or(static_cast<int64_t>(kStatementBytesMax)));
  } else {
    return {};
  }
  if (name == "search_path" || name == "timezone" || name == "datestyle" ||
      name == "intervalstyle") {
    ++plan_epoch_;
  }
  return {};
}

void Settings::SetFixed(std::string_view name, std::string value) {
  defaults_[std::string(name)] = value;
  values_[std::string(name)] = std::move(value);
}

Status Settings::Set(std::string_view raw_name, std::string_view value, bool is_local) {
  const std::string name = absl::AsciiStrToLower(std::string(raw_name));
  const SettingInfo* info = Find(name);
  if (info && info->fixed) {
    if (info->type == "bool" && !ParseBool(value)) {
      return Error(ErrorCode::kInvalidParameterValue, "parameter \"{}\" requires a Boolean value",
                   name);
    }
    if (name == "standard_conforming_strings" || name == "session_authorization") {
      auto current = Get(name);
      if (current.ok() && (*current == value || ParseBool(value) == true)) return {};
    }
    return Error(ErrorCode::kCantChangeRuntimeParam, "parameter \"{}\" cannot be changed", name);
  }
  std::string canonical;
  RETURN_IF_ERROR(Check(name, value, &canonical));
  const auto it = values_.find(name);
  undo_.push_back({name, it == values_.end() ? "" : it->second, it != values_.end(), is_local});
  values_[name] = canonical;
  RETURN_IF_ERROR(Apply(name, canonical));
  if (info && info->reported && on_report) on_report(ReportName(name), canonical);
  return {};
}

std::string Settings::Default(std::string_view name) const {
  const auto it = defaults_.find(name);
  return it == defaults_.end() ? std::string() : it->second;
}

Status Settings::Reset(std::string_view raw_name) {
  const std::string name = absl::AsciiStrToLower(std::string(raw_name));
  const auto it = defaults_.find(name);
  if (it == defaults_.end()) {
    if (values_.contains(name)) return Set(name, "", false);
    return Error(ErrorCode::kUndefinedObject, "unrecognized configuration parameter \"{}\"",
                 raw_name);
  }
  const SettingInfo* info = Find(name);
  if (info && info->fixed) {
    return Error(ErrorCode::kCantChangeRuntimeParam, "parameter \"{}\" cannot be changed", name);
  }
  return Set(name, it->second, false);
}

void Settings::ResetAll() {
  for (const SettingInfo& info : kSettings) {
    if (info.fixed || values_[std::string(info.name)] == defaults_[std::string(info.name)]) {
      continue;
    }
    Reset(info.name).Ignore("defaults are good values");
  }
}

Status Settings::SetDefault(std::string_view raw_name, std::string_view value) {
  const std::string name = absl::AsciiStrToLower(std::string(raw_name));
  RETURN_IF_ERROR(Set(name, value, false));
  undo_.clear();
  defaults_[name] = values_[name];
  return {};
}

void Settings::RollbackTo(size_t mark) {
  while (undo_.size() > mark) {
    const Undo undo = std::move(undo_.back());
    undo_.pop_back();
    if (undo.existed) {
      values_[undo.name] = undo.value;
      Apply(undo.name, undo.value).Ignore("it was in force before");
      const SettingInfo* info = Find(undo.name);
      if (info && info->reported && on_report) on_report(ReportName(undo.name), undo.value);
    } else {
      values_.erase(undo.name);
    }
  }
}

void Settings::EndTransaction(bool committed) {
  if (undo_.empty()) return;
  if (!committed) {
    RollbackTo(0);
    return;
  }
  // What SET LOCAL hid comes back; a plain SET after it stays.
  std::vector<Undo> all = std::move(undo_);
  undo_.clear();
  std::map<std::string, bool, std::less<>> settled;
  for (auto it = all.rbegin(); it != all.rend(); ++it) {
    if (settled[it->name]) continue;
    if (!it->local) {
      settled[it->name] = true;
      continue;
    }
    undo_.push_back(*it);
    RollbackTo(0);
  }
}

}  // namespace oxibase
