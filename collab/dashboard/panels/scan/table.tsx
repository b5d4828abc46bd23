/** The results of a scan: signals on top, sortable by every column, with the latest closes as a line. A symbol opens its chart. */
import { useEffect, useState } from "preact/hooks";
import { significant } from "../../../charts/format.ts";
import { type Scans, type ShownScan, type SortKey, sorted } from "../../model/scans.ts";

/** Rows in the page: a person looks at the first ones. */
const MOST_ROWS = 100;
const SPARK = { width: 84, height: 18 } as const;

export function ResultTable({ scan, scans }: { scan: ShownScan; scans: Scans }) {
  const [{ key, isRising }, setSort] = useState<{ key: SortKey; isRising: boolean }>({
    key: "rank",
    isRising: false,
  });
  const rows = sorted(scan.results, key, isRising).slice(0, MOST_ROWS);
  const names = rows.map(({ symbol }) => symbol);
  // Those of a scan under way change all the time: their lines come at its end.
  useEffect(() => {
    if (scan.isOver) void scans.readSparks(names);
  }, [scan.isOver, names.join(" ")]);
  const head = (label: string, of: SortKey) => {
    const isChosen = same(of, key) || (of === "score" && key === "rank");
    const direction = isRising ? "ascending" : "descending";
    return (
      <th
        scope="col"
        key={label}
        aria-sort={isChosen ? direction : undefined}
        class={of === "symbol" ? "" : "number"}
      >
        <button
          type="button"
          onClick={() => setSort({ key: of, isRising: isChosen ? !isRising : of === "symbol" })}
        >
          {label}
          <span aria-hidden="true">{isChosen ? (isRising ? " ▴" : " ▾") : ""}</span>
        </button>
      </th>
    );
  };
  const opened = scans.chart.value?.symbol;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must be reachable by keyboard
    <section class="scan-results" tabIndex={0} aria-label="Results of the scan">
      <table>
        <thead>
          <tr>
            {head("Symbol", "symbol")}
            <th scope="col">Signal</th>
            {head("Score", "score")}
            {scan.values.map((value) => head(value, { value }))}
            <th scope="col" class="spark">
              Latest
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ symbol, signal, score, values }) => (
            <tr key={symbol} class={signal ? "has-signal" : ""}>
              <th scope="row">
                <button
                  type="button"
                  class="link"
                  aria-pressed={opened === symbol}
                  title={`Chart of ${symbol}`}
                  onClick={() => void scans.openSymbol(symbol)}
                >
                  {symbol}
                </button>
              </th>
              <td>{signal ? <span class="scan-signal">signal</span> : <span class="hint">–</span>}</td>
              <td class="number">{score.toFixed(3)}</td>
              {scan.values.map((value) => (
                <td class="number" key={value}>
                  {shown(values[value])}
                </td>
              ))}
              <td class="spark">
                <Spark closes={scans.sparks.value.get(symbol) ?? []} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {scan.results.length > MOST_ROWS ? (
        <p class="hint">… and {scan.results.length - MOST_ROWS} more symbols</p>
      ) : null}
    </section>
  );
}

function same(a: SortKey, b: SortKey): boolean {
  return typeof a === "object" && typeof b === "object" ? a.value === b.value : a === b;
}

function shown(value: number | null | undefined): string {
  return value == null ? "–" : significant(value);
}

/** Decoration: the chart of the symbol has the same with numbers. */
function Spark({ closes }: { closes: readonly number[] }) {
  if (closes.length < 2) return null;
  const [least, most] = [Math.min(...closes), Math.max(...closes)];
  const x = (i: number) => (i / (closes.length - 1)) * (SPARK.width - 2) + 1;
  const y = (value: number) =>
    most === least
      ? SPARK.height / 2
      : SPARK.height - 2 - ((value - least) / (most - least)) * (SPARK.height - 4);
  const path = closes
    .map((value, i) => `${i === 0 ? "M" : "L"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`)
    .join("");
  return (
    <svg width={SPARK.width} height={SPARK.height} aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
