#include "backend.h"

namespace oxibase::slt {

std::unique_ptr<Backend> OpenEmbedded(bool, std::string& error) {
  error = "this runner was built without the engine";
  return nullptr;
}

}  // namespace oxibase::slt
