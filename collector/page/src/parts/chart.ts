// The chart of rates, drawn by uPlot: mean, 90% band, and marks for events and notes.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Rates } from "../aggregate";
import type { Lang } from "../i18n/i18n";
import { DAY, clockText, shortDate } from "../time";

export interface Mark {
  ms: number;
  kind: "open" | "close" | "note";
}

export interface Shown {
  times: number[]; // ms
  end: number;
  rates: Rates;
  marks: readonly Mark[];
}

export interface Chart {
  show: (shown: Shown) => void;
  destroy: () => void;
}

const HEIGHT = 220;

const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// A dashed line down from a small sign at the top: a triangle up or down, or a square.
const drawMark = (plot: uPlot, mark: Mark): void => {
  const { ctx, bbox } = plot;
  const x = plot.valToPos(mark.ms / 1000, "x", true);
  if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) return;
  const size = 5 * devicePixelRatio;
  const top = bbox.top + size;
  ctx.strokeStyle = ctx.fillStyle = colour(
    mark.kind === "open" ? "--open" : mark.kind === "close" ? "--blocked" : "--ink-soft",
  );
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.beginPath();
  if (mark.kind === "note") {
    ctx.rect(x - size * 0.7, top - size * 0.7, size * 1.4, size * 1.4);
  } else {
    const up = mark.kind === "open" ? -1 : 1;
    ctx.moveTo(x, top + up * size);
    ctx.lineTo(x - size, top - up * size * 0.8);
    ctx.lineTo(x + size, top - up * size * 0.8);
    ctx.closePath();
  }
  ctx.fill();
};

const optionsOf = (width: number, lang: Lang, marks: () => readonly Mark[]): uPlot.Options => {
  const axis: uPlot.Axis = {
    stroke: colour("--ink-soft"),
    font: "12px system-ui, sans-serif",
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false }, y: false },
    scales: { x: { time: true }, y: { range: [0, 100] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 70,
        values: (_, splits, __, ___, increment) =>
          splits.map((seconds) =>
            increment >= DAY / 1000
              ? shortDate(seconds * 1000, lang)
              : clockText(seconds * 1000, increment < 60, lang),
          ),
      },
      { ...axis, size: 48, values: (_, splits) => splits.map((percent) => `${percent}%`) },
    ],
    series: [
      {},
      { label: "high", width: 0, stroke: "transparent", points: { show: false } },
      { label: "low", width: 0, stroke: "transparent", points: { show: false } },
      { label: "mean", width: 2, stroke: colour("--open"), points: { show: false } },
    ],
    bands: [{ series: [1, 2], fill: colour("--band") }],
    hooks: { draw: [(plot) => marks().forEach((mark) => drawMark(plot, mark))] },
  };
};

// Draws into `box` until destroyed; follows its width and the colours of the reader's system.
export const makeChart = (box: HTMLElement, lang: Lang): Chart => {
  let shown: Shown | null = null;
  let plot: uPlot | null = null;
  const draw = (): void => {
    plot?.destroy();
    plot = null;
    if (!shown || shown.times.length === 0) return;
    const { times, rates, end } = shown;
    // The last step lasts until its end.
    const held = (column: (number | null)[]): (number | null)[] => [
      ...column,
      column[column.length - 1] ?? null,
    ];
    const data: uPlot.AlignedData = [
      [...times, end].map((ms) => ms / 1000),
      held(rates.high),
      held(rates.low),
      held(rates.mean),
    ];
    plot = new uPlot(
      optionsOf(Math.max(200, box.clientWidth), lang, () => shown?.marks ?? []),
      data,
      box,
    );
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const resized = new ResizeObserver(() => {
    const width = Math.max(200, box.clientWidth);
    if (plot && plot.width !== width) plot.setSize({ width, height: HEIGHT });
  });
  dark.addEventListener("change", draw);
  resized.observe(box);
  return {
    show: (next) => {
      shown = next;
      draw();
    },
    destroy: () => {
      dark.removeEventListener("change", draw);
      resized.disconnect();
      plot?.destroy();
    },
  };
};
