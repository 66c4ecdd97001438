// JSON both ways for every described struct.
#include <nlohmann/json.hpp>

#include "probe/fact_table.h"
#include "probe/snapshot.h"

namespace diffcheck {
namespace {

/// More than any machine holds. Pairs of GPUs are looked at, so that the time grows with the square.
constexpr std::size_t k_most_gpus = 256;

using Json = nlohmann::ordered_json;

struct ToJson {
  Json operator()(Bytes value) const { return value.count; }
  Json operator()(const Version& value) const { return value.text(); }
  Json operator()(const ComputeCapability& value) const { return to_string(value); }
  Json operator()(const auto& value) const { return value; }
};

template <class T>
Json fact_to_json(const Fact<T>& fact, bool plain) {
  Json value = fact.is_known() ? ToJson{}(fact.value()) : Json(nullptr);
  if (plain) return fact.is_unknown() ? Json{{"unknown", fact.why()}} : value;
  if (fact.is_unknown()) return Json{{"unknown", fact.why()}, {"source", fact.source()}};
  return Json{{"value", std::move(value)}, {"source", fact.source()}};
}

template <class Member>
Json member_to_json(const Member& member, bool plain) {
  if constexpr (is_fact<Member>::value) {
    return fact_to_json(member, plain);
  } else if constexpr (is_list<Member>::value) {
    Json list = Json::array();
    for (const auto& item : member) list.push_back(member_to_json(item, plain));
    return list;
  } else if constexpr (is_dictionary<Member>::value) {
    Json object = Json::object();
    for (const auto& [key, item] : member) object[key] = member_to_json(item, plain);
    return object;
  } else {
    Json object = Json::object();
    Member::describe(member, [&](const char* name, const auto& inner, const char*) {
      if constexpr (is_fact<std::remove_cvref_t<decltype(inner)>>::value) {
        if (inner.is_unset()) return;
      }
      object[name] = member_to_json(inner, plain);
    });
    return object;
  }
}

/// Reads JSON into described structs; keeps the first error.
class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  const std::optional<Error>& error() const { return error_; }

  template <class Member>
  void read(const Json& json, Member& member, const std::string& path) {
    if (error_) return;
    if constexpr (is_fact<Member>::value) {
      read_fact(json, member, path);
    } else if constexpr (is_list<Member>::value) {
      read_list(json, member, path);
    } else if constexpr (is_dictionary<Member>::value) {
      if (!json.is_object()) return fail(path, "expected an object");
      for (const auto& [key, item] : json.items()) read(item, member[key], path + "." + key);
    } else {
      read_struct(json, member, path);
    }
  }

  void fail(const std::string& path, const std::string& what) {
    if (!error_) error_ = Error{Error::Kind::invalid, file_ + (path.empty() ? "" : ":" + path), what};
  }

 private:
  static constexpr std::size_t k_longest_list = 65'536;

  template <class Item>
  void read_list(const Json& json, std::vector<Item>& list, const std::string& path) {
    if (!json.is_array()) return fail(path, "expected a list");
    if (json.size() > k_longest_list) return fail(path, "list is too long");
    for (const Json& item : json) {
      list.emplace_back();
      read(item, list.back(), path + "." + std::to_string(list.size() - 1));
    }
  }

  template <class Struct>
  void read_struct(const Json& json, Struct& target, const std::string& path) {
    if (!json.is_object()) return fail(path, "expected an object");
    std::size_t used = 0;
    Struct::describe(target, [&](const char* name, auto& member, const char*) {
      const auto found = json.find(name);
      if (found == json.end()) return;
      ++used;
      read(*found, member, path.empty() ? name : path + "." + name);
    });
    if (error_ || used == json.size()) return;
    for (const auto& item : json.items()) {
      const std::string& key = item.key();
      bool known_key = path.empty() && (key == "schema" || key == "diffcheck");
      Struct::describe(target, [&](const char* name, auto&, const char*) { known_key = known_key || key == name; });
      if (!known_key) return fail(path.empty() ? key : path + "." + key, "no such fact in a snapshot");
    }
  }

  template <class T>
  void read_fact(const Json& json, Fact<T>& fact, const std::string& path) {
    if (!json.is_object())
      return fail(path, "expected {\"value\": ..., \"source\": ...} or {\"unknown\": ..., \"source\": ...}");
    const auto text = [&](const char* key) -> std::string {
      const auto found = json.find(key);
      if (found == json.end()) return {};
      if (!found->is_string()) fail(path + "." + key, "expected text");
      return found->is_string() ? found->get<std::string>() : std::string();
    };
    const std::string source = text("source");
    if (json.contains("unknown")) {
      fact = Fact<T>::unknown(source, text("unknown"));
      return;
    }
    const auto value = json.find("value");
    if (value == json.end()) return fail(path, "has neither \"value\" nor \"unknown\"");
    if (value->is_null()) {
      fact = Fact<T>::absent(source);
      return;
    }
    if (auto typed = typed_value<T>(*value)) {
      fact = Fact<T>::known(*std::move(typed), source);
    } else {
      fail(path + ".value", "expected " + std::string(name_of(value_type_of<T>())) + ", got " + value->dump());
    }
  }

  template <class T>
  static std::optional<T> typed_value(const Json& json) {
    if constexpr (std::is_same_v<T, Version> || std::is_same_v<T, ComputeCapability>) {
      return json.is_string() ? T::parse(json.template get<std::string>()) : std::nullopt;
    } else if constexpr (std::is_same_v<T, bool>) {
      return json.is_boolean() ? std::optional<T>(json.template get<bool>()) : std::nullopt;
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
      return json.is_number_integer() ? std::optional<T>(json.template get<std::int64_t>()) : std::nullopt;
    } else if constexpr (std::is_same_v<T, Bytes>) {
      return json.is_number_integer() ? std::optional<T>(Bytes{json.template get<std::int64_t>()}) : std::nullopt;
    } else if constexpr (std::is_same_v<T, double>) {
      return json.is_number() ? std::optional<T>(json.template get<double>()) : std::nullopt;
    } else if constexpr (std::is_same_v<T, std::string>) {
      return json.is_string() ? std::optional<T>(json.template get<std::string>()) : std::nullopt;
    } else {
      if (!json.is_array()) return std::nullopt;
      T list;
      for (const Json& item : json) {
        if (!item.is_string()) return std::nullopt;
        list.push_back(item.template get<std::string>());
      }
      return list;
    }
  }

  std::string file_;
  std::optional<Error> error_;
};

}  // namespace

std::string snapshot_to_json(const Snapshot& snapshot, bool plain) {
  Json json = Json::object();
  json["schema"] = Snapshot::schema;
  json["diffcheck"] = DIFFCHECK_VERSION;
  json.update(member_to_json(snapshot, plain));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Snapshot> snapshot_from_json(std::string_view text, const std::string& file) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& error) {
    return Error{Error::Kind::unparsable, file + ": byte " + std::to_string(error.byte),
                 "not valid JSON; expected a snapshot written by `diffcheck snapshot`"};
  }
  if (!json.is_object()) return Error{Error::Kind::invalid, file, "expected a snapshot object"};
  const auto schema = json.find("schema");
  if (schema == json.end() || !schema->is_string() || schema->get<std::string>() != Snapshot::schema) {
    return Error{Error::Kind::invalid, file + ":schema",
                 "expected \"" + std::string(Snapshot::schema) + "\", got " +
                     (schema == json.end() ? "nothing" : schema->dump())};
  }
  Reader reader(file);
  Snapshot snapshot;
  reader.read(json, snapshot, "");
  if (reader.error()) return *reader.error();
  if (snapshot.gpus.size() > k_most_gpus)
    return Error{Error::Kind::invalid, file + ":gpus",
                 "expected at most " + std::to_string(k_most_gpus) + " GPUs of one machine, got " +
                     std::to_string(snapshot.gpus.size())};
  return snapshot;
}

}  // namespace diffcheck
