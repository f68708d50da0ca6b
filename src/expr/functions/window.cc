// Window functions: entries only, the window operator computes them.

#include "expr/function_registry.h"

namespace oxibase {

void RegisterWindow(FunctionRegistry& r) {
  using Id = WindowFunctionId;
  r.Window("row_number()", Id::kRowNumber);
  r.Window("rank()", Id::kRank);
  r.Window("dense_rank()", Id::kDenseRank);
  r.Window("percent_rank()", Id::kPercentRank);
  r.Window("cume_dist()", Id::kCumeDist);
  r.Window("ntile(int4)", Id::kNtile);
  r.Window("lag(anyelement)", Id::kLag);
  r.Window("lag(anyelement,int4)", Id::kLag);
  r.Window("lag(anycompatible,int4,anycompatible)", Id::kLag);
  r.Window("lead(anyelement)", Id::kLead);
  r.Window("lead(anyelement,int4)", Id::kLead);
  r.Window("lead(anycompatible,int4,anycompatible)", Id::kLead);
  r.Window("first_value(anyelement)", Id::kFirstValue);
  r.Window("last_value(anyelement)", Id::kLastValue);
  r.Window("nth_value(anyelement,int4)", Id::kNthValue);
}

}  // namespace oxibase
