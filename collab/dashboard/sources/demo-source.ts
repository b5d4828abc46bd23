/**
 * A made-up machine, for looking at the page without a server (`?demo`) and for pictures.
 *
 * Three hidden complex processes (computing, storage, network) drive all channels, each with its own strength and lead or lag; so the joint
 * state has three clear blocks. Every few minutes the computing channels stop moving together for a while and the demonstration
 * announces what Eigenwatch would announce. The joint state is the moving average of ψψ†, as the real estimator's is.
 *
 *     ?demo[&channels=24][&rate=10][&seed=1][&state=live|empty|warming|disconnected]
 */
import type { Frame } from "../../../protocol/frame.ts";
import type { EventMessage, StateMessage } from "../../../protocol/messages.ts";
import type { Source, SourceSink } from "./source.ts";

interface Spec {
  name: string;
  title: string;
  unit: string;
  factor: 0 | 1 | 2;
  strength: number;
  /** Lead over the factor, turns. */
  lead: number;
  centre: number;
  swing: number;
}

/** History invented at the start, so that the charts are not empty. */
const PREFILL_US = 300e6;
const STATE_EVERY_US = 50_000;
/** Length of one turn of the story, s, and of its disturbed part. */
const STORY_S = 210;
const BREAK_FROM_S = 120;
const BREAK_TO_S = 152;

export class DemoSource implements Source {
  readonly #options: URLSearchParams;
  readonly #specs: Spec[];
  readonly #everyUs: number;
  #timer: ReturnType<typeof setInterval> | undefined;
  #random: () => number;
  #sink: SourceSink | null = null;
  #timeUs = 0;
  #startUs = 0;
  #row = 0;
  #factors = new Float64Array(6);
  #own: Float64Array;
  #re: Float64Array;
  #im: Float64Array;
  #vectors: Float64Array;
  #nextStateUs = 0;
  #nextMetricsUs = 0;
  #events = 0;
  #announced = new Set<string>();

  constructor(options: URLSearchParams) {
    this.#options = options;
    this.#specs = specs(Number(options.get("channels") ?? 24));
    this.#everyUs = Math.round(1e6 / Number(options.get("rate") ?? 10));
    this.#random = seeded(Number(options.get("seed") ?? 1));
    const n = this.#specs.length;
    this.#own = new Float64Array(2 * n);
    this.#re = new Float64Array(n * n);
    this.#im = new Float64Array(n * n);
    this.#vectors = new Float64Array(MODES * 2 * n).map(() => this.#normal());
  }

  start(sink: SourceSink): void {
    this.#sink = sink;
    const look = this.#options.get("state") ?? "live";
    if (look === "connecting") return;
    if (look === "disconnected") {
      sink.connection({
        state: "waiting",
        reason: "connection refused",
        retryAtMs: performance.now() + 8000,
      });
      return;
    }
    sink.connection({ state: "open" });
    sink.session({ session: "demo", partition: "p0", timeUs: 0 });
    if (look === "empty") return;
    sink.channels({
      type: "channels",
      group: "host",
      source: "host",
      channels: this.#specs.map(({ name, title, unit }) => ({ name, title, unit })),
      sampling: "rows",
      everyUs: this.#everyUs,
      innovation: "ar1",
    });
    const nowUs = Date.now() * 1000;
    this.#startUs = nowUs - (look === "warming" ? 3e6 : PREFILL_US);
    this.#timeUs = this.#startUs;
    this.#advance(nowUs, look === "warming" ? STATE_EVERY_US : 4 * STATE_EVERY_US);
    this.#timer = setInterval(() => this.#advance(Date.now() * 1000, STATE_EVERY_US), 16);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #advance(toUs: number, stateEveryUs: number): void {
    const n = this.#specs.length;
    const rows = Math.floor((toUs - this.#timeUs) / this.#everyUs);
    for (let done = 0; done < rows; ) {
      const count = Math.min(Math.floor(2048 / n), rows - done);
      const frame = emptyFrame(count * n);
      let filled = 0;
      for (let r = 0; r < count; r++) {
        this.#timeUs += this.#everyUs;
        filled = this.#makeRow(frame, filled);
        if (this.#timeUs >= this.#nextStateUs) {
          this.#nextStateUs = this.#timeUs + stateEveryUs;
          this.#sink?.state(this.#state());
        }
      }
      frame.count = filled;
      this.#sink?.frame(frame);
      done += count;
    }
    this.#story();
    if (toUs >= this.#nextMetricsUs) {
      this.#nextMetricsUs = toUs + 500_000;
      this.#sink?.metrics({ type: "metrics", timeUs: toUs, gauges: this.#gauges(n) });
    }
  }

  #gauges(n: number): Record<string, number> {
    return {
      samplesPerSecond: (n * 1e6) / this.#everyUs + 3 * this.#normal(),
      latencyP50Us: 142 + 6 * this.#normal(),
      latencyP99Us: 610 + 60 * this.#normal(),
      queueDepth: 0,
      shed: 0,
    };
  }

  /** One row of samples, and the update ρ ← (1−α)ρ + α ψψ†. */
  #makeRow(frame: Frame, at: number): number {
    const n = this.#specs.length;
    const dt = this.#everyUs / 1e6;
    const second = ((this.#timeUs - this.#startUs) / 1e6) % STORY_S;
    const broken = second >= BREAK_FROM_S && second < BREAK_TO_S;
    const keep = Math.exp(-dt / 3);
    const kick = Math.sqrt(1 - keep * keep);
    for (let k = 0; k < 6; k++) this.#factors[k] = keep * this.#factors[k]! + kick * this.#normal();
    const ownKeep = Math.exp(-dt / 1.2);
    const ownKick = Math.sqrt(1 - ownKeep * ownKeep);
    const z = new Float64Array(2 * n);
    let norm = 0;
    for (let i = 0; i < n; i++) {
      const spec = this.#specs[i]!;
      for (let part = 0; part < 2; part++) {
        this.#own[2 * i + part] = ownKeep * this.#own[2 * i + part]! + ownKick * this.#normal();
      }
      const coupling = broken && spec.factor === 0 ? 0.18 * spec.strength : spec.strength;
      const own = Math.sqrt(1 - coupling * coupling);
      const angle = 2 * Math.PI * spec.lead;
      const fr = this.#factors[2 * spec.factor]!;
      const fi = this.#factors[2 * spec.factor + 1]!;
      const re = coupling * (fr * Math.cos(angle) - fi * Math.sin(angle)) + own * this.#own[2 * i]!;
      const im = coupling * (fr * Math.sin(angle) + fi * Math.cos(angle)) + own * this.#own[2 * i + 1]!;
      z[2 * i] = re;
      z[2 * i + 1] = im;
      norm += re * re + im * im;
      if (this.#missing(i, second)) continue;
      const spike = i === n - 4 && second > 64 && second < 64.35 ? 4.5 : 0;
      const value = spec.centre + spec.swing * (re + spike + (broken && spec.factor === 0 ? 0.35 * re : 0));
      frame.time[at] = this.#timeUs;
      frame.channel[at] = i;
      frame.value[at] = spec.unit === "%" ? Math.min(100, Math.max(0, value)) : Math.max(0, value);
      at++;
    }
    this.#row++;
    const alpha = Math.max(1 / this.#row, 1 - Math.exp(-dt / 22));
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        const re = (z[2 * i]! * z[2 * j]! + z[2 * i + 1]! * z[2 * j + 1]!) / norm;
        const im = (z[2 * i + 1]! * z[2 * j]! - z[2 * i]! * z[2 * j + 1]!) / norm;
        this.#re[i * n + j] = this.#re[i * n + j]! * (1 - alpha) + alpha * re;
        this.#im[i * n + j] = i === j ? 0 : this.#im[i * n + j]! * (1 - alpha) + alpha * im;
        this.#re[j * n + i] = this.#re[i * n + j]!;
        this.#im[j * n + i] = -this.#im[i * n + j]!;
      }
    }
    return at;
  }

  #missing(channel: number, second: number): boolean {
    const n = this.#specs.length;
    return (channel === n - 2 || channel === n - 3) && second > 84 && second < 89;
  }

  #state(): StateMessage {
    const n = this.#specs.length;
    const re = Float32Array.from(this.#re);
    const im = Float32Array.from(this.#im);
    const populations = Array.from({ length: n }, (_, i) => this.#re[i * n + i]!);
    const spectrum = this.#spectrum();
    let purity = 0;
    let l1 = 0;
    for (let k = 0; k < n * n; k++) {
      const squared = this.#re[k]! * this.#re[k]! + this.#im[k]! * this.#im[k]!;
      purity += squared;
      l1 += Math.sqrt(squared);
    }
    const entropy = entropyOf(spectrum);
    const warm = Math.min(1, this.#row / 64);
    return {
      type: "state",
      group: "host",
      timeUs: this.#timeUs,
      n,
      modes: this.#specs.map((spec) => spec.name),
      source: "estimated",
      reading: "single-excitation",
      norm: "unit",
      re: new Uint8Array(re.buffer),
      im: new Uint8Array(im.buffer),
      populations,
      spectrum,
      pointer: populations,
      pointerPhase: populations.map(() => 0),
      measures: {
        purity,
        cohL1: l1 - 1,
        cohL1Norm: (l1 - 1) / (n - 1),
        cohRel: entropyOf(populations) - entropy,
        entropy,
        effRank: Math.exp(entropy),
        lambdaMax: spectrum[0]!,
        nEff: Math.min(this.#row, 187),
        significantPairs: 61,
        ...(warm < 1 ? { warmup: warm } : {}),
      },
      significant: warm === 1,
    };
  }

  /** Largest eigenvalues by one step of orthogonal iteration from the last ones; the rest share what is left, evenly falling. */
  #spectrum(): number[] {
    const n = this.#specs.length;
    const most = Math.min(MODES, n);
    const found: number[] = [];
    for (let m = 0; m < most; m++) {
      const w = new Float64Array(2 * n);
      const v = this.#vectors.subarray(2 * n * m, 2 * n * (m + 1));
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          const a = this.#re[i * n + j]!;
          const b = this.#im[i * n + j]!;
          w[2 * i]! += a * v[2 * j]! - b * v[2 * j + 1]!;
          w[2 * i + 1]! += a * v[2 * j + 1]! + b * v[2 * j]!;
        }
      }
      for (let l = 0; l < m; l++) removePart(w, this.#vectors.subarray(2 * n * l, 2 * n * (l + 1)));
      const length = Math.hypot(...w);
      for (let i = 0; i < 2 * n; i++) v[i] = w[i]! / length;
      found.push(length);
    }
    found.sort((a, b) => b - a);
    const rest = Math.max(0, 1 - found.reduce((sum, x) => sum + x, 0));
    const others = n - most;
    for (let k = 0; k < others; k++) found.push((rest * 2 * (others - k)) / (others * (others + 1)));
    return found;
  }

  #story(): void {
    const turn = Math.floor((this.#timeUs - this.#startUs) / 1e6 / STORY_S);
    for (let k = Math.max(0, turn - 1); k <= turn; k++) {
      for (const [second, kind, severity, actor, channels, title, detail] of STORY) {
        const timeUs = this.#startUs + (k * STORY_S + second) * 1e6;
        const id = `${k}/${kind}/${second}`;
        if (timeUs > this.#timeUs || this.#announced.has(id)) continue;
        this.#announced.add(id);
        this.#sink?.event({
          type: "event",
          sequence: ++this.#events,
          id: `p0/${Math.round(second * 240)}/0`,
          timeUs,
          kind,
          severity,
          actor,
          group: "host",
          channels,
          title,
          detail,
        });
      }
    }
  }

  #normal(): number {
    // Irwin–Hall: the sum of 12 uniforms less 6 is close enough to normal for a picture.
    let sum = -6;
    for (let k = 0; k < 12; k++) sum += this.#random();
    return sum;
  }
}

const MODES = 8;

type Line = [
  second: number,
  kind: string,
  severity: EventMessage["severity"],
  actor: string,
  channels: string[],
  title: string,
  detail: Record<string, string | number | boolean>,
];

const STORY: readonly Line[] = [
  [
    0.2,
    "feed.opened",
    "info",
    "feed:host",
    [],
    "Feed host opened with 24 channels",
    { everyMs: 100, channels: 24 },
  ],
  [
    14,
    "collapse.tracking",
    "info",
    "collapse",
    [],
    "Calibrated: watching for a change in how the channels move together",
    { rows: 500, falseAlarmsPerDay: 1 },
  ],
  [
    64.2,
    "anomaly.started",
    "notice",
    "anomaly",
    ["disk_write"],
    "Unusual value on Disk write",
    { pValue: 0.0009, score: 0.9991, view: "level" },
  ],
  [
    84.3,
    "feed.gap",
    "notice",
    "feed:host",
    ["net_in", "net_out"],
    "No samples from Net in and Net out for 5 s",
    { seconds: 5, reason: "stalled" },
  ],
  [
    BREAK_FROM_S + 2.4,
    "collapse.suspected",
    "warning",
    "collapse",
    [],
    "Channels may have stopped moving together",
    { statistic: "shiryaev-roberts", evidence: 41.2 },
  ],
  [
    BREAK_FROM_S + 4.1,
    "collapse.declared",
    "critical",
    "collapse",
    ["cpu0", "cpu1", "cpu2", "cpu3"],
    "Coherence collapsed: CPU cores no longer move together",
    { onsetSecondsAgo: 4.2, evidence: 86400, falseAlarmsPerDay: 1, guarantee: true, member: "correlation" },
  ],
  [
    BREAK_TO_S + 9,
    "collapse.recovered",
    "notice",
    "collapse",
    [],
    "Channels move together again",
    { afterSeconds: 37 },
  ],
];

function specs(count: number): Spec[] {
  const spec = (
    name: string,
    title: string,
    unit: string,
    factor: 0 | 1 | 2,
    strength: number,
    lead: number,
    centre: number,
    swing: number,
  ): Spec => ({ name, title, unit, factor, strength, lead, centre, swing });
  const named: Spec[] = [
    ...Array.from({ length: 8 }, (_, k) =>
      spec(`cpu${k}`, `CPU ${k}`, "%", 0, 0.93 - 0.02 * k, 0.012 * k, 38 + 3 * (k % 4), 11),
    ),
    spec("load1", "Load 1 min", "", 0, 0.86, -0.16, 3.1, 0.5),
    spec("procs_running", "Running processes", "", 0, 0.8, 0.05, 5.5, 1.6),
    spec("ctx", "Context switches", "1/s", 0, 0.84, 0.03, 18200, 3400),
    spec("intr", "Interrupts", "1/s", 0, 0.75, 0.02, 9100, 1500),
    spec("mem_used", "Memory used", "%", 1, 0.72, -0.22, 61, 1.4),
    spec("mem_cached", "Page cache", "B", 1, 0.7, -0.2, 6.1e9, 9e7),
    spec("swap", "Swap used", "%", 1, 0.35, 0.1, 4, 0.2),
    spec("disk_read", "Disk read", "B/s", 1, 0.88, 0.1, 4.1e7, 9e6),
    spec("disk_ops", "Disk operations", "1/s", 1, 0.9, 0.08, 1240, 260),
    spec("disk_busy", "Disk busy", "%", 1, 0.91, 0, 34, 8),
    spec("loop_delay", "Event-loop delay", "s", 0, 0.5, -0.3, 0.0042, 0.0008),
    spec("own_cpu", "Own CPU", "%", 2, 0.6, 0.02, 6.5, 0.8),
    spec("disk_write", "Disk write", "B/s", 1, 0.86, -0.05, 2.6e7, 5e6),
    spec("net_in", "Net in", "B/s", 2, 0.93, 0.14, 1.9e6, 4e5),
    spec("net_out", "Net out", "B/s", 2, 0.92, 0, 8.8e5, 1.9e5),
    spec("net_packets", "Net packets", "1/s", 2, 0.9, 0.1, 2900, 500),
  ];
  for (let k = named.length; k < count; k++) {
    named.push(
      spec(
        `ch${k}`,
        `Channel ${k}`,
        ["%", "B/s", "1/s"][k % 3]!,
        (k % 3) as 0 | 1 | 2,
        0.5 + 0.4 * ((k * 7) % 10) * 0.1,
        ((k * 3) % 20) / 40,
        50,
        9,
      ),
    );
  }
  return named.slice(0, count);
}

function emptyFrame(samples: number): Frame {
  return {
    type: "frame",
    group: "host",
    source: "host",
    sequence: 0,
    count: 0,
    time: new Float64Array(samples),
    channel: new Uint16Array(samples),
    value: new Float64Array(samples),
    size: null,
  };
}

function removePart(w: Float64Array, u: Float64Array): void {
  let re = 0;
  let im = 0;
  for (let k = 0; k < w.length; k += 2) {
    re += u[k]! * w[k]! + u[k + 1]! * w[k + 1]!;
    im += u[k]! * w[k + 1]! - u[k + 1]! * w[k]!;
  }
  for (let k = 0; k < w.length; k += 2) {
    w[k]! -= re * u[k]! - im * u[k + 1]!;
    w[k + 1]! -= re * u[k + 1]! + im * u[k]!;
  }
}

function entropyOf(shares: readonly number[]): number {
  return shares.reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0);
}

/** Mulberry32 (Tommy Ettinger, 2017): small, and the same picture for the same seed. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
