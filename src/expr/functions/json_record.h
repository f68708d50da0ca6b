#pragma once

namespace oxibase {

class FunctionRegistry;

/// json_to_record, json_to_recordset and the same of jsonb.
void RegisterJsonRecord(FunctionRegistry& registry);

}  // namespace oxibase
