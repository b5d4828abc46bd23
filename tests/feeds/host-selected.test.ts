/** What the host feed takes when it is asked for, against trees of files as Linux has them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  cgroupMeter,
  frequencyMeter,
  pressureMeter,
  temperatureMeter,
} from "../../actors/feeds/host/linux-selected.ts";
import type { Meter } from "../../actors/feeds/host/meter.ts";
import { openMeters, SELECTED } from "../../actors/feeds/host/meters.ts";
import { createFeed } from "../../actors/feeds/session-feeds.ts";
import { createManualClock } from "../support/clock.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

test("pressure is the share of time in which some waited, or all", () => {
  const root = tree({
    cpu: "some avg10=99.95 avg60=0.00 avg300=0.00 total=1000000\n",
    memory:
      "some avg10=1.00 avg60=0.00 avg300=0.00 total=5\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n",
  });
  const meter = pressureMeter(root)!;
  assert.ok(Object.values(row(meter)).every(Number.isNaN), "a share needs two looks");
  write(root, {
    cpu: "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\n",
    memory:
      "some avg10=0.00 avg60=0.00 avg300=0.00 total=20005\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=10007\n",
  });
  assert.equal(row(meter), {
    "pressure.cpu": 50,
    // An old kernel has no such line of processors.
    "pressure.cpu.full": Number.NaN,
    "pressure.memory": 2,
    "pressure.memory.full": 1,
  });
  meter.close();
  assert.is(pressureMeter(join(root, "nowhere")), null);
});

test("temperatures are those of hwmon under the names of chip and sensor, else of thermal zones", () => {
  const zones = { "thermal/thermal_zone0/type": "x86_pkg_temp\n", "thermal/thermal_zone0/temp": "-2500\n" };
  const alone = temperatureMeter(tree(zones))!;
  assert.equal(row(alone), { "temperature.x86_pkg_temp": -2.5 });
  alone.close();
  const meter = temperatureMeter(
    tree({
      ...zones,
      "hwmon/hwmon0/name": "coretemp\n",
      "hwmon/hwmon0/temp1_input": "41000\n",
      "hwmon/hwmon0/temp1_label": "Package id 0\n",
      "hwmon/hwmon0/fan1_input": "900\n",
      "hwmon/hwmon1/name": "nvme\n",
      "hwmon/hwmon1/temp1_input": "38850\n",
      "hwmon/hwmon2/name": "nvme\n",
      "hwmon/hwmon2/temp1_input": "36850\n",
    }),
  )!;
  assert.equal(row(meter), {
    "temperature.coretemp.Package id 0": 41,
    "temperature.nvme.temp1": 38.85,
    "temperature.nvme.temp1.2": 36.85,
  });
  meter.close();
  assert.is(temperatureMeter(tree({})), null);
});

test("frequencies are the mean and the lowest of the cores", () => {
  const meter = frequencyMeter(
    tree({
      "cpu0/cpufreq/scaling_cur_freq": "3000000\n",
      "cpu1/cpufreq/scaling_cur_freq": "1000000\n",
      "cpufreq/boost": "1\n",
    }),
  )!;
  assert.equal(row(meter), { "frequency.mean": 2e9, "frequency.lowest": 1e9 });
  meter.close();
  assert.is(frequencyMeter(tree({ "cpu0/topology/core_id": "0\n" })), null);
});

test("a control group has processor time, what its limit withheld, memory and the disks of all devices", () => {
  const root = tree({
    own: "0::/app.slice/watch.service\n",
    "app.slice/watch.service/cpu.stat": "usage_usec 1000000\nuser_usec 1\nthrottled_usec 0\n",
    "app.slice/watch.service/memory.current": "4096\n",
    "app.slice/watch.service/io.stat":
      "8:0 rbytes=100 wbytes=10 rios=1 wios=1\n252:0 \n8:16 rbytes=50 wbytes=0 rios=1\n",
  });
  const meter = cgroupMeter(root, join(root, "own"))!;
  row(meter);
  const folder = "app.slice/watch.service";
  write(root, {
    [`${folder}/cpu.stat`]: "usage_usec 2500000\nuser_usec 1\nthrottled_usec 250000\n",
    [`${folder}/io.stat`]: "8:0 rbytes=100 wbytes=30 rios=1 wios=1\n252:0 \n8:16 rbytes=60 wbytes=0 rios=1\n",
  });
  assert.equal(row(meter), {
    "cgroup.cpu": 150,
    "cgroup.throttled": 25,
    "cgroup.memory": 4096,
    "cgroup.read": 10,
    "cgroup.written": 20,
  });
  meter.close();
  assert.is(cgroupMeter(tree({ own: "0::/\n" }), join(root, "own")), null);
});

test("nothing of it is taken unless it is asked for, and what a system lacks is named", () => {
  const usual = openMeters("linux");
  const asked = openMeters("darwin", ["pressure", "cgroup"]);
  const names = usual.meters.flatMap(({ channels }) => channels.map(({ name }) => name));
  assert.not(names.some((name) => /^(pressure|temperature|frequency|cgroup)\./.test(name)));
  assert.equal(asked.missing.slice(-2), ["pressure.* (Linux only)", "cgroup.* (Linux only)"]);
  for (const { meters } of [usual, asked]) for (const meter of meters) meter.close();
  const context = { clock: createManualClock(), seed: 1 };
  assert.throws(
    () => createFeed("host?with=presure", context),
    /with=presure names nothing; expected perhaps pressure/,
  );
  assert.ok(createFeed(`host?with=${Object.keys(SELECTED).join(",")}`, context));
});

function tree(files: Readonly<Record<string, string>>): string {
  const root = temporaryDirectory();
  write(root, files);
  return root;
}

function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** A look, a second after the one before. */
function row(meter: Meter): Record<string, number> {
  const into = new Float64Array(meter.channels.length);
  meter.read(into, 0, 1);
  return Object.fromEntries(meter.channels.map(({ name }, k) => [name, into[k]!]));
}

test.run();
