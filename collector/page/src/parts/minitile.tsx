// A region in the small map: ten units wide, each state with a sign of its own.
import type { State } from "../types";

const square = (look: string) => <rect class={look} x="0.6" y="0.6" width="8.8" height="8.8" rx="1.6" />;

export const MiniTile = ({ state }: { state: State }) => {
  switch (state) {
    case "OPEN":
      return square("i-open");
    case "PARTIAL":
      return (
        <>
          {square("i-open-soft")}
          <path class="i-open" d="M0.6 8.4V2.2A1.6 1.6 0 0 1 2.2 0.6H8.4z" />
        </>
      );
    case "BLOCKED":
      return (
        <>
          {square("i-blocked")}
          <path class="i-blocked-mark" d="M3.7 3.7l2.600 2.600M6.300 3.7l-2.600 2.600" />
        </>
      );
    case "DISPUTED":
      return (
        <>
          {square("i-void")}
          <path class="i-disputed" d="M1.5 6.500l2-3 3 3 2-3" />
        </>
      );
    case "DOWN":
      return (
        <>
          {square("i-void")}
          <rect class="i-line" x="1.8" y="4.2" width="6.400" height="1.6" />
        </>
      );
    default:
      return (
        <>
          {square("i-void")}
          <circle class="i-dot" cx="5" cy="5" r="1.1" />
        </>
      );
  }
};
