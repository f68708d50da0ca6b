#include "common/jsonb.h"

#include <algorithm>

#include "common/hash.h"

namespace oxibase {
namespace {

/// jsonb's order of keys: the shorter first, then by bytes.
int CompareKeys(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

void AppendWord(uint32_t word, std::string* out) {
  out->append(reinterpret_cast<const char*>(&word), 4);
}

int KindRank(JsonKind kind) {
  switch (kind) {
    case JsonKind::kNull:
      return 0;
    case JsonKind::kString:
      return 1;
    case JsonKind::kNumber:
      return 2;
    case JsonKind::kFalse:
    case JsonKind::kTrue:
      return 3;
    case JsonKind::kArray:
      return 4;
    case JsonKind::kObject:
      return 5;
  }
  return 0;
}

int CompareNodes(JsonbView a, JsonbView b) {
  const int a_rank = KindRank(a.kind());
  const int b_rank = KindRank(b.kind());
  if (a_rank != b_rank) return a_rank < b_rank ? -1 : 1;
  switch (a.kind()) {
    case JsonKind::kNull:
      return 0;
    case JsonKind::kFalse:
    case JsonKind::kTrue:
      return static_cast<int>(a.kind()) - static_cast<int>(b.kind());
    case JsonKind::kString:
      return a.content().compare(b.content());
    case JsonKind::kNumber:
      return Numeric::Compare(a.number(), b.number());
    case JsonKind::kArray:
      if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
      for (uint32_t i = 0; i < a.size(); ++i) {
        if (int order = CompareNodes(a.element(i), b.element(i))) return order;
      }
      return 0;
    case JsonKind::kObject:
      if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
      for (uint32_t i = 0; i < a.size(); ++i) {
        if (int order = a.key(i).compare(b.key(i))) return order;
        if (int order = CompareNodes(a.value(i), b.value(i))) return order;
      }
      return 0;
  }
  return 0;
}

bool ContainsNode(JsonbView a, JsonbView b) {
  if (a.is_object()) {
    if (!b.is_object() || a.size() < b.size()) return false;
    for (uint32_t i = 0; i < b.size(); ++i) {
      const auto found = a.Find(b.key(i));
      if (!found) return false;
      const JsonbView wanted = b.value(i);
      if (found->is_scalar() ? !wanted.is_scalar() || CompareNodes(*found, wanted) != 0
                             : !ContainsNode(*found, wanted)) {
        return false;
      }
    }
    return true;
  }
  if (!a.is_array() || !b.is_array()) return false;
  for (uint32_t i = 0; i < b.size(); ++i) {
    const JsonbView wanted = b.element(i);
    bool found = false;
    for (uint32_t j = 0; j < a.size() && !found; ++j) {
      const JsonbView element = a.element(j);
      found = wanted.is_scalar() ? element.is_scalar() && CompareNodes(element, wanted) == 0
                                 : ContainsNode(element, wanted);
    }
    if (!found) return false;
  }
  return true;
}

}  // namespace

JsonbView JsonbView::element(uint32_t i) const {
  const uint32_t count = size();
  const uint32_t begin = i == 0 ? 0 : Word(i);
  return JsonbView(bytes_.substr(5 + size_t{4} * count + begin, Word(i + 1) - begin));
}

std::string_view JsonbView::key(uint32_t i) const {
  const uint32_t count = size();
  const uint32_t begin = i == 0 ? 0 : Word(i);
  return bytes_.substr(5 + size_t{8} * count + begin, Word(i + 1) - begin);
}

JsonbView JsonbView::value(uint32_t i) const {
  const uint32_t count = size();
  const uint32_t keys_end = Word(count);
  const uint32_t begin = i == 0 ? 0 : Word(count + i);
  return JsonbView(
      bytes_.substr(5 + size_t{8} * count + keys_end + begin, Word(count + i + 1) - begin));
}

int64_t JsonbView::FindIndex(std::string_view wanted) const {
  uint32_t low = 0;
  uint32_t high = size();
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    const int order = CompareKeys(key(middle), wanted);
    if (order == 0) return middle;
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return -1;
}

std::optional<JsonbView> JsonbView::Find(std::string_view wanted) const {
  const int64_t i = FindIndex(wanted);
  if (i < 0) return std::nullopt;
  return value(static_cast<uint32_t>(i));
}

void JsonbBuilder::Added(uint32_t begin) {
  const auto end = static_cast<uint32_t>(buffer_.size());
  if (open_.empty()) return;
  if (open_.back().kind == JsonKind::kObject) {
    items_.back().value_begin = begin;
    items_.back().value_end = end;
  } else {
    items_.push_back({0, 0, begin, end});
  }
}

void JsonbBuilder::Scalar(JsonKind kind, std::string_view content) {
  const auto begin = static_cast<uint32_t>(buffer_.size());
  buffer_.push_back(static_cast<char>(kind));
  buffer_.append(content);
  Added(begin);
}

void JsonbBuilder::Number(const Numeric& number) {
  if (!number.is_finite()) {
    String(number.ToText());
    return;
  }
  const auto begin = static_cast<uint32_t>(buffer_.size());
  buffer_.push_back(static_cast<char>(JsonKind::kNumber));
  number.AppendBytes(&buffer_);
  Added(begin);
}

void JsonbBuilder::Node(JsonbView node) {
  const auto begin = static_cast<uint32_t>(buffer_.size());
  buffer_.append(node.bytes());
  Added(begin);
}

void JsonbBuilder::Begin(JsonKind kind) {
  open_.push_back({kind, static_cast<uint32_t>(buffer_.size()), static_cast<uint32_t>(keys_.size()),
                   static_cast<uint32_t>(items_.size())});
}

void JsonbBuilder::Key(std::string_view key) {
  Item item;
  item.key_begin = static_cast<uint32_t>(keys_.size());
  keys_.append(key);
  item.key_end = static_cast<uint32_t>(keys_.size());
  items_.push_back(item);
}

void JsonbBuilder::EndArray() {
  const Container array = open_.back();
  open_.pop_back();
  scratch_.clear();
  scratch_.push_back(static_cast<char>(JsonKind::kArray));
  AppendWord(static_cast<uint32_t>(items_.size()) - array.items_begin, &scratch_);
  for (size_t i = array.items_begin; i < items_.size(); ++i) {
    AppendWord(items_[i].value_end - array.buffer_begin, &scratch_);
  }
  buffer_.insert(array.buffer_begin, scratch_);
  items_.resize(array.items_begin);
  Added(array.buffer_begin);
}

void JsonbBuilder::EndObject() {
  const Container object = open_.back();
  open_.pop_back();
  const auto first = items_.begin() + object.items_begin;
  const auto key_of = [this](const Item& item) {
    return std::string_view(keys_).substr(item.key_begin, item.key_end - item.key_begin);
  };
  // Stable, so that of equal keys the last written comes last; that one is kept.
  std::stable_sort(first, items_.end(), [&](const Item& a, const Item& b) {
    return CompareKeys(key_of(a), key_of(b)) < 0;
  });
  auto kept = first;
  for (auto it = first; it != items_.end(); ++it) {
    if (it + 1 != items_.end() && key_of(*it) == key_of(*(it + 1))) continue;
    *kept++ = *it;
  }
  items_.erase(kept, items_.end());
  scratch_.clear();
  scratch_.push_back(static_cast<char>(JsonKind::kObject));
  AppendWord(static_cast<uint32_t>(items_.size()) - object.items_begin, &scratch_);
  uint32_t end = 0;
  for (size_t i = object.items_begin; i < items_.size(); ++i) {
    end += items_[i].key_end - items_[i].key_begin;
    AppendWord(end, &scratch_);
  }
  end = 0;
  for (size_t i = object.items_begin; i < items_.size(); ++i) {
    end += items_[i].value_end - items_[i].value_begin;
    AppendWord(end, &scratch_);
  }
  for (size_t i = object.items_begin; i < items_.size(); ++i) scratch_.append(key_of(items_[i]));
  for (size_t i = object.items_begin; i < items_.size(); ++i) {
    const Item& item = items_[i];
    scratch_.append(buffer_, item.value_begin, item.value_end - item.value_begin);
  }
  buffer_.resize(object.buffer_begin);
  buffer_.append(scratch_);
  items_.resize(object.items_begin);
  keys_.resize(object.keys_begin);
  Added(object.buffer_begin);
}

std::string JsonbBuilder::Finish() {
  OXI_DCHECK(open_.empty());
  std::string result = std::move(buffer_);
  buffer_.clear();
  return result;
}

int CompareJsonb(JsonbView a, JsonbView b) {
  // PostgreSQL's oddity: an outermost empty array is less than any scalar.
  const bool a_empty = a.is_array() && a.size() == 0;
  const bool b_empty = b.is_array() && b.size() == 0;
  if (a_empty && b.is_scalar()) return -1;
  if (b_empty && a.is_scalar()) return 1;
  return CompareNodes(a, b);
}

uint64_t HashJsonb(JsonbView node) {
  switch (node.kind()) {
    case JsonKind::kNumber:
      return node.number().Hash();
    case JsonKind::kArray: {
      uint64_t hash = 5 + node.size();
      for (uint32_t i = 0; i < node.size(); ++i) hash = MixHash(hash, HashJsonb(node.element(i)));
      return hash;
    }
    case JsonKind::kObject: {
      uint64_t hash = 6 + node.size();
      for (uint32_t i = 0; i < node.size(); ++i) {
        hash = MixHash(MixHash(hash, HashBytes(node.key(i))), HashJsonb(node.value(i)));
      }
      return hash;
    }
    default:
      return HashBytes(node.bytes());
  }
}

bool JsonbContains(JsonbView a, JsonbView b) {
  if (b.is_scalar()) {
    if (a.is_scalar()) return CompareNodes(a, b) == 0;
    if (!a.is_array()) return false;
    for (uint32_t i = 0; i < a.size(); ++i) {
      const JsonbView element = a.element(i);
      if (element.is_scalar() && CompareNodes(element, b) == 0) return true;
    }
    return false;
  }
  return ContainsNode(a, b);
}

bool JsonbExists(JsonbView node, std::string_view key) {
  switch (node.kind()) {
    case JsonKind::kObject:
      return node.FindIndex(key) >= 0;
    case JsonKind::kArray:
      for (uint32_t i = 0; i < node.size(); ++i) {
        const JsonbView element = node.element(i);
        if (element.kind() == JsonKind::kString && element.content() == key) return true;
      }
      return false;
    case JsonKind::kString:
      return node.content() == key;
    default:
      return false;
  }
}

}  // namespace oxibase
