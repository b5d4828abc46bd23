/** Sweeps the symbols of a universe with a rule: the rule, how far the scan is, a table that fills as results come, and the chart of a symbol. */
import "./panel.css";
import { useEffect } from "preact/hooks";
import { span } from "../../../charts/format.ts";
import { Dialog } from "../../components/dialog.tsx";
import type { PanelProps } from "../../components/panel-props.ts";
import type { ScanFigures, ScanForm, Scans, ShownScan } from "../../model/scans.ts";
import { RuleEditor } from "./editor.tsx";
import { SymbolCharts } from "./symbol-chart.tsx";
import { ResultTable } from "./table.tsx";

export function ScanDialog({ view, controls, scans }: PanelProps) {
  const close = () => {
    if (view.dialog.peek() === "scan") view.dialog.value = null;
  };
  return (
    <Dialog open={view.dialog.value === "scan"} close={close} title="Scan many symbols" kind="scan">
      {() => (scans.isServed ? <Body scans={scans} refused={controls.whyNot("scan")} /> : <NotServed />)}
    </Dialog>
  );
}

function NotServed() {
  return (
    <div class="scan-body">
      <p>
        Nothing can be scanned here. A session that runs has its own channels to scan, and the symbols of a
        table, a folder of tables or a recording:
      </p>
      <pre class="scan-command">eigenwatch up --universe NAME=PATH</pre>
    </div>
  );
}

function Body({ scans, refused }: { scans: Scans; refused: string }) {
  useEffect(() => void scans.open(), []);
  const scan = scans.shown.value;
  const failure = scans.failure.value;
  const chart = scans.chart.value;
  return (
    <div class="scan-body">
      <form
        class="scan-form"
        onSubmit={(event) => {
          event.preventDefault();
          void scans.start();
        }}
      >
        <RuleEditor scans={scans} />
        <Choices scans={scans} refused={refused} />
      </form>
      {failure === "" ? null : (
        <p class="trouble" role="alert">
          {failure}
        </p>
      )}
      {scan === null ? null : (
        <>
          <Progress scan={scan} scans={scans} refused={refused} />
          {chart === null ? null : <SymbolCharts chart={chart} scans={scans} />}
          <ResultTable scan={scan} scans={scans} />
          <Problems scan={scan} />
        </>
      )}
    </div>
  );
}

function Choices({ scans, refused }: { scans: Scans; refused: string }) {
  const form = scans.form.value;
  const change = (part: Partial<ScanForm>) => {
    scans.form.value = { ...form, ...part };
  };
  return (
    <div class="scan-choices">
      <label class="field">
        <span>Symbols of</span>
        <select
          value={form.universe}
          onChange={({ currentTarget }) => change({ universe: currentTarget.value })}
        >
          {scans.universes.value.map(({ name, state, symbols }) => (
            <option key={name} value={name} disabled={state === "failed"}>
              {name} {state === "loaded" ? `(${symbols})` : `(${state})`}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>Order</span>
        <select
          value={form.order}
          onChange={({ currentTarget }) => change({ order: currentTarget.value as ScanForm["order"] })}
        >
          <option value="given">as given</option>
          <option value="learned">likely ones first</option>
          <option value="random">random</option>
        </select>
      </label>
      <label class="field">
        <span>
          Stop after <span class="hint">signals</span>
        </span>
        <input
          type="number"
          min={1}
          max={20_000}
          placeholder="all"
          value={form.maxSignals ?? ""}
          onInput={({ currentTarget }) =>
            change({
              maxSignals: Number.isFinite(currentTarget.valueAsNumber) ? currentTarget.valueAsNumber : null,
            })
          }
        />
      </label>
      <button
        type="submit"
        class="button primary"
        disabled={refused !== "" || scans.problem.value?.rule === form.rule || form.universe === ""}
        title={refused || undefined}
      >
        Scan
      </button>
    </div>
  );
}

function Progress({ scan, scans, refused }: { scan: ShownScan; scans: Scans; refused: string }) {
  const { figures, isOver, results, problems } = scan;
  const isPaused = figures.state === "paused";
  const signals = results.filter(({ signal }) => signal).length;
  const processed = isOver ? figures.processed : results.length + problems.length;
  return (
    <section class="scan-progress" aria-label="Progress of the scan">
      <progress
        max={Math.max(1, figures.total)}
        value={processed}
        aria-label={`${processed} of ${figures.total} symbols`}
      />
      <p class="scan-now" role="status">
        {processed} of {figures.total || "…"} symbols · <strong>{counted(signals, "signal")}</strong>
        {wordsOf(figures, isOver)}
      </p>
      {isOver ? null : (
        <>
          <button
            type="button"
            class="button small"
            disabled={refused !== ""}
            onClick={() => scans.command(isPaused ? "resume" : "pause")}
          >
            {isPaused ? "Go on" : "Pause"}
          </button>
          <button
            type="button"
            class="button small"
            disabled={refused !== ""}
            onClick={() => scans.command("stop")}
          >
            Stop
          </button>
        </>
      )}
      {figures.stages_ms === undefined ? null : (
        <ol class="scan-stages" aria-label="Time of each stage">
          {Object.entries(figures.stages_ms).map(([stage, ms]) => (
            <li key={stage}>
              {stage} <b>{span(1000 * ms)}</b>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

const ENDS: Readonly<Record<string, string>> = {
  signals: "enough signals",
  stopped: "stopped",
  timeout: "the time was up",
  failed: "failed",
};

function wordsOf({ state, reason, eta_ms, elapsed_ms, saved = 0 }: ScanFigures, isOver: boolean): string {
  if (!isOver) {
    if (state === "paused") return " · paused";
    return eta_ms === null ? "" : ` · ${span(1000 * eta_ms)} left`;
  }
  const took = elapsed_ms === undefined ? "" : ` in ${span(1000 * elapsed_ms)}`;
  const end = reason != null && Object.hasOwn(ENDS, reason) ? `, ended early: ${ENDS[reason]}` : "";
  return `${took}${end}${saved > 0 ? `, ${(100 * saved).toFixed(0)} % of the work spared` : ""}`;
}

function Problems({ scan: { problems } }: { scan: ShownScan }) {
  if (problems.length === 0) return null;
  return (
    <details class="scan-problems">
      <summary>{counted(problems.length, "problem")}</summary>
      <ul>
        {problems.slice(0, MOST_PROBLEMS).map(({ symbol, reason }, k) => (
          <li key={k}>
            <b>{symbol}</b> {reason}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** A list that nobody reads to its end. */
const MOST_PROBLEMS = 100;

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
