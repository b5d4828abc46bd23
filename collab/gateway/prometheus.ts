/** Prometheus text format 0.0.4. https://prometheus.io/docs/instrumenting/exposition_formats/ */

export interface Metric {
  /** Without the prefix `eigenwatch_`. */
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  readonly samples: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** All metrics as text; one HELP and TYPE line for each, samples in the given order. */
export function prometheusText(metrics: readonly Metric[]): string {
  let text = "";
  for (const { name, type, help, samples } of metrics) {
    const full = `eigenwatch_${name}`;
    text += `# HELP ${full} ${help.replace(/\\/g, "\\\\").replace(/\n/g, "\\n")}\n# TYPE ${full} ${type}\n`;
    for (const { labels, value } of samples) text += `${full}${labelText(labels)} ${numberText(value)}\n`;
  }
  return text;
}

/**
 * Gauges of sessions as metrics: `samplesPerSecond` → `samples_per_second`, `actorUs.collapse` → `actor_us{name="collapse"}`,
 * each with the label `session`. Two gauges that meet under one name and label: the later counts.
 */
export function gaugeMetrics(
  sessions: readonly { session: string; gauges: Readonly<Record<string, number>> }[],
): Metric[] {
  const byName = new Map<string, Map<string, Metric["samples"][number]>>();
  for (const { session, gauges } of sessions) {
    for (const [gauge, value] of Object.entries(gauges)) {
      const dot = gauge.indexOf(".");
      const name = snakeCase(dot < 0 ? gauge : gauge.slice(0, dot));
      const labels = dot < 0 ? { session } : { session, name: gauge.slice(dot + 1) };
      const samples = byName.get(name) ?? new Map();
      samples.set(labelText(labels), { labels, value });
      byName.set(name, samples);
    }
  }
  return [...byName].map(([name, samples]) => ({
    name,
    type: "gauge",
    help: `Gauge ${name} of the session, as measured by its runtime.`,
    samples: [...samples.values()],
  }));
}

function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[^a-zA-Z0-9_]/g, "_")
    .toLowerCase();
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}
