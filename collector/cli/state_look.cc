#include "collector/cli/state_look.h"

namespace sightline::cli {

StateLook LookOf(v1::AccessState state) {
  switch (state) {
    case v1::ACCESS_STATE_OPEN:
      return {"●", "+", Tone::kGood};
    case v1::ACCESS_STATE_BLOCKED:
      return {"✗", "x", Tone::kBad};
    case v1::ACCESS_STATE_PARTIAL:
      return {"◐", "~", Tone::kMixed};
    case v1::ACCESS_STATE_DOWN:
      return {"▽", "!", Tone::kWarning};
    case v1::ACCESS_STATE_DISPUTED:
      return {"≠", "#", Tone::kWarning};
    default:
      return {"?", "?", Tone::kFaint};
  }
}

Tone ToneOf(v1::Scope scope) {
  switch (scope) {
    case v1::SCOPE_NOWHERE:
      return Tone::kBad;
    case v1::SCOPE_WIDESPREAD:
      return Tone::kGood;
    case v1::SCOPE_UNDETERMINED:
    case v1::SCOPE_UNSPECIFIED:
      return Tone::kFaint;
    default:
      return Tone::kMixed;
  }
}

}  // namespace sightline::cli
