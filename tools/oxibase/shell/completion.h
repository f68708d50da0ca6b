#pragma once

#include <string>
#include <string_view>

#include "engine/session.h"
#include "line_editor.h"

namespace oxibase {

/// What could stand at the end of `text`: the lines of an unfinished statement, or of a backslash
/// command, up to the cursor.
Completion CompleteText(Session& session, std::string_view text);

}  // namespace oxibase
