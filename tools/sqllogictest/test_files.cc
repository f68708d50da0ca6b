#include "test_files.h"

#include <algorithm>
#include <filesystem>

namespace oxibase::slt {

std::vector<std::string> FilesUnder(const std::vector<std::string>& paths,
                                    std::string_view extension, const std::string& part) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (entry.path().extension() == extension) files.push_back(entry.path().string());
    }
  }
  std::erase_if(files, [&](const std::string& f) { return f.find(part) == std::string::npos; });
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace oxibase::slt
