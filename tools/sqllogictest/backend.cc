#include "backend.h"

namespace oxibase::slt {

bool IsNamed(BackendKind kind, const std::string& word) {
  switch (kind) {
    case BackendKind::kEmbedded:
      return word == "embedded" || word == "oxibase";
    case BackendKind::kWire:
      return word == "wire" || word == "oxibase";
    case BackendKind::kPostgres:
      return word == "postgres" || word == "postgresql";
  }
  return false;
}

std::unique_ptr<Backend> OpenBackend(const BackendOptions& options, std::string& error) {
  switch (options.kind) {
    case BackendKind::kEmbedded:
      return OpenEmbedded(error);
    case BackendKind::kWire:
      return OpenWire(options.program, error);
    case BackendKind::kPostgres:
      return OpenPostgres(options.conninfo, error);
  }
  return nullptr;
}

}  // namespace oxibase::slt
