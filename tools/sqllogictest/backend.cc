#include "backend.h"

namespace oxibase::slt {

bool IsNamed(const BackendOptions& options, const std::string& word) {
  switch (options.kind) {
    case BackendKind::kEmbedded:
      return (options.freeze && word == "freeze") || word == "embedded" || word == "oxibase";
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
      return OpenEmbedded(options.freeze, error);
    case BackendKind::kWire:
      return OpenWire(options.program, error);
    case BackendKind::kPostgres:
      return OpenPostgres(options.conninfo, error);
  }
  return nullptr;
}

}  // namespace oxibase::slt
