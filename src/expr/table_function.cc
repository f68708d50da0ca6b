#include "expr/table_function.h"

namespace oxibase {

void StartBatch(Batch& out, std::span<const Type> types) {
  bool same = out.columns.size() == types.size();
  for (size_t i = 0; same && i < types.size(); ++i) {
    same = out.columns[i].physical() == PhysicalTypeOf(types[i]);
  }
  if (!same) {
    out.columns.clear();
    for (const Type type : types) out.columns.emplace_back(type);
  }
  for (size_t i = 0; i < types.size(); ++i) {
    out.columns[i].set_type(types[i]);
    out.columns[i].ResetFlat(kVectorSize);
  }
  out.size = 0;
}

Status RowsOfValues::Next(EvalContext&, Batch& out) {
  StartBatch(out, types_);
  const size_t total = columns_.empty() ? 0 : columns_[0].size();
  while (next_ < total && out.size < kVectorSize) {
    for (size_t c = 0; c < columns_.size(); ++c)
      out.columns[c].SetValue(out.size, columns_[c][next_]);
    ++out.size;
    ++next_;
  }
  return {};
}

std::vector<Type> OutTypes(const CallSite& site) {
  std::vector<Type> types;
  for (const OutColumn& column : site.function->out_columns) {
    types.push_back(IsPolymorphic(column.type) ? site.result : Type(column.type));
  }
  if (types.empty()) types.push_back(site.result);
  return types;
}

}  // namespace oxibase
