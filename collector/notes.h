// Dated notes: what the operator writes down, and what readers get.
#ifndef SIGHTLINE_COLLECTOR_NOTES_H_
#define SIGHTLINE_COLLECTOR_NOTES_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "collector/store/store.h"
#include "sightline/v1/admin.pb.h"
#include "sightline/v1/annotation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline {

inline constexpr size_t kNoteCharactersMax = 500;

// As it is stored.
AnnotationRecord ToRecord(const v1::Annotation& annotation);

// Stores the note of the operator as said at `now`, under a name that no other has; returns it.
// Waits for the store. INVALID_ARGUMENT names the field; NOT_FOUND: the plan does not have that
// country or target.
absl::StatusOr<v1::Annotation> CreateAnnotation(Store& store, const v1::Plan& plan,
                                                const v1::CreateAnnotationRequest& request,
                                                absl::Time now);

// Waits for the store. NOT_FOUND: there is no such note.
absl::Status DeleteAnnotation(Store& store, const v1::DeleteAnnotationRequest& request);

// Waits for the store. INVALID_ARGUMENT names the field; NOT_FOUND: no such country.
absl::StatusOr<v1::ListAnnotationsResponse> ListAnnotations(
    Store& store, const v1::Plan& plan, const v1::ListAnnotationsRequest& request);

// The same from `notes` of that country, whichever they are. Pure.
absl::StatusOr<v1::ListAnnotationsResponse> SelectAnnotations(
    absl::Span<const v1::Annotation> notes, const v1::ListAnnotationsRequest& request);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_NOTES_H_
