#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace oxibase::slt {

/// `paths` themselves and, for those that are folders, the files below them that end in
/// `extension` (".test"); of these the ones with `part` in their path, sorted.
std::vector<std::string> FilesUnder(const std::vector<std::string>& paths,
                                    std::string_view extension, const std::string& part);

}  // namespace oxibase::slt
