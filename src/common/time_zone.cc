#include "common/time_zone.h"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>

namespace oxibase {
namespace {

constexpr int64_t kEpochSeconds = 946684800;  // 2000-01-01 since 1970

struct Abbreviation {
  std::string_view name;
  int32_t seconds;
};
constexpr int32_t H(double hours) { return static_cast<int32_t>(hours * 3600); }
/// The usual ones of PostgreSQL's default set, sorted.
constexpr Abbreviation kAbbreviations[] = {
    {"acdt", H(10.5)}, {"acst", H(9.5)}, {"adt", H(-3)},   {"aedt", H(11)},  {"aest", H(10)},
    {"akdt", H(-8)},   {"akst", H(-9)},  {"art", H(-3)},   {"ast", H(-4)},   {"awst", H(8)},
    {"bdst", H(2)},    {"brst", H(-2)},  {"brt", H(-3)},   {"bst", H(1)},    {"cadt", H(10.5)},
    {"cast", H(9.5)},  {"cct", H(8)},    {"cdt", H(-5)},   {"cest", H(2)},   {"cet", H(1)},
    {"cetdst", H(2)},  {"clst", H(-3)},  {"clt", H(-4)},   {"cot", H(-5)},   {"cst", H(-6)},
    {"eadt", H(11)},   {"east", H(-6)},  {"eat", H(3)},    {"edt", H(-4)},   {"eest", H(3)},
    {"eet", H(2)},     {"eetdst", H(3)}, {"egst", H(0)},   {"egt", H(-1)},   {"est", H(-5)},
    {"fet", H(3)},     {"fjt", H(12)},   {"fnt", H(-2)},   {"get", H(4)},    {"gft", H(-3)},
    {"gmt", H(0)},     {"hkt", H(8)},    {"hst", H(-10)},  {"ict", H(7)},    {"idt", H(3)},
    {"iot", H(6)},     {"irkt", H(8)},   {"irt", H(3.5)},  {"ist", H(2)},    {"jst", H(9)},
    {"kdt", H(10)},    {"kgt", H(6)},    {"krat", H(7)},   {"kst", H(9)},    {"mart", H(-9.5)},
    {"mdt", H(-6)},    {"mest", H(2)},   {"mesz", H(2)},   {"met", H(1)},    {"metdst", H(2)},
    {"mez", H(1)},     {"mmt", H(6.5)},  {"msd", H(4)},    {"msk", H(3)},    {"mst", H(-7)},
    {"mut", H(4)},     {"mvt", H(5)},    {"myt", H(8)},    {"ndt", H(-2.5)}, {"nft", H(-3.5)},
    {"novt", H(7)},    {"npt", H(5.75)}, {"nst", H(-3.5)}, {"nut", H(-11)},  {"nzdt", H(13)},
    {"nzst", H(12)},   {"nzt", H(12)},   {"omst", H(6)},   {"pdt", H(-7)},   {"pet", H(-5)},
    {"petst", H(12)},  {"pht", H(8)},    {"pkt", H(5)},    {"pmdt", H(-2)},  {"pst", H(-8)},
    {"pyst", H(-3)},   {"pyt", H(-4)},   {"ret", H(4)},    {"sast", H(2)},   {"sgt", H(8)},
    {"tjt", H(5)},     {"tmt", H(5)},    {"ulat", H(8)},   {"ut", H(0)},     {"utc", H(0)},
    {"uyt", H(-3)},    {"uzt", H(5)},    {"vlat", H(10)},  {"vut", H(11)},   {"wadt", H(8)},
    {"wast", H(7)},    {"west", H(1)},   {"wet", H(0)},    {"wetdst", H(1)}, {"wgst", H(-2)},
    {"wgt", H(-3)},    {"yakt", H(9)},   {"yekt", H(5)},   {"zulu", H(0)},   {"z", H(0)},
};

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// "america/new_york" -> "America/New_York", the way nearly all zone files are named.
std::string Capitalize(std::string_view lower) {
  std::string out(lower);
  bool first = true;
  for (char& c : out) {
    if (first && c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    first = !IsAlpha(c);
  }
  // The little words inside names stay small.
  for (const std::string_view word : {"_Of_", "_Au_", "_Es_", "-Au-"}) {
    if (const size_t at = out.find(word); at != std::string::npos) {
      out[at + 1] = static_cast<char>(out[at + 1] + 32);
    }
  }
  return out;
}

std::string Upper(std::string_view lower) {
  std::string out(lower);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return out;
}

/// [+-]h[h][:mm[:ss]] to the end of `text`.
bool ParseOffset(std::string_view text, int32_t* seconds) {
  if (text.empty()) return false;
  int sign = 1;
  if (text[0] == '+' || text[0] == '-') {
    sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
  }
  int32_t parts[3] = {};
  for (int& part : parts) {
    size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9' && digits < 3) {
      part = part * 10 + (text[digits++] - '0');
    }
    if (digits == 0) return false;
    text.remove_prefix(digits);
    if (text.empty()) break;
    if (text[0] != ':') return false;
    text.remove_prefix(1);
  }
  if (!text.empty() || parts[0] > 167 || parts[1] > 59 || parts[2] > 59) return false;
  *seconds = sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
  return true;
}

/// A POSIX zone without a rule for daylight saving: name, offset west of UTC.
bool ParsePosix(std::string_view name, std::string* abbreviation, int32_t* seconds) {
  size_t end = 0;
  if (!name.empty() && name[0] == '<') {
    end = name.find('>');
    if (end == std::string_view::npos) return false;
    *abbreviation = name.substr(1, end - 1);
    ++end;
  } else {
    while (end < name.size() && IsAlpha(name[end])) ++end;
    *abbreviation = Upper(Lower(name.substr(0, end)));
  }
  if (end == name.size() || !ParseOffset(name.substr(end), seconds)) return false;
  *seconds = -*seconds;
  return true;
}

std::string OffsetName(int32_t seconds) {
  // POSIX counts west of UTC.
  const auto format = [](int32_t value) {
    const int32_t absolute = std::abs(value);
    std::string text = fmt::format("{}{:02}", value < 0 ? '-' : '+', absolute / 3600);
    if (absolute % 3600) text += fmt::format(":{:02}", absolute / 60 % 60);
    if (absolute % 60) text += fmt::format(":{:02}", absolute % 60);
    return text;
  };
  std::string west = format(-seconds);
  if (seconds == 0) west[0] = '-';
  return fmt::format("<{}>{}", format(seconds), west);
}

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0); }

}  // namespace

struct Zone::Impl {
  absl::TimeZone zone;
};

/// Zones found so far; they are never dropped.
struct ZoneTable {
  std::mutex mu;
  std::map<std::string, std::unique_ptr<Zone>, std::less<>> zones;  // null: known to be unknown

  static ZoneTable& Get() {
    static ZoneTable* table = new ZoneTable;
    return *table;
  }
  static std::unique_ptr<Zone> MakeFixed(std::string name, int32_t seconds) {
    std::unique_ptr<Zone> zone(new Zone);
    zone->name_ = std::move(name);
    zone->fixed_offset_ = seconds;
    return zone;
  }
  static std::unique_ptr<Zone> Load(std::string_view name);
};

std::unique_ptr<Zone> ZoneTable::Load(std::string_view name) {
  const std::string lower = Lower(name);
  if (lower == "utc" || lower == "gmt" || lower == "zulu") {
    return MakeFixed(Upper(lower), 0);
  }
  if (name.empty() || name.size() > 64) return nullptr;
  // Names that would lead outside the zone files.
  if (name[0] == '/' || name[0] == '.' || name[0] == ':' ||
      name.find("..") != std::string_view::npos || lower.starts_with("fixed/") ||
      lower == "localtime" || name.find('\0') != std::string_view::npos) {
    return nullptr;
  }
  for (const std::string& candidate : {std::string(name), Capitalize(lower), Upper(lower)}) {
    absl::TimeZone loaded;
    if (absl::LoadTimeZone(candidate, &loaded)) {
      std::unique_ptr<Zone> zone(new Zone);
      zone->name_ = candidate;
      zone->is_fixed_ = false;
      zone->impl_ = new Zone::Impl{loaded};
      return zone;
    }
  }
  int32_t seconds;
  if (Zone::FindAbbreviation(lower, &seconds)) return MakeFixed(Upper(lower), seconds);
  std::string abbreviation;
  if (ParsePosix(name, &abbreviation, &seconds)) return MakeFixed(Upper(lower), seconds);
  return nullptr;
}

const Zone* Zone::Find(std::string_view name) {
  ZoneTable& table = ZoneTable::Get();
  const std::lock_guard lock(table.mu);
  const auto found = table.zones.find(name);
  if (found != table.zones.end()) return found->second.get();
  std::unique_ptr<Zone> zone = ZoneTable::Load(name);
  // Unknown names are not kept: there is no end of them.
  if (!zone) return nullptr;
  return (table.zones[std::string(name)] = std::move(zone)).get();
}

const Zone* Zone::FindSetting(std::string_view name) {
  // Asked for every row: the same setting as the last time on this thread needs no search.
  thread_local std::string last_name;
  thread_local const Zone* last = nullptr;
  if (last && last_name == name) return last;
  char* end = nullptr;
  const std::string text(name);
  const double hours = std::strtod(text.c_str(), &end);
  if (end != text.c_str() && *end == '\0') {
    last =
        std::fabs(hours) <= 167 ? Fixed(static_cast<int32_t>(std::lround(hours * 3600))) : nullptr;
  } else {
    last = Find(name);
    int32_t seconds;
    const std::string lower = Lower(name);
    const bool is_name = lower == "utc" || lower == "gmt" || lower == "zulu";
    if (last && last->is_fixed_ && !is_name && FindAbbreviation(lower, &seconds)) last = nullptr;
  }
  last_name = name;
  return last;
}

bool Zone::FindAbbreviation(std::string_view lower_case, int32_t* offset_seconds) {
  for (const Abbreviation& abbreviation : kAbbreviations) {
    if (abbreviation.name == lower_case) {
      *offset_seconds = abbreviation.seconds;
      return true;
    }
  }
  return false;
}

const Zone* Zone::Fixed(int32_t offset_seconds) {
  ZoneTable& table = ZoneTable::Get();
  const std::lock_guard lock(table.mu);
  auto& zone = table.zones["/" + std::to_string(offset_seconds)];
  if (!zone) zone = ZoneTable::MakeFixed(OffsetName(offset_seconds), offset_seconds);
  return zone.get();
}

const Zone* Zone::Utc() {
  static const Zone* utc = Find("UTC");
  return utc;
}

int32_t Zone::OffsetAt(int64_t micros, std::string* abbreviation, bool* is_dst) const {
  if (is_fixed_) {
    if (abbreviation) {
      *abbreviation = name_.substr(0, name_.find_first_of("+-0123456789"));
      if (name_.starts_with('<')) *abbreviation = name_.substr(1, name_.find('>') - 1);
    }
    if (is_dst) *is_dst = false;
    return fixed_offset_;
  }
  const int64_t seconds = FloorDiv(micros, 1'000'000) + kEpochSeconds;
  const auto info = impl_->zone.At(absl::FromUnixSeconds(seconds));
  if (abbreviation) *abbreviation = info.zone_abbr;
  if (is_dst) *is_dst = info.is_dst;
  return info.offset;
}

int32_t Zone::OffsetForLocal(int64_t local_micros) const {
  if (is_fixed_) return fixed_offset_;
  const int64_t seconds = FloorDiv(local_micros, 1'000'000);
  const absl::CivilSecond civil = absl::CivilSecond(2000, 1, 1, 0, 0, 0) + seconds;
  const auto info = impl_->zone.At(civil);
  const absl::Time instant = info.kind == absl::TimeZone::TimeInfo::REPEATED ? info.post : info.pre;
  return static_cast<int32_t>(seconds + kEpochSeconds - absl::ToUnixSeconds(instant));
}

}  // namespace oxibase
