/** The chart of one symbol: its close with the averages and bands of the rule, and each other indicator in a picture of its own below. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { SymbolChart } from "../../../../protocol/scan-messages.ts";
import { significant } from "../../../charts/format.ts";
import { Icon } from "../../components/icon.tsx";
import type { Scans } from "../../model/scans.ts";

const PRICE_HEIGHT = 150;
const OTHER_HEIGHT = 70;
/** Room for the numbers of the axis. */
const RIGHT = 52;
/** A date below the last picture. */
const DATES = 18;
const DATE_APART = 110;
const LINES = 8;

interface Line {
  readonly text: string;
  readonly values: readonly (number | null)[];
}

export function SymbolCharts({ chart, scans }: { chart: SymbolChart; scans: Scans }) {
  const box = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(600);
  useLayoutEffect(() => {
    if (box.current === null) return;
    box.current.scrollIntoView({ block: "nearest" });
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 600)));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const prices = new Set(scans.names.value.filter(({ isPrice }) => isPrice).map(({ name }) => name));
  const isPrice = ({ text }: Line) => prices.has(/^\w+/.exec(text)![0]) && !text.includes("volume");
  const close = { text: "close", values: chart.close };
  const over = chart.series.filter((line) => isPrice(line) && line.text !== "close");
  const pictures = [
    { lines: [close, ...over], height: PRICE_HEIGHT },
    ...chart.series.filter((line) => !isPrice(line)).map((line) => ({ lines: [line], height: OTHER_HEIGHT })),
  ];
  return (
    <section class="symbol-chart" ref={box} aria-label={`Chart of ${chart.symbol}`}>
      <div class="symbol-chart-head">
        <h3>{chart.symbol}</h3>
        <div class="spacer" />
        <button
          type="button"
          class="icon-button"
          aria-label={`Close the chart of ${chart.symbol}`}
          onClick={() => {
            scans.chart.value = null;
          }}
        >
          <Icon name="close" size={14} />
        </button>
      </div>
      {pictures.map(({ lines, height }, k) => (
        <Picture
          key={lines[0]!.text}
          lines={lines}
          width={width}
          height={height}
          timeUs={chart.timeUs}
          hasDates={k === pictures.length - 1}
          symbol={chart.symbol}
        />
      ))}
    </section>
  );
}

interface PictureProps {
  lines: readonly Line[];
  width: number;
  height: number;
  timeUs: readonly number[];
  hasDates: boolean;
  symbol: string;
}

function Picture({ lines, width, height, timeUs, hasDates, symbol }: PictureProps) {
  const known = lines.flatMap(({ values }) => values.filter((value) => value !== null));
  const [least, most] = [
    known.reduce((a, b) => Math.min(a, b), Infinity),
    known.reduce((a, b) => Math.max(a, b), -Infinity),
  ];
  const plot = Math.max(1, width - RIGHT);
  const x = (i: number) => (i / Math.max(1, timeUs.length - 1)) * (plot - 2) + 1;
  const y = (value: number) =>
    most > least ? height - 6 - ((value - least) / (most - least)) * (height - 12) : height / 2;
  const words = lines.map(({ text, values }) => `${text} ${shown(values.at(-1))}`).join(", ");
  return (
    <figure>
      <figcaption>
        {lines.map(({ text, values }, k) => (
          <span key={text} class={`line-${(k % LINES) + 1}`}>
            <i aria-hidden="true" /> {text} <b>{shown(values.at(-1))}</b>
          </span>
        ))}
      </figcaption>
      <svg
        width={width}
        height={height + (hasDates ? DATES : 0)}
        role="img"
        aria-label={`${symbol}, ${timeUs.length} rows; latest: ${words}`}
      >
        {[least, most].filter(Number.isFinite).map((value) => (
          <g key={value}>
            <line class="axis" x1={0} x2={plot} y1={y(value)} y2={y(value)} />
            <text x={plot + 6} y={y(value) + 4}>
              {significant(value)}
            </text>
          </g>
        ))}
        {lines.map(({ text, values }, k) => (
          <path key={text} class={`line-${(k % LINES) + 1}`} d={pathOf(values, x, y)} />
        ))}
        {hasDates ? <Dates timeUs={timeUs} plot={plot} x={x} y={height + DATES - 4} /> : null}
      </svg>
    </figure>
  );
}

function Dates({
  timeUs,
  plot,
  x,
  y,
}: {
  timeUs: readonly number[];
  plot: number;
  x: (i: number) => number;
  y: number;
}) {
  const count = Math.max(2, Math.floor(plot / DATE_APART));
  const places = Array.from({ length: count }, (_, k) => Math.round((k / (count - 1)) * (timeUs.length - 1)));
  return (
    <>
      {[...new Set(places)].map((i, k, all) => (
        <text
          key={i}
          x={x(i)}
          y={y}
          text-anchor={k === 0 ? "start" : k === all.length - 1 ? "end" : "middle"}
        >
          {dateWords(timeUs[i]!)}
        </text>
      ))}
    </>
  );
}

/** Bars have dates of an exchange, not of this machine: UTC, as they are in the table. */
function dateWords(timeUs: number): string {
  const text = new Date(timeUs / 1000).toISOString();
  return text.endsWith("T00:00:00.000Z") ? text.slice(0, 10) : `${text.slice(5, 10)} ${text.slice(11, 16)}`;
}

function pathOf(
  values: readonly (number | null)[],
  x: (i: number) => number,
  y: (value: number) => number,
): string {
  let path = "";
  let isDown = false;
  values.forEach((value, i) => {
    if (value !== null) path += `${isDown ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    isDown = value !== null;
  });
  return path;
}

function shown(value: number | null | undefined): string {
  return value == null ? "–" : significant(value);
}
