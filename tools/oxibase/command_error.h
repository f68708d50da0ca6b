#pragma once

#include "common/status.h"

namespace oxibase {

/// Prints an error with its detail and hint on stderr, as a sub-command's last words; returns what
/// the sub-command returns to the shell.
int Fail(const Status& status);

}  // namespace oxibase
