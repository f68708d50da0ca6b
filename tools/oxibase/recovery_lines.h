#pragma once

#include <functional>

#include "engine/database.h"

namespace oxibase {

/// What DatabaseOptions::on_recovery may be for a program with a terminal or a log: lines on stderr
/// that say how far recovery is, at most one a second and none in the first.
std::function<void(const RecoveryProgress&)> RecoveryLines();

}  // namespace oxibase
