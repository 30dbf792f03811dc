#include "collector/reader_http.h"

#include <google/protobuf/wrappers.pb.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "collector/directory.h"
#include "collector/gzip.h"
#include "collector/notes.h"
#include "collector/past.h"
#include "collector/query.h"
#include "collector/response_cache.h"
#include "collector/timeline_query.h"
#include "common/crypto.h"
#include "common/message.h"
#include "sightline/v1/annotation.pb.h"
#include "sightline/v1/change.pb.h"

namespace sightline {
namespace {

constexpr absl::string_view kPrefix = "/api/v1/";
constexpr size_t kCacheBytes = size_t{4} << 20;
constexpr size_t kTagBytes = 12;        // of a hash
constexpr int64_t kValuesMax = 60'000;  // of a timeline
constexpr size_t kChangesMax = 100;
constexpr size_t kGzipFrom = 512;  // bytes
// For so long the same question gets the same answer.
constexpr absl::Duration kFresh = absl::Milliseconds(250);

int HttpStatus(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kUnavailable:
      return 503;
    default:
      return 500;
  }
}

// A string as JSON has it.
std::string Quoted(absl::string_view text) {
  google::protobuf::StringValue value;
  value.set_value(std::string(text));
  return ToJson(value, /*indent=*/false);
}

HttpResponse ErrorOf(const absl::Status& status) {
  HttpResponse response;
  response.status = HttpStatus(status.code());
  response.content_type = "application/json";
  response.body = absl::StrCat("{\"code\":\"", absl::StatusCodeToString(status.code()),
                               "\",\"message\":", Quoted(status.message()), "}\n");
  return response;
}

class Reader {
 public:
  explicit Reader(const ReaderHttpParts& parts) : parts_(parts) {}

  HttpResponse Answer(const HttpRequest& request) {
    absl::string_view call = request.path;
    if (!absl::ConsumePrefix(&call, kPrefix)) return NoSuchPage();
    const std::string key = absl::StrCat(call, "?", request.query);
    const absl::Time now = parts_.clock.Now();
    MadeBody* made = cache_.Find(key);
    if (made != nullptr && now >= made->checked && now - made->checked < kFresh) {
      return Send(request, *made);
    }
    const std::shared_ptr<const PlanVersion> plan = parts_.plans.Current();
    if (plan == nullptr) {
      return ErrorOf(absl::UnavailableError("the operator has published no plan yet"));
    }
    absl::StatusOr<std::string> json = Json(call, request.query, plan->plan);
    if (!json.ok()) return ErrorOf(json.status());
    if (json->empty()) return NoSuchPage();
    const std::string hash = absl::BytesToHexString(Sha256(*json).substr(0, kTagBytes));
    if (made != nullptr && made->hash == hash) {
      made->checked = now;
      return Send(request, *made);
    }
    MadeBody body = {hash, nullptr, nullptr, now};
    if (json->size() >= kGzipFrom) body.gzip = std::make_shared<const std::string>(Gzip(*json));
    body.plain = std::make_shared<const std::string>(*std::move(json));
    HttpResponse response = Send(request, body);
    cache_.Put(key, std::move(body));
    return response;
  }

 private:
  static HttpResponse NoSuchPage() {
    return ErrorOf(absl::NotFoundError(
        "there are /api/v1/countries, targets, regions, summary, timeline, events, annotations "
        "and changes"));
  }

  // Empty when there is no such call.
  absl::StatusOr<std::string> Json(absl::string_view call, const std::string& query,
                                   const v1::Plan& plan) const {
    if (call == "countries") return Countries(query, plan);
    if (call == "targets") return Targets(query, plan);
    if (call == "regions") return Regions(query, plan);
    if (call == "summary") return Summary(query);
    if (call == "timeline") return Timeline(query, plan);
    if (call == "events") return Events(query, plan);
    if (call == "annotations") return Annotations(query, plan);
    if (call == "changes") return Changes(query, plan);
    return std::string();
  }

  template <typename Response>
  static absl::StatusOr<std::string> JsonOf(const absl::StatusOr<Response>& response) {
    if (!response.ok()) return response.status();
    return ToJson(*response, /*indent=*/false);
  }

  absl::StatusOr<std::string> Countries(const std::string& query, const v1::Plan& plan) const {
    if (!query.empty()) return absl::InvalidArgumentError("countries takes no parameters");
    std::vector<std::string> codes;
    for (const v1::CountryRegions& entry : plan.countries()) {
      codes.push_back(Quoted(entry.country()));
    }
    return absl::StrCat("{\"countries\":[", absl::StrJoin(codes, ","), "]}");
  }

  absl::StatusOr<std::string> Targets(const std::string& query, const v1::Plan& plan) const {
    v1::ListTargetsRequest request;
    if (absl::Status status = ParseQuery(query, &request); !status.ok()) return status;
    return JsonOf(ListTargets(plan, request));
  }

  absl::StatusOr<std::string> Regions(const std::string& query, const v1::Plan& plan) const {
    v1::ListRegionsRequest request;
    if (absl::Status status = ParseQuery(query, &request); !status.ok()) return status;
    return JsonOf(ListRegions(plan, parts_.regions, parts_.translations, request));
  }

  absl::StatusOr<std::string> Summary(const std::string& query) const {
    v1::GetSummaryRequest request;
    if (absl::Status status = ParseQuery(query, &request); !status.ok()) return status;
    if (request.has_time()) {
      return absl::InvalidArgumentError(
          "time: only gRPC's GetSummary knows the past; timeline has it in columns");
    }
    const Board::Summary summary = parts_.board.Get(request.country());
    if (!summary.ok()) return summary.status();
    return JsonOf(SelectTargets(**summary, request));
  }

  absl::StatusOr<std::string> Timeline(const std::string& query, const v1::Plan& plan) const {
    v1::GetTimelineRequest request;
    if (absl::Status status = ParseQuery(query, &request); !status.ok()) return status;
    if (absl::Status status = CheckTimelinePlaces(plan, request); !status.ok()) return status;
    const absl::StatusOr<TimelineRange> range = parts_.chronicle.RangeOf(request);
    if (!range.ok()) return range.status();
    absl::Status size = CheckTimelineSize(plan, request, *range, kValuesMax);
    if (!size.ok()) return size;
    const absl::StatusOr<Chronicle::Reach> reach = parts_.chronicle.ReachOf(request.country());
    if (!reach.ok()) return reach.status();
    if (!reach->has_all && range->start < reach->kept_from) {
      return absl::InvalidArgumentError(
          absl::StrCat("start_time: only gRPC's GetTimeline knows what is before ",
                       absl::FormatTime(absl::RFC3339_sec, reach->kept_from, absl::UTCTimeZone())));
    }
    const absl::StatusOr<v1::GetTimelineResponse> response = parts_.chronicle.Timeline(request);
    if (!response.ok()) return response.status();
    return ToJsonWithNumbers(*response);
  }

  absl::StatusOr<std::string> Events(const std::string& query, const v1::Plan& plan) const {
    v1::ListEventsRequest request;
    if (absl::Status status = ParseQuery(query, &request); !status.ok()) return status;
    if (const auto entry = FindCountry(plan, request.country()); !entry.ok()) {
      return entry.status();
    }
    const absl::StatusOr<Chronicle::Events> events = parts_.chronicle.EventsOf(request.country());
    if (!events.ok()) return events.status();
    return JsonOf(SelectEvents(**events, plan, request));
  }

  absl::StatusOr<std::string> Annotations(const std::string& query, const v1::Plan& plan) const {
    v1::ListAnnotationsRequest request;
    if (absl::Status status = ParseQuery(query, &request); !status.ok()) return status;
    if (const auto entry = FindCountry(plan, request.country()); !entry.ok()) {
      return entry.status();
    }
    const absl::StatusOr<Chronicle::Annotations> notes =
        parts_.chronicle.AnnotationsOf(request.country());
    if (!notes.ok()) return notes.status();
    return JsonOf(SelectAnnotations(**notes, request));
  }

  // The newest ones, oldest first.
  absl::StatusOr<std::string> Changes(const std::string& query, const v1::Plan& plan) const {
    v1::WatchSummariesRequest request;
    if (absl::Status status = ParseQuery(query, &request); !status.ok()) return status;
    if (!request.resume_token().empty()) {
      return absl::InvalidArgumentError(
          "resume_token: only gRPC's WatchSummaries goes on from one; here are the newest changes");
    }
    if (const auto entry = FindCountry(plan, request.country()); !entry.ok()) {
      return entry.status();
    }
    absl::StatusOr<std::vector<v1::Change>> changes =
        parts_.chronicle.NewestChanges(request.country(), kChangesMax);
    if (!changes.ok()) return changes.status();
    std::vector<std::string> json;
    for (const v1::Change& change : *changes) {
      const auto& wanted = request.target_ids();
      const bool is_wanted = wanted.empty() || std::find(wanted.begin(), wanted.end(),
                                                         change.target_id()) != wanted.end();
      if (is_wanted) json.push_back(ToJson(change, /*indent=*/false));
    }
    return absl::StrCat("{\"changes\":[", absl::StrJoin(json, ","), "]}");
  }

  static HttpResponse Send(const HttpRequest& request, const MadeBody& body) {
    HttpResponse response;
    response.content_type = "application/json";
    response.headers = {{"Cache-Control", "no-cache"},
                        {"ETag", absl::StrCat("\"", body.hash, "\"")},
                        {"Vary", "Accept-Encoding"}};
    if (HasTag(request, body.hash)) {
      response.status = 304;
      response.content_type.clear();
    } else if (body.gzip != nullptr && TakesGzip(request)) {
      response.headers.emplace_back("Content-Encoding", "gzip");
      response.shared_body = body.gzip;
    } else {
      response.shared_body = body.plain;
    }
    return response;
  }

  const ReaderHttpParts parts_;
  ResponseCache cache_{kCacheBytes};
};

}  // namespace

HttpHandler ReaderHttpHandler(const ReaderHttpParts& parts) {
  // HttpHandler can be copied; there is one Reader all the same.
  return [reader = std::make_shared<Reader>(parts)](const HttpRequest& request) {
    return reader->Answer(request);
  };
}

}  // namespace sightline
