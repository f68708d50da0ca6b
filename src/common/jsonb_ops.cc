// Reading from and changing jsonb by keys, positions and paths.
#include <algorithm>
#include <charconv>
#include <climits>

#include "common/jsonb.h"

namespace oxibase {
namespace {

enum PathOp : uint8_t {
  kDelete = 1,
  kReplace = 2,
  kCreate = 4,
  kInsertBefore = 8,
  kInsertAfter = 16,
  kCreateOrInsert = kCreate | kInsertBefore | kInsertAfter,
};

Status Invalid(std::string_view text) {
  return Error(ErrorCode::kInvalidParameterValue, "{}", text);
}

/// One walk along `path` through a document that is copied to `out` with a change at its end.
struct PathEdit {
  const std::vector<std::string_view>& path;
  JsonbView value;
  uint8_t op;
  JsonbBuilder out;

  Status Walk(JsonbView node, size_t level) {
    if (node.is_object()) return WalkObject(node, level);
    if (node.is_array()) return WalkArray(node, level);
    out.Node(node);
    return {};
  }

  Status WalkObject(JsonbView node, size_t level) {
    const bool last = level + 1 == path.size();
    const std::string_view key = path[level];
    const bool found = node.FindIndex(key) >= 0;
    out.BeginObject();
    for (uint32_t i = 0; i < node.size(); ++i) {
      if (node.key(i) != key) {
        out.Key(node.key(i));
        out.Node(node.value(i));
        continue;
      }
      if (!last) {
        out.Key(key);
        RETURN_IF_ERROR(Walk(node.value(i), level + 1));
        continue;
      }
      if (op & (kInsertBefore | kInsertAfter)) {
        return Invalid("cannot replace existing key")
            .Hint("Try using the function jsonb_set to replace key value.");
      }
      if (op == kDelete) continue;
      out.Key(key);
      out.Node(value);
    }
    if (!found && last && (op & kCreateOrInsert)) {
      out.Key(key);
      out.Node(value);
    }
    out.EndObject();
    return {};
  }

  Status WalkArray(JsonbView node, size_t level) {
    const bool last = level + 1 == path.size();
    const auto count = static_cast<int64_t>(node.size());
    const std::string_view step = path[level];
    int32_t parsed;
    const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), parsed);
    if (error != std::errc() || end != step.data() + step.size()) {
      return Error(ErrorCode::kInvalidTextRepresentation,
                   "path element at position {} is not an integer: \"{}\"", level + 1, step);
    }
    int64_t index = parsed;
    if (index < 0) index = -index > count ? INT_MIN : index + count;
    index = std::min(index, count);
    bool done = false;
    out.BeginArray();
    if ((index == INT_MIN || count == 0) && last && (op & kCreateOrInsert)) {
      out.Node(value);
      done = true;
    }
    for (int64_t i = 0; i < count; ++i) {
      const JsonbView element = node.element(static_cast<uint32_t>(i));
      if (i == index) {
        done = true;
        if (!last) {
          RETURN_IF_ERROR(Walk(element, level + 1));
          continue;
        }
        if (op & (kInsertBefore | kCreate)) out.Node(value);
        if (op & (kInsertBefore | kInsertAfter)) out.Node(element);
        if (op & (kInsertAfter | kReplace)) out.Node(value);
        continue;
      }
      out.Node(element);
      if ((op & kCreateOrInsert) && !done && last && i == count - 1) out.Node(value);
    }
    out.EndArray();
    return {};
  }
};

Result<std::string> EditPath(JsonbView node, const std::vector<std::string_view>& path,
                             JsonbView value, uint8_t op) {
  if (node.is_scalar()) {
    return Invalid(op == kDelete ? "cannot delete path in scalar" : "cannot set path in scalar");
  }
  if (path.empty() || (node.size() == 0 && !(op & kCreateOrInsert))) {
    return std::string(node.bytes());
  }
  PathEdit edit{path, value, op, {}};
  RETURN_IF_ERROR(edit.Walk(node, 0));
  return edit.out.Finish();
}

void CopyElements(JsonbView node, JsonbBuilder* out) {
  if (!node.is_array()) {
    out->Node(node);
    return;
  }
  for (uint32_t i = 0; i < node.size(); ++i) out->Node(node.element(i));
}

void CopyMembers(JsonbView object, JsonbBuilder* out) {
  for (uint32_t i = 0; i < object.size(); ++i) {
    out->Key(object.key(i));
    out->Node(object.value(i));
  }
}

void StripNulls(JsonbView node, JsonbBuilder* out) {
  if (node.is_object()) {
    out->BeginObject();
    for (uint32_t i = 0; i < node.size(); ++i) {
      if (node.value(i).kind() == JsonKind::kNull) continue;
      out->Key(node.key(i));
      StripNulls(node.value(i), out);
    }
    out->EndObject();
  } else if (node.is_array()) {
    out->BeginArray();
    for (uint32_t i = 0; i < node.size(); ++i) StripNulls(node.element(i), out);
    out->EndArray();
  } else {
    out->Node(node);
  }
}

}  // namespace

std::optional<JsonbView> JsonbGet(JsonbView node, std::string_view key) {
  if (!node.is_object()) return std::nullopt;
  return node.Find(key);
}

std::optional<JsonbView> JsonbGet(JsonbView node, int64_t index) {
  // A scalar counts as an array of one here, as in PostgreSQL.
  if (node.is_scalar()) {
    if (index == 0 || index == -1) return node;
    return std::nullopt;
  }
  if (!node.is_array()) return std::nullopt;
  if (index < 0) index += node.size();
  if (index < 0 || index >= static_cast<int64_t>(node.size())) return std::nullopt;
  return node.element(static_cast<uint32_t>(index));
}

std::optional<JsonbView> JsonbGetPath(JsonbView node, const std::vector<std::string_view>& path) {
  std::optional<JsonbView> current = node;
  for (const std::string_view step : path) {
    if (current->is_object()) {
      current = current->Find(step);
    } else if (current->is_array()) {
      int32_t index;
      const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
      if (error != std::errc() || end != step.data() + step.size()) return std::nullopt;
      current = JsonbGet(*current, index);
    } else {
      return std::nullopt;
    }
    if (!current) return std::nullopt;
  }
  return current;
}

Result<std::string> JsonbConcat(JsonbView a, JsonbView b) {
  JsonbBuilder out;
  if (a.is_object() && b.is_object()) {
    out.BeginObject();
    CopyMembers(a, &out);
    CopyMembers(b, &out);
    out.EndObject();
    return out.Finish();
  }
  out.BeginArray();
  CopyElements(a, &out);
  CopyElements(b, &out);
  out.EndArray();
  return out.Finish();
}

Result<std::string> JsonbDelete(JsonbView node, const std::vector<std::string_view>& keys) {
  if (node.is_scalar()) return Invalid("cannot delete from scalar");
  const auto is_deleted = [&](std::string_view key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  };
  JsonbBuilder out;
  if (node.is_object()) {
    out.BeginObject();
    for (uint32_t i = 0; i < node.size(); ++i) {
      if (is_deleted(node.key(i))) continue;
      out.Key(node.key(i));
      out.Node(node.value(i));
    }
    out.EndObject();
  } else {
    out.BeginArray();
    for (uint32_t i = 0; i < node.size(); ++i) {
      const JsonbView element = node.element(i);
      if (element.kind() == JsonKind::kString && is_deleted(element.content())) continue;
      out.Node(element);
    }
    out.EndArray();
  }
  return out.Finish();
}

Result<std::string> JsonbDeleteIndex(JsonbView node, int64_t index) {
  if (node.is_scalar()) return Invalid("cannot delete from scalar");
  if (node.is_object()) return Invalid("cannot delete from object using integer index");
  if (index < 0) index += node.size();
  JsonbBuilder out;
  out.BeginArray();
  for (uint32_t i = 0; i < node.size(); ++i) {
    if (i != index) out.Node(node.element(i));
  }
  out.EndArray();
  return out.Finish();
}

Result<std::string> JsonbDeletePath(JsonbView node, const std::vector<std::string_view>& path) {
  return EditPath(node, path, JsonbView(), kDelete);
}

Result<std::string> JsonbSet(JsonbView node, const std::vector<std::string_view>& path,
                             JsonbView value, bool create_missing) {
  return EditPath(node, path, value, create_missing ? kCreate : kReplace);
}

Result<std::string> JsonbInsert(JsonbView node, const std::vector<std::string_view>& path,
                                JsonbView value, bool insert_after) {
  return EditPath(node, path, value, insert_after ? kInsertAfter : kInsertBefore);
}

std::string JsonbStripNulls(JsonbView node) {
  JsonbBuilder out;
  StripNulls(node, &out);
  return out.Finish();
}

}  // namespace oxibase
