#pragma once
// Time zones by PostgreSQL's names, over the system's zone files (package tzdata).

#include <cstdint>
#include <string>
#include <string_view>

namespace oxibase {

/// A zone. Immutable; found zones live as long as the process. Any thread.
class Zone {
 public:
  /// An AT TIME ZONE argument: "Europe/Berlin" in any case, "UTC", an abbreviation ("EST", "CEST"),
  /// POSIX forms whose offsets count west of UTC ("<x>-3", "UTC+3", "-8", "+02:30"). Null when
  /// unknown.
  static const Zone* Find(std::string_view name);
  /// A value of the setting TimeZone: a bare number of hours counts east ("-8"), and abbreviations
  /// are none. Its name() is one too.
  static const Zone* FindSetting(std::string_view name);
  /// An abbreviation as it may stand in a timestamp: its offset east of UTC in seconds.
  static bool FindAbbreviation(std::string_view lower_case, int32_t* offset_seconds);
  /// A fixed offset east of UTC in seconds.
  static const Zone* Fixed(int32_t offset_seconds);
  static const Zone* Utc();

  /// As SHOW timezone prints it.
  const std::string& name() const { return name_; }
  /// Seconds east of UTC at an instant (microseconds since 2000-01-01 UTC); `abbreviation` (may be
  /// null) gets "CET"; `is_dst` may be null.
  int32_t OffsetAt(int64_t micros, std::string* abbreviation = nullptr,
                   bool* is_dst = nullptr) const;
  /// Seconds east of UTC for a wall-clock time (microseconds since 2000-01-01 there). As in
  /// PostgreSQL, a time that a change of clocks skips counts by the rule before, one that it
  /// repeats by the rule after.
  int32_t OffsetForLocal(int64_t local_micros) const;

 private:
  struct Impl;
  friend struct ZoneTable;
  Zone() = default;

  std::string name_;
  bool is_fixed_ = true;
  int32_t fixed_offset_ = 0;
  const Impl* impl_ = nullptr;
};

}  // namespace oxibase
