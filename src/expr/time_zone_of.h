#pragma once

#include <string>

#include "common/time_zone.h"
#include "expr/eval_context.h"

namespace oxibase {

/// The session's time zone; UTC where there is no session.
inline const Zone& ZoneOf(const EvalContext& context) {
  if (!context.settings) return *Zone::Utc();
  const Zone* zone = Zone::FindSetting(context.settings->time_zone);
  return zone ? *zone : *Zone::Utc();
}

}  // namespace oxibase
