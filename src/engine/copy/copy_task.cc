#include "engine/session_impl.h"

namespace oxibase {

Result<std::unique_ptr<CopyTask>> MakeCopyTask(SessionImpl&, const ast::CopyStmt&) {
  return Error(ErrorCode::kFeatureNotSupported, "COPY is not supported yet");
}

}  // namespace oxibase
