// The regions of a country as tiles. Small as a picture, large as a choice.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { MiniTile } from "./minitile";
import { GLYPHS, fillOf } from "./patterns";
import { useNameOf, usePage } from "../context";
import { word } from "../i18n/i18n";
import { tileMark, tiles, type Tile } from "../places/places";
import { stateOf, type RegionAccess } from "../types";

const SIZE = 10;

export const MiniMap = ({ regions }: { regions: readonly RegionAccess[] }) => {
  const placed = tiles(regions.map(({ region }) => region));
  const states = new Map(regions.map(({ region, access }) => [region, stateOf(access.state)]));
  const columns = Math.max(0, ...placed.map(({ column }) => column + 1));
  const rows = Math.max(0, ...placed.map(({ row }) => row + 1));
  if (columns === 0) return null;
  return (
    <svg
      class="minimap"
      viewBox={`0 0 ${columns * SIZE} ${rows * SIZE}`}
      aria-hidden="true"
      focusable="false"
    >
      {placed.map(({ code, column, row }) => (
        <g key={code} transform={`translate(${column * SIZE} ${row * SIZE})`}>
          <MiniTile state={states.get(code) ?? "UNKNOWN"} />
        </g>
      ))}
    </svg>
  );
};

// The next tile in a direction: the nearest one ahead, straight ones first.
const neighbour = (placed: readonly Tile[], from: Tile, key: string): Tile | null => {
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key] ?? [
    0, 0,
  ];
  if (dx === 0 && dy === 0) return null;
  let best: Tile | null = null;
  let least = Infinity;
  for (const tile of placed) {
    const ahead = (tile.column - from.column) * dx! + (tile.row - from.row) * dy!;
    const aside = Math.abs((tile.column - from.column) * dy!) + Math.abs((tile.row - from.row) * dx!);
    if (ahead <= 0 || ahead + 3 * aside >= least) continue;
    least = ahead + 3 * aside;
    best = tile;
  }
  return best;
};

interface TileMapProps {
  regions: readonly RegionAccess[];
  chosen: string | null;
  onChoose: (region: string) => void;
}

export const TileMap = ({ regions, chosen, onChoose }: TileMapProps) => {
  const { texts, lang } = usePage();
  const nameOf = useNameOf();
  const placed = tiles(regions.map(({ region }) => region));
  const states = new Map(regions.map(({ region, access }) => [region, stateOf(access.state)]));
  const [focus, setFocus] = useState<string | null>(null);
  const walked = useRef(false);
  const box = useRef<HTMLDivElement>(null);
  const entry = focus ?? chosen ?? placed[0]?.code ?? null;
  useLayoutEffect(() => {
    if (!walked.current) return;
    walked.current = false;
    box.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  }, [focus]);
  const onKeyDown = (event: KeyboardEvent, tile: Tile): void => {
    const next = neighbour(placed, tile, event.key);
    if (event.key.startsWith("Arrow")) event.preventDefault();
    if (!next) return;
    walked.current = true;
    setFocus(next.code);
  };
  return (
    <div
      class="tilemap"
      role="group"
      aria-label={texts.map}
      ref={box}
      style={{
        gridTemplateColumns: `repeat(${Math.max(1, ...placed.map(({ column }) => column + 1))}, minmax(0, 1fr))`,
      }}
    >
      {placed.map((tile) => {
        const state = states.get(tile.code) ?? "UNKNOWN";
        return (
          <button
            key={tile.code}
            type="button"
            class={`tile tile-${state}`}
            tabIndex={tile.code === entry ? 0 : -1}
            aria-pressed={tile.code === chosen}
            aria-label={`${tileMark(tile.code, lang)} ${nameOf(tile.code)}: ${word(texts, "state", state)}`}
            title={`${nameOf(tile.code)}: ${word(texts, "state", state)}`}
            style={{ gridColumn: tile.column + 1, gridRow: tile.row + 1 }}
            onClick={() => {
              setFocus(tile.code);
              onChoose(tile.code);
            }}
            onKeyDown={(event) => onKeyDown(event, tile)}
          >
            <svg aria-hidden="true" focusable="false">
              <rect width="100%" height="100%" fill={fillOf(state)} />
            </svg>
            <span class="tile-name">{tileMark(tile.code, lang)}</span>
            <span class="tile-glyph" aria-hidden="true">
              {GLYPHS[state]}
            </span>
          </button>
        );
      })}
    </div>
  );
};
